"""What a refused caller is answered, in HTTP's words."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.core.auth import OidcAuth
from authz_server.core.decision import Denied
from authz_server.core.denial_reasons import DENIALS, DenialReason
from authz_server.core.denied_response import denied_body, denied_headers, problem
from tests.support.profiles import a_profile

OIDC = OidcAuth(issuer="https://issuer.example", audience=("orders",), required_scopes=("orders.read", "orders.write"))


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
