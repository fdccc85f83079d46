"""A profile's rules and its auth in sentences."""

from __future__ import annotations

from typing import Any

import pytest

from authz_server.core.auth import AuthType
from authz_server.web.pages import rules
from tests.unit.web.pages.profile_site import HMAC, MTLS, NONE, OIDC, PUBLIC_KEY, TOKEN, a_site, add, shape


def profile(auth: dict[str, Any] = TOKEN, **fields: Any) -> Any:
    """As REST shows it."""
    api = a_site()
    add(api, auth, **fields)
    return shape(api)


def settings(auth: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return dict(rules.settings(profile(auth)["auth"]))


@pytest.mark.parametrize(
    ("items", "words"),
    [(["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")],
)
def test_lists_are_joined_as_people_say_them(items: list[str], words: str) -> None:
    assert rules.joined(items) == words


def test_what_restricts_nothing_says_so() -> None:
    open_profile = profile(NONE)
    assert rules.methods(open_profile) == "Any method"
    assert rules.addresses(open_profile) == "From anywhere"
    assert rules.routes(open_profile) == "All routes"


def test_what_restricts_is_a_sentence() -> None:
    narrow = profile(allowed_methods=["GET", "POST"], allowed_ips=["10.0.0.0/8"], allowed_routes=["a", "b"])
    assert rules.methods(narrow) == "GET and POST only"
    assert rules.addresses(narrow) == "From 10.0.0.0/8 only"
    assert rules.routes(narrow) == "Only routes labelled a or b"
    assert rules.addresses(profile(allowed_ips=["10.0.0.0/8", "::1"])) == "From 10.0.0.0/8 and 1 more"


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        (TOKEN, "Callers send a token with every request, as Authorization: Bearer."),
        ({"type": "token", "header": "x-api-key"}, "Callers send a token with every request, as X-Api-Key."),
        (HMAC, "Callers sign a JWT with a secret"),
        (PUBLIC_KEY, "Callers sign a JWT with a private key of their own"),
        (OIDC, "Callers bring an access token that https://login.example has issued to them."),
        (OIDC | {"token_use": "id", "required_scopes": []}, "Callers bring an ID token"),
        (MTLS, "Callers show a client certificate"),
        (NONE, "Callers prove nothing: whoever knows both ids"),
    ],
    ids=["token", "header", "hmac", "public key", "oidc", "id token", "mtls", "none"],
)
def test_every_auth_type_says_how_callers_prove_who_they_are(auth: dict[str, Any], words: str) -> None:
    assert rules.proof(profile(auth)["auth"]).startswith(words)


def test_a_token_s_settings_say_what_the_application_sees() -> None:
    assert settings(TOKEN)["The application"] == ("never sees the token",)
    assert settings(TOKEN | {"forward_authorization": True})["The application"] == ("sees the token too",)


def test_the_settings_of_a_jwt_are_those_that_are_asked_for() -> None:
    assert settings(HMAC) == {
        "Signed with": ("HS256",),
        "Key": ("a secret, kept sealed",),
        "Issuer (iss)": ("acme",),
        "Clocks may differ by": ("30 seconds",),
    }
    more = PUBLIC_KEY | {
        "audience": ["a", "b"],
        "subject": "me",
        "required_claims": {"tier": ["gold", 7, True], "a.b": ["c"]},
        "max_lifetime_seconds": 600,
        "leeway_seconds": 1,
    }
    assert settings(more) == {
        "Signed with": ("ES256",),
        "Key": ("a public key",),
        "Audience (aud)": ("a", "b"),
        "Subject (sub)": ("me",),
        "Claims": ('tier is "gold", 7 or true', 'a.b is "c"'),
        "Longest life": ("600 seconds from iat to exp",),
        "Clocks may differ by": ("1 second",),
    }


def test_key_sets_are_told_by_their_number_and_names() -> None:
    assert settings(OIDC)["Keys"] == ("1 public key (current)",)
    key_set = {"keys": [{name: value for name, value in OIDC["jwks"]["keys"][0].items() if name != "kid"}]}
    jwt = {"type": "jwt", "algorithm": "RS256", "jwks": key_set}
    assert settings(jwt)["Key"] == ("1 public key",)
    discovered = profile(OIDC)["auth"] | {"jwks": None}
    assert dict(rules.settings(discovered))["Keys"] == ("as the issuer publishes them",)
    elsewhere = discovered | {"jwks_uri": "https://login.example/keys"}
    assert dict(rules.settings(elsewhere))["Keys"] == ("from https://login.example/keys",)


def test_the_settings_of_a_certificate_are_its_constraints() -> None:
    assert settings(MTLS) == {"SHA-256": ("ab" * 32,), "SAN DNS": ("acme.example",)}
    assert settings({"type": "mtls", "any_verified": True}) == {"Certificate": ("any that Envoy lets in",)}
    assert settings(NONE) == {}


def test_every_auth_type_has_a_name() -> None:
    assert set(rules.AUTH_NAMES) == set(AuthType)
