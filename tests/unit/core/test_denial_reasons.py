"""The one table of what each reason means, against the contract's words."""

import pytest

from authz_server.core.auth import AuthType
from authz_server.core.denial_reasons import DENIALS, Challenge, DenialReason
from authz_server.core.errors import CannotTell, Fault, KeysUnavailable, LookupFailed, ProfileUnusable

FORBIDDEN = [
    "identity_missing",
    "identity_malformed",
    "profile_unknown",
    "profile_inactive",
    "ip_not_allowed",
    "route_not_allowed",
    "insufficient_scope",
]
OURS = [
    "profile_unusable",
    "keys_unavailable",
    "lookup_failed",
    "internal_error",
]
BEARER = [
    "credential_malformed",
    "token_invalid",
    "token_expired",
    "jwt_signature_invalid",
    "jwt_expired",
    "jwt_not_yet_valid",
    "jwt_claim_invalid",
    "jwt_algorithm_not_allowed",
]
CERTIFICATE = [
    "certificate_missing",
    "certificate_malformed",
    "certificate_expired",
    "certificate_not_allowed",
]
STATUSES = (
    dict.fromkeys(FORBIDDEN, 403)
    | dict.fromkeys(OURS, 503)
    | dict.fromkeys([*BEARER, *CERTIFICATE, "credential_missing"], 401)
    | {"method_not_allowed": 405}
)


def test_every_reason_has_the_status_of_the_contract() -> None:
    assert {reason.value: DENIALS[reason].status for reason in DenialReason} == STATUSES


@pytest.mark.parametrize("reason", DenialReason)
def test_grpc_code_follows_the_status(reason: DenialReason) -> None:
    assert DENIALS[reason].grpc_code == {401: 16, 403: 7, 405: 7, 503: 14}[DENIALS[reason].status]


@pytest.mark.parametrize("reason", DenialReason)
def test_every_401_asks_for_a_credential_and_of_the_rest_only_a_missing_scope(reason: DenialReason) -> None:
    expected = None
    if reason in BEARER:
        expected = Challenge.BEARER_INVALID_TOKEN
    elif reason in CERTIFICATE:
        expected = Challenge.CERTIFICATE
    elif reason is DenialReason.CREDENTIAL_MISSING:
        expected = Challenge.BEARER
    elif reason is DenialReason.INSUFFICIENT_SCOPE:
        expected = Challenge.BEARER_INSUFFICIENT_SCOPE
    assert DENIALS[reason].challenge is expected


@pytest.mark.parametrize("reason", DenialReason)
def test_words_are_ascii_sentences_that_need_no_escaping(reason: DenialReason) -> None:
    denial = DENIALS[reason]
    for words in (denial.title, denial.detail):
        assert words.isascii()
        assert words.isprintable()
        assert not set(words) & set('"\\')
    assert denial.detail.endswith(".")
    assert DENIALS[reason].is_fault is (reason in OURS)


def test_each_fault_names_its_reason() -> None:
    reasons = {fault: fault.reason for fault in (Fault, ProfileUnusable, KeysUnavailable, LookupFailed)}
    assert reasons == {
        Fault: DenialReason.INTERNAL_ERROR,
        ProfileUnusable: DenialReason.PROFILE_UNUSABLE,
        KeysUnavailable: DenialReason.KEYS_UNAVAILABLE,
        LookupFailed: DenialReason.LOOKUP_FAILED,
    }


def test_cannot_tell_is_no_fault_of_one_request() -> None:
    assert not issubclass(CannotTell, Fault)


def test_there_are_five_auth_types() -> None:
    assert [str(auth_type) for auth_type in AuthType] == ["token", "jwt", "oidc", "mtls", "none"]
