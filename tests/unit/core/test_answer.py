"""What a decision says in HTTP's words."""

import json
import string
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.core.answer import (
    denied_body,
    denied_headers,
    metadata,
    problem,
    upstream_mutations,
    written_subject,
)
from authz_server.core.auth import AuthConfig, MtlsAuth, NoAuth, OidcAuth
from authz_server.core.decision import DENIALS, Allowed, DenialReason, Denied
from tests.support.profiles import a_profile, hmac_auth, token_auth
from tests.support.requests import facts

OIDC = OidcAuth(issuer="https://issuer.example", audience=("orders",), required_scopes=("orders.read", "orders.write"))


@given(st.one_of(st.text(), st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)), st.text("%é\x00 ")))
def test_written_subject_is_visible_ascii_that_reads_back_as_the_subject(subject: str) -> None:
    written = written_subject(subject)
    if written is None:
        assert not subject or len(subject.encode("utf-8", "surrogatepass")) * 3 > 256
        return
    assert 0 < len(written) <= 256
    assert all(0x21 <= ord(character) <= 0x7E for character in written)
    assert unquote_to_bytes(written) == subject.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("subject", "written"),
    [
        ("user 7", "user%207"),
        ("50%", "50%25"),
        ("a\r\nb", "a%0D%0Ab"),
        ("ü", "%C3%BC"),
        ("\ud800", "%ED%A0%80"),
        ("a" * 256, "a" * 256),
        ("a" * 257, None),
        ("%" * 85, "%25" * 85),
        ("%" * 86, None),
        ("", None),
    ],
)
def test_subject_is_percent_encoded_and_left_out_above_256_bytes(subject: str, written: str | None) -> None:
    assert written_subject(subject) == written


def test_upstream_sees_who_calls_and_no_other_identity() -> None:
    forged = ("x-authz-client-id", "x-authz-role", "x-authz-subject")
    mutations = upstream_mutations(a_profile(), None, facts(authz_headers=forged))
    assert mutations.set_headers == (
        ("x-authz-client-id", "cl_acme"),
        ("x-authz-profile-id", "pr_production"),
        ("x-authz-auth-type", "none"),
    )
    assert mutations.removed == ("x-authz-subject", "x-authz-role")


def test_subject_is_set_and_not_removed() -> None:
    mutations = upstream_mutations(a_profile(auth=hmac_auth()), "user 7", facts(authz_headers=("x-authz-subject",)))
    assert ("x-authz-subject", "user%207") in mutations.set_headers
    assert "x-authz-subject" not in mutations.removed


@pytest.mark.parametrize(
    "auth", [token_auth(forward_authorization=True), hmac_auth(), OIDC, MtlsAuth(any_verified=True), NoAuth()]
)
def test_authorization_is_left_alone_for_all_but_token_profiles_that_do_not_forward_it(auth: AuthConfig) -> None:
    assert "authorization" not in upstream_mutations(a_profile(auth=auth), None, facts()).removed
    assert "authorization" in upstream_mutations(a_profile(auth=token_auth()), None, facts()).removed


@pytest.mark.parametrize("methods", [(), ("GET",)])
def test_method_overrides_are_removed_where_methods_are_restricted(methods: tuple[str, ...]) -> None:
    removed = upstream_mutations(a_profile(allowed_methods=methods), None, facts()).removed
    for name in ("x-http-method-override", "x-http-method", "x-method-override"):
        assert (name in removed) is bool(methods)


@given(st.sampled_from(DenialReason), st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=64))
def test_problem_has_exactly_six_members(reason: DenialReason, request_id: str) -> None:
    document = json.loads(denied_body(reason, request_id, grpc_caller=False))
    assert document == problem(reason, request_id)
    assert list(document) == ["type", "title", "status", "code", "detail", "request_id"]
    assert document["type"] == f"urn:authz:problem:{document['code']}"
    assert document["status"] == DENIALS[reason].status
    assert document["request_id"] == request_id


@pytest.mark.parametrize("reason", DenialReason)
def test_grpc_caller_gets_one_ascii_line(reason: DenialReason) -> None:
    body = denied_body(reason, "r-1", grpc_caller=True)
    assert body == f"{reason.value}: {DENIALS[reason].title}".encode("ascii")
    headers = dict(denied_headers(Denied(reason), "authz", grpc_caller=True))
    assert headers["content-type"] == "text/plain"


@pytest.mark.parametrize("reason", DenialReason)
def test_headers_of_a_refusal(reason: DenialReason) -> None:
    headers = dict(denied_headers(Denied(reason), "my realm", grpc_caller=False))
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    assert headers.get("retry-after") == ("1" if DENIALS[reason].status == 503 else None)
    assert ("www-authenticate" in headers) is (DENIALS[reason].status == 401 or reason == "insufficient_scope")
    assert "allow" not in headers


@pytest.mark.parametrize(
    ("reason", "challenge"),
    [
        (DenialReason.CREDENTIAL_MISSING, 'Bearer realm="authz"'),
        (DenialReason.TOKEN_EXPIRED, 'Bearer realm="authz", error="invalid_token"'),
        (DenialReason.CERTIFICATE_MISSING, 'Certificate realm="authz"'),
        (DenialReason.CERTIFICATE_EXPIRED, 'Certificate realm="authz"'),
        (
            DenialReason.INSUFFICIENT_SCOPE,
            'Bearer realm="authz", error="insufficient_scope", scope="orders.read orders.write"',
        ),
    ],
)
def test_challenge_names_realm_and_error(reason: DenialReason, challenge: str) -> None:
    headers = dict(denied_headers(Denied(reason, a_profile(auth=OIDC)), "authz", grpc_caller=False))
    assert headers["www-authenticate"] == challenge


def test_missing_scope_outside_oidc_names_none() -> None:
    headers = dict(denied_headers(Denied(DenialReason.INSUFFICIENT_SCOPE, a_profile()), "authz", grpc_caller=False))
    assert headers["www-authenticate"].endswith('scope=""')


def test_allow_lists_the_methods_in_stored_order_without_repetitions() -> None:
    profile = a_profile(allowed_methods=("POST", "GET", "POST", "DELETE"))
    denied = Denied(DenialReason.METHOD_NOT_ALLOWED, profile)
    assert dict(denied_headers(denied, "authz", grpc_caller=False))["allow"] == "POST, GET, DELETE"


def test_metadata_of_an_unproven_pair_names_nobody() -> None:
    assert metadata(Denied(DenialReason.PROFILE_UNKNOWN)) == {"outcome": "denied", "code": "profile_unknown"}


def test_metadata_names_the_proven_pair_and_its_labels() -> None:
    profile = a_profile(labels={"team": "orders"})
    known = {"client_id": "cl_acme", "profile_id": "pr_production", "auth_type": "none", "labels": {"team": "orders"}}
    assert metadata(Allowed(profile)) == {"outcome": "allowed", "code": "allowed"} | known
    refused = metadata(Denied(DenialReason.IP_NOT_ALLOWED, profile))
    assert refused == {"outcome": "denied", "code": "ip_not_allowed"} | known
