"""The auth part of a form: what its fields make, and what they hold for an auth that is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from authz_server.managing.commands import CreateClient, CreateProfile
from authz_server.managing.errors import ValidationFailed
from authz_server.managing.records import COMMAND_LINE, Shape
from authz_server.web.pages import auth_form, forms
from authz_server.web.pages.forms import Filled, Form
from tests.support.certificates import CertificateAuthority
from tests.support.rest_api import Api, a_seal
from tests.support.signing import key_set, rs256_key

JWKS = '{"keys": []}'
EVERYTHING = {
    "auth.header": "X-API-Key",
    "auth.algorithm": "RS256",
    "auth.jwks": JWKS,
    "auth.issuer": "https://login.acme.example",
    "auth.audience": "orders-api\ninvoices-api",
    "auth.algorithms": "RS256, ES256",
    "auth.token_use": "access",
    "auth.required_scopes": "orders:read orders:write",
    "auth.required_claims": "tenant=acme",
    "auth.leeway_seconds": "30",
    "auth.fingerprints_sha256": "ab" * 32,
    "expires_in_hours": "24",
}


def a_form(auth_type: str, **fields: str) -> Form:
    """A form of that type with these fields, dots written as `__`."""
    return Form({"auth.type": auth_type, **{f"auth.{name}": text for name, text in fields.items()}})


def refusal(form: Form) -> Filled:
    """What the page says of a profile with this auth."""
    api = Api(seal=a_seal())
    api.service.clients.create(CreateClient(actor=COMMAND_LINE, fields={"id": "cl_acme", "name": "Acme"}))
    fields = {"name": "x", "auth": auth_form.read(form), **auth_form.expiry(form)}
    with pytest.raises(ValidationFailed) as refused:
        api.service.profiles.create(CreateProfile(actor=COMMAND_LINE, client_id="cl_acme", fields=fields))
    return forms.refused(form, refused.value, auth_form.FIELDS, auth_form.RENAMED)


def created(form: Form) -> Shape:
    """The `auth` of a profile that was made with this form."""
    api = Api(seal=a_seal())
    api.service.clients.create(CreateClient(actor=COMMAND_LINE, fields={"id": "cl_acme", "name": "Acme"}))
    fields = {"name": "x", "auth": auth_form.read(form), **auth_form.expiry(form)}
    command = CreateProfile(actor=COMMAND_LINE, client_id="cl_acme", fields=fields)
    auth: Shape = api.service.profiles.create(command).shape["auth"]
    return auth


@pytest.mark.parametrize(
    ("auth_type", "expected"),
    [
        ("token", {"header": "X-API-Key"}),
        (
            "jwt",
            {
                "algorithm": "RS256",
                "jwks": JWKS,
                "issuer": "https://login.acme.example",
                "audience": ["orders-api", "invoices-api"],
                "required_claims": {"tenant": ["acme"]},
                "leeway_seconds": 30,
            },
        ),
        (
            "oidc",
            {
                "algorithms": ["RS256", "ES256"],
                "jwks": JWKS,
                "issuer": "https://login.acme.example",
                "audience": ["orders-api", "invoices-api"],
                "token_use": "access",
                "required_scopes": ["orders:read", "orders:write"],
                "required_claims": {"tenant": ["acme"]},
                "leeway_seconds": 30,
            },
        ),
        ("mtls", {"fingerprints_sha256": ["ab" * 32]}),
        ("none", {}),
    ],
)
def test_only_the_fields_of_the_chosen_type_are_read(auth_type: str, expected: dict[str, Any]) -> None:
    """All are sent, since the stylesheet alone hides those of other types."""
    assert auth_form.read(Form({**EVERYTHING, "auth.type": auth_type})) == {"type": auth_type, **expected}


@pytest.mark.parametrize(
    ("auth_type", "algorithm", "expected"),
    [
        ("token", "RS256", {"expires_in_hours": 24}),
        ("jwt", "HS256", {"expires_in_hours": 24}),
        ("jwt", "RS256", {}),
        ("oidc", "HS256", {}),
        ("mtls", "HS256", {}),
        ("none", "HS256", {}),
    ],
)
def test_only_what_is_made_here_expires(auth_type: str, algorithm: str, expected: dict[str, int]) -> None:
    form = Form({"auth.type": auth_type, "auth.algorithm": algorithm, "expires_in_hours": "24"})
    assert auth_form.expiry(form) == expected


def test_an_empty_expiry_means_never() -> None:
    assert auth_form.expiry(Form({"auth.type": "token", "expires_in_hours": " "})) == {}


def test_a_box_that_is_not_ticked_and_a_field_that_is_empty_are_left_out() -> None:
    assert auth_form.read(a_form("token", header=" ")) == {"type": "token"}
    assert auth_form.read(a_form("token", forward_authorization="on")) == {
        "type": "token",
        "forward_authorization": True,
    }


def test_a_secret_made_here_takes_no_key_that_was_left_in_a_hidden_field() -> None:
    assert auth_form.read(a_form("jwt", algorithm="HS256", public_key="PEM", jwks=JWKS)) == {
        "type": "jwt",
        "algorithm": "HS256",
    }


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("plan=gold", "gold"),
        ("level=3", 3),
        ("level=1.5", 1.5),
        ("vip=true", True),
        ('level="3"', "3"),
        ("note=", ""),
        ("note=null", "null"),
        ("note=[1]", "[1]"),
        ("note=a=b", "a=b"),
    ],
)
def test_the_value_of_a_claim_is_as_json_writes_it_or_text(line: str, allowed: Any) -> None:
    """As `authzctl --claim` has it; strings, numbers and booleans are never the same."""
    (read,) = auth_form.read(a_form("jwt", algorithm="HS256", required_claims=line))["required_claims"].values()
    assert [(type(value), value) for value in read] == [(type(allowed), allowed)]


def test_a_claim_that_is_there_twice_allows_either_value() -> None:
    form = a_form("jwt", algorithm="HS256", required_claims="plan=gold\nplan=silver\nuser.role=admin")
    assert auth_form.read(form)["required_claims"] == {"plan": ["gold", "silver"], "user.role": ["admin"]}


def test_a_claim_without_a_value_is_refused_at_its_field() -> None:
    (sentence,) = refusal(a_form("jwt", algorithm="HS256", required_claims="plan")).wrong("auth.required_claims")
    assert sentence == '"plan": has no =; write NAME=VALUE, one in a line.'


def test_a_number_that_is_none_is_refused_at_its_field() -> None:
    filled = refusal(a_form("jwt", algorithm="HS256", leeway_seconds="soon"))
    assert filled.wrong("auth.leeway_seconds") == ("Is not a whole number; write it in digits alone, such as 24.",)


def test_an_expiry_that_is_no_number_is_refused_and_nothing_lives_for_ever_instead() -> None:
    filled = refusal(Form({"auth.type": "token", "expires_in_hours": "soon"}))
    assert filled.first_wrong == "expires_in_hours"


def test_a_public_key_that_is_missing_is_asked_for_at_its_field() -> None:
    filled = refusal(a_form("jwt", algorithm="RS256"))
    assert filled.wrong("auth.public_key") == ("Is missing: paste the client's public key here, or a key set below.",)


def test_a_certificate_without_any_constraint_is_refused_in_the_words_of_the_page() -> None:
    filled = refusal(a_form("mtls"))
    assert "tick the last box" in filled.wrong("auth.fingerprints_sha256")[0]
    assert not filled.general


def test_an_issuer_without_its_keys_is_refused_at_the_key_set() -> None:
    filled = refusal(a_form("oidc", issuer="https://login.acme.example", audience="orders-api"))
    assert set(filled.errors) == {"auth.jwks"}


@pytest.mark.parametrize("auth_type", ["", "password", "TOKEN"])
def test_a_type_that_there_is_not_is_refused_at_its_field(auth_type: str) -> None:
    assert refusal(Form({"auth.type": auth_type})).first_wrong == "auth.type"


@pytest.mark.parametrize(
    "text", ["-----BEGIN RSA PRIVATE KEY-----\nAAAA", '{"keys": [{"kty": "EC", "d": "AAAA"}]}', '{"k" :"AAAA"}']
)
@pytest.mark.parametrize("name", ["public_key", "jwks"])
def test_a_private_key_that_was_pasted_is_not_shown_again(name: str, text: str) -> None:
    form = a_form("jwt", algorithm="RS256", **{name: text})
    assert auth_form.without_private_keys(form).values == {"auth.type": "jwt", "auth.algorithm": "RS256"}


@pytest.mark.parametrize("name", ["auth.ca_bundle", "auth.issuer", "description"])
def test_a_private_key_is_shown_again_in_no_other_field_either(name: str) -> None:
    """A file with a certificate often has its key too."""
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nAAAA"
    form = Form({"auth.type": "mtls", name: pem, "name": "x"})
    assert auth_form.without_private_keys(form).values == {"auth.type": "mtls", "name": "x"}


def test_a_public_key_that_was_pasted_is_kept() -> None:
    form = a_form("jwt", jwks='{"keys": [{"kty": "EC", "x": "AAAA"}]}')
    assert auth_form.without_private_keys(form) == form


@pytest.mark.parametrize(
    "form",
    [
        a_form("token", header="x-api-key", forward_authorization="on"),
        a_form(
            "jwt",
            algorithm="HS512",
            issuer="acme",
            audience="a\nb",
            subject="backend",
            required_claims='plan=gold\nplan="1"\nplan=1\nvip=true\nnote=\nspaces=" x "\nuser\\.name.first=a=b',
            leeway_seconds="0",
            max_lifetime_seconds="3600",
        ),
        a_form(
            "oidc",
            issuer="https://login.acme.example",
            audience="orders-api",
            jwks="given",
            algorithms="RS256, PS256",
            token_use="id",
            required_scopes="orders:read orders:write",
        ),
        a_form("mtls", fingerprints_sha256="ab" * 32, san_uris="spiffe://acme.example/*", ca_bundle="given"),
        a_form("mtls", any_verified="on"),
        a_form("none"),
    ],
    ids=["token", "jwt", "oidc", "mtls", "any certificate", "none"],
)
def test_the_form_of_an_auth_makes_the_same_auth(form: Form, tmp_path: Path) -> None:
    """Opened and sent again, unchanged, it changes nothing; but the credential is a new one, and expires."""
    values = dict(form.values)
    if "auth.jwks" in values:
        values["auth.jwks"] = json.dumps(key_set(rs256_key(), "current"))
    if "auth.ca_bundle" in values:
        values["auth.ca_bundle"] = CertificateAuthority("ca", tmp_path).certificate_pem.decode()
    auth = created(Form(values))
    again = created(Form({**auth_form.filled_from(auth), "expires_in_hours": ""}))
    assert again == auth


def test_the_fields_of_other_types_hold_what_a_new_profile_begins_with() -> None:
    filled = auth_form.filled_from({"type": "mtls", "any_verified": True, "ca_bundle": None, "san_dns": []})
    assert filled == {**auth_form.DEFAULTS, "auth.type": "mtls", "auth.any_verified": "on"}


def test_nothing_that_a_new_profile_begins_with_weakens_it() -> None:
    """What the server itself takes where nothing is said; and the credential expires."""
    auth = created(Form(dict(auth_form.DEFAULTS)))
    assert auth["expires_at"] is not None
    assert (auth["forward_authorization"], auth["header"]) == (False, None)
