"""Who the upstream sees, and what it does not get to see."""

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.core.auth import AuthConfig, MtlsAuth, NoAuth, OidcAuth
from authz_server.core.upstream_headers import upstream_mutations, written_subject
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


def test_the_header_that_carried_the_token_is_removed_and_authorization_then_left_alone() -> None:
    removed = upstream_mutations(a_profile(auth=token_auth(header="x-api-key")), None, facts()).removed
    assert "x-api-key" in removed
    assert "authorization" not in removed


def test_the_header_that_carried_the_token_stays_where_it_is_forwarded() -> None:
    auth = token_auth(header="x-api-key", forward_authorization=True)
    assert not {"x-api-key", "authorization"} & set(upstream_mutations(a_profile(auth=auth), None, facts()).removed)


@pytest.mark.parametrize("methods", [(), ("GET",)])
def test_method_overrides_are_removed_where_methods_are_restricted(methods: tuple[str, ...]) -> None:
    removed = upstream_mutations(a_profile(allowed_methods=methods), None, facts()).removed
    for name in ("x-http-method-override", "x-http-method", "x-method-override"):
        assert (name in removed) is bool(methods)
