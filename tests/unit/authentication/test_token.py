"""Opaque tokens."""

import dataclasses
from typing import Any

import pytest

from authz_server.authentication.authenticator import NO_SUBJECT, Authenticated
from authz_server.authentication.build import authenticator_for
from authz_server.core.auth import PreviousToken, TokenAuth
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.errors import ProfileUnusable
from authz_server.core.facts import CheckFacts
from authz_server.core.token import Prefix, digest, issue

NOW = 1_800_000_000.0
TOKEN = issue(Prefix.TOKEN, lambda ceiling: 7**100 % ceiling)
BEFORE = issue(Prefix.TOKEN, lambda ceiling: 11**100 % ceiling)
STRANGE = issue(Prefix.TOKEN, lambda ceiling: 13**100 % ceiling)


def a_token_auth(**changed: Any) -> TokenAuth:
    return dataclasses.replace(TokenAuth(token_sha256=digest(TOKEN)), **changed)


def a_predecessor(**changed: Any) -> PreviousToken:
    return dataclasses.replace(PreviousToken(token_sha256=digest(BEFORE), until=NOW + 60), **changed)


def verdict(auth: TokenAuth, token: str, now: float = NOW) -> Authenticated | DenialReason:
    return authenticator_for(auth).authenticate(CheckFacts(authorization=f"Bearer {token}"), now)


def test_the_right_token_is_admitted_and_speaks_for_nobody() -> None:
    assert verdict(a_token_auth(), TOKEN) is NO_SUBJECT
    assert NO_SUBJECT.subject is None


def test_a_token_moved_in_from_elsewhere_is_admitted() -> None:
    assert verdict(a_token_auth(token_sha256=digest("s3cr3t/+~==")), "s3cr3t/+~==") is NO_SUBJECT


@pytest.mark.parametrize("token", [STRANGE, "abc", TOKEN.swapcase(), "aza_" + TOKEN[4:]])
def test_another_token_is_invalid(token: str) -> None:
    assert verdict(a_token_auth(), token) is DenialReason.TOKEN_INVALID


@pytest.mark.parametrize(
    "token", [TOKEN[:-1], TOKEN + "0", TOKEN[:-1] + ("0" if TOKEN[-1] != "0" else "1"), "azt_", "azt_" + "-" * 49]
)
def test_a_token_of_ours_with_a_wrong_checksum_is_malformed(token: str) -> None:
    assert verdict(a_token_auth(), token) is DenialReason.CREDENTIAL_MALFORMED


def test_a_wrong_checksum_is_malformed_even_where_the_digest_is_right() -> None:
    token = "azt_of-somebody-else"
    assert verdict(a_token_auth(token_sha256=digest(token)), token) is DenialReason.CREDENTIAL_MALFORMED


def test_without_a_credential_it_is_missing() -> None:
    assert authenticator_for(a_token_auth()).authenticate(CheckFacts(), NOW) is DenialReason.CREDENTIAL_MISSING


def in_its_header(**headers: str) -> Authenticated | DenialReason:
    """What a profile that names a header says of these; `_` stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    facts = CheckFacts(authorization=f"Bearer {TOKEN}", headers=named | {"authorization": f"Bearer {TOKEN}"})
    return authenticator_for(a_token_auth(header="x-api-key")).authenticate(facts, NOW)


def test_a_profile_that_names_a_header_takes_its_whole_value() -> None:
    assert in_its_header(x_api_key=TOKEN) is NO_SUBJECT
    assert in_its_header(x_api_key=STRANGE) is DenialReason.TOKEN_INVALID
    assert in_its_header(x_api_key=f"Bearer {TOKEN}") is DenialReason.CREDENTIAL_MALFORMED
    assert in_its_header(x_api_key=TOKEN[:-1]) is DenialReason.CREDENTIAL_MALFORMED


def test_a_profile_that_names_a_header_ignores_every_other_and_authorization() -> None:
    assert in_its_header() is DenialReason.CREDENTIAL_MISSING
    assert in_its_header(x_api_key="") is DenialReason.CREDENTIAL_MISSING
    assert in_its_header(x_api_key2=TOKEN, api_key=TOKEN) is DenialReason.CREDENTIAL_MISSING


def test_a_profile_without_a_header_reads_authorization_alone() -> None:
    facts = CheckFacts(headers={"x-api-key": TOKEN, "authorization": f"Bearer {TOKEN}"})
    assert authenticator_for(a_token_auth()).authenticate(facts, NOW) is DenialReason.CREDENTIAL_MISSING


@pytest.mark.parametrize(
    ("after", "expected"), [(-0.001, NO_SUBJECT), (0, DenialReason.TOKEN_EXPIRED), (1, DenialReason.TOKEN_EXPIRED)]
)
def test_a_token_expires_at_its_very_second_without_leeway(after: float, expected: object) -> None:
    assert verdict(a_token_auth(expires_at=NOW), TOKEN, NOW + after) is expected


def test_only_who_holds_the_right_token_learns_that_it_expired() -> None:
    assert verdict(a_token_auth(expires_at=NOW - 1), STRANGE) is DenialReason.TOKEN_INVALID


@pytest.mark.parametrize(
    ("changed", "now", "expected"),
    [
        ({}, NOW, NO_SUBJECT),
        ({}, NOW + 59.9, NO_SUBJECT),
        ({}, NOW + 60, DenialReason.TOKEN_INVALID),
        ({"expires_at": NOW + 1}, NOW, NO_SUBJECT),
        ({"expires_at": NOW}, NOW, DenialReason.TOKEN_EXPIRED),
        ({"expires_at": NOW}, NOW + 60, DenialReason.TOKEN_INVALID),
    ],
)
def test_the_predecessor_works_during_its_grace_and_never_past_its_own_expiry(
    changed: dict[str, Any], now: float, expected: object
) -> None:
    assert verdict(a_token_auth(previous=a_predecessor(**changed)), BEFORE, now) is expected


def test_the_current_token_keeps_its_own_expiry_beside_a_predecessor() -> None:
    auth = a_token_auth(previous=a_predecessor(), expires_at=NOW)
    assert verdict(auth, TOKEN, NOW - 1) is NO_SUBJECT
    assert verdict(auth, TOKEN) is DenialReason.TOKEN_EXPIRED
    assert verdict(auth, STRANGE) is DenialReason.TOKEN_INVALID


def test_a_predecessor_that_is_the_current_token_does_not_shorten_it() -> None:
    auth = a_token_auth(previous=a_predecessor(token_sha256=digest(TOKEN), until=NOW - 1))
    assert verdict(auth, TOKEN) is NO_SUBJECT


def test_both_digests_are_compared_whichever_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr("authz_server.authentication.token.compare_digest", compare)
    auth = a_token_auth(previous=a_predecessor())
    for token in (TOKEN, BEFORE, STRANGE):
        compared.clear()
        verdict(auth, token)
        assert compared == [digest(TOKEN), digest(BEFORE)]


@pytest.mark.parametrize(
    "auth", [a_token_auth(token_sha256=b""), a_token_auth(previous=a_predecessor(token_sha256=b"short"))]
)
def test_a_digest_of_another_length_makes_the_profile_unusable(auth: TokenAuth) -> None:
    with pytest.raises(ProfileUnusable, match="32 bytes"):
        authenticator_for(auth)
