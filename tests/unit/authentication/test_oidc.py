"""Tokens of an OpenID provider."""

import dataclasses
from typing import Any

import pytest

from authz_server.authentication.authenticator import Authenticated
from authz_server.authentication.build import authenticator_for
from authz_server.core.auth import OidcAuth, RequiredClaim, TokenUse
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.errors import KeysUnavailable, ProfileUnusable
from tests.unit.authentication.tokens import (
    ISSUER,
    NOW,
    SECRET,
    a_jwk,
    a_key,
    a_key_set,
    an_rsa_key,
    claims,
    signed,
    verdict,
)

JWKS = a_key_set(a_jwk(a_key("ES256"), kid="1"), a_jwk(a_key("EdDSA"), kid="2"))
ADMITTED = Authenticated("user 7")


def an_oidc_auth(**changed: Any) -> OidcAuth:
    auth = OidcAuth(issuer=ISSUER, audience=("orders",), jwks=JWKS, algorithms=("ES256", "EdDSA"), leeway_seconds=0)
    return dataclasses.replace(auth, **changed)


def issued(algorithm: str = "ES256", kid: str = "1", typ: str = "JWT", **changed: Any) -> str:
    return signed(claims(**changed), algorithm, a_key(algorithm), {"kid": kid, "typ": typ})


def judged(token: str, **auth: Any) -> Authenticated | DenialReason:
    return verdict(authenticator_for(an_oidc_auth(**auth)), token)


def test_a_token_of_the_issuer_is_admitted_under_any_allowed_algorithm() -> None:
    assert judged(issued()) == ADMITTED
    assert judged(issued("EdDSA", "2")) == ADMITTED


def test_rs256_is_what_is_allowed_by_default() -> None:
    auth = OidcAuth(
        issuer=ISSUER, audience=("orders",), jwks=a_key_set(a_jwk(an_rsa_key(2048), alg="RS256", use="sig"))
    )
    assert verdict(authenticator_for(auth), signed(claims(), "RS256", an_rsa_key(2048))) == ADMITTED
    assert verdict(authenticator_for(auth), signed(claims(), "PS256", an_rsa_key(2048))) is (
        DenialReason.JWT_ALGORITHM_NOT_ALLOWED
    )


def test_a_symmetric_algorithm_is_never_allowed() -> None:
    assert judged(signed(claims())) is DenialReason.JWT_ALGORITHM_NOT_ALLOWED
    for algorithms in ((), ("HS256",), ("ES256", "HS256"), ("none",), ("ES256K",)):
        with pytest.raises(ProfileUnusable, match="asymmetric algorithms only"):
            authenticator_for(an_oidc_auth(algorithms=algorithms))


def test_one_algorithms_key_does_not_verify_anothers_token() -> None:
    assert judged(issued("EdDSA", "1")) is DenialReason.JWT_SIGNATURE_INVALID


def test_an_unknown_kid_is_an_invalid_signature() -> None:
    assert judged(issued(kid="9")) is DenialReason.JWT_SIGNATURE_INVALID


@pytest.mark.parametrize(
    "changed", [{"iss": "https://other.example"}, {"aud": "billing"}, {"aud": None}, {"iss": None}, {"cnf": {}}]
)
def test_issuer_and_audience_are_always_checked(changed: dict[str, Any]) -> None:
    assert judged(issued(**changed)) is DenialReason.JWT_CLAIM_INVALID


def test_an_id_token_is_no_access_token_and_the_other_way_round() -> None:
    assert judged(issued(nonce="n")) is DenialReason.JWT_CLAIM_INVALID
    assert judged(issued(nonce="n"), token_use=TokenUse.ID) == ADMITTED
    assert judged(issued(typ="at+jwt"), token_use=TokenUse.ID) is DenialReason.JWT_CLAIM_INVALID
    assert judged(issued(typ="at+jwt")) == ADMITTED


def test_an_id_token_for_somebody_else_too_is_refused_and_an_access_token_is_not() -> None:
    audiences = ["orders", "billing"]
    assert judged(issued(aud=audiences)) == ADMITTED
    assert judged(issued(aud=audiences), token_use=TokenUse.ID) is DenialReason.JWT_CLAIM_INVALID
    assert judged(issued(aud=audiences), token_use=TokenUse.ID, audience=("billing", "orders", "x")) == ADMITTED


@pytest.mark.parametrize(
    "scopes",
    [
        {"scope": "orders.read"},
        {"scope": "openid orders.read orders.write"},
        {"scp": "openid orders.read"},
        {"scp": ["openid", "orders.read", 5]},
        {"scope": "orders.read", "scp": ["else"]},
    ],
    ids=str,
)
def test_scopes_are_read_as_text_and_as_a_list(scopes: dict[str, Any]) -> None:
    assert judged(issued(**scopes), required_scopes=("orders.read",)) == ADMITTED


@pytest.mark.parametrize(
    "scopes",
    [
        {},
        {"scope": ""},
        {"scope": "orders"},
        {"scope": "orders.read.all"},
        {"scope": "Orders.Read"},
        {"scope": "orders.read,orders.write"},
        {"scope": ["orders.read"]},
        {"scope": None, "scp": ["orders.read"]},
        {"scope": "else", "scp": ["orders.read"]},
        {"scp": ["orders.read orders.write"]},
        {"scp": {"orders.read": True}},
        {"scp": [["orders.read"]]},
    ],
    ids=str,
)
def test_a_missing_scope_is_insufficient(scopes: dict[str, Any]) -> None:
    assert judged(issued(**scopes), required_scopes=("orders.read",)) is DenialReason.INSUFFICIENT_SCOPE


def test_every_required_scope_must_be_there() -> None:
    required = ("orders.read", "orders.write")
    assert judged(issued(scope="orders.write orders.read"), required_scopes=required) == ADMITTED
    assert judged(issued(scope="orders.write"), required_scopes=required) is DenialReason.INSUFFICIENT_SCOPE


def test_scopes_come_after_every_claim() -> None:
    claim = RequiredClaim(path=("tier",), allowed=("gold",))
    auth = {"required_claims": (claim,), "required_scopes": ("orders.read",)}
    assert judged(issued(), **auth) is DenialReason.JWT_CLAIM_INVALID
    assert judged(issued(tier="gold"), **auth) is DenialReason.INSUFFICIENT_SCOPE
    assert judged(issued(exp=NOW), **auth) is DenialReason.JWT_EXPIRED


@pytest.mark.parametrize(
    "jwks",
    ['{"keys":[]}', a_key_set({"kty": "AKP", "pub": "AAAA"}), a_key_set(a_jwk(a_key("ES384")))],
    ids=["empty", "unknown type", "another algorithm's"],
)
def test_no_usable_key_is_our_fault_before_the_signature_is_looked_at(jwks: str) -> None:
    authenticator = authenticator_for(an_oidc_auth(jwks=jwks))
    with pytest.raises(KeysUnavailable):
        verdict(authenticator, issued())
    assert verdict(authenticator, "nonsense") is DenialReason.CREDENTIAL_MALFORMED
    assert verdict(authenticator, signed(claims(), key=SECRET)) is DenialReason.JWT_ALGORITHM_NOT_ALLOWED


@pytest.mark.parametrize(
    "changed",
    [
        {"jwks": None},
        {"jwks": None, "jwks_uri": "https://issuer.example/jwks"},
        {"jwks": "{}"},
        {"issuer": ""},
        {"audience": ()},
    ],
)
def test_a_profile_without_keys_issuer_or_audience_is_unusable(changed: dict[str, Any]) -> None:
    with pytest.raises(ProfileUnusable):
        authenticator_for(an_oidc_auth(**changed))
