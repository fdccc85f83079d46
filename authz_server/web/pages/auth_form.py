"""The auth part of a form: its fields, the document's `auth` that they make, and back again.

All fields are on the page, those of other types hidden by the stylesheet alone, so only the chosen type's are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from authz_server.authentication.keys import ASYMMETRIC_ALGORITHMS, HMAC_ALGORITHMS
from authz_server.core.auth import AuthType
from authz_server.documents.plain import Ambiguous
from authz_server.managing.records import Shape
from authz_server.web.pages import forms
from authz_server.web.pages.forms import Form

Read = Callable[[Form, str], Any]
"""The value of a field as a document has it; None where nothing was typed."""

DEFAULTS: Final[Mapping[str, str]] = {
    "auth.type": AuthType.TOKEN,
    "auth.algorithm": "HS256",
    "auth.algorithms": "RS256",
    "auth.token_use": "access",
    "auth.leeway_seconds": "30",
    "expires_in_hours": "2160",
}
"""What the fields of a new profile hold."""

TYPES: Final = (
    (AuthType.TOKEN, "Token: made here, sent as a bearer token"),
    (AuthType.JWT, "JWT: signed by the client itself"),
    (AuthType.OIDC, "OIDC: a token of an identity provider"),
    (AuthType.MTLS, "mTLS: a client certificate"),
    (AuthType.NONE, "None: no credential"),
)
ALGORITHMS: Final = (
    *((name, f"{name}: with a secret that is made here") for name in HMAC_ALGORITHMS),
    *((name, f"{name}: with the client's own key pair") for name in ASYMMETRIC_ALGORITHMS),
)
TOKEN_USES: Final = (("access", "Access tokens"), ("id", "ID tokens"))
PRESETS: Final = (("24", "24 hours"), ("720", "30 days"), ("2160", "90 days"), ("8760", "1 year"), ("", "Never"))
"""What can be chosen for `Expires in (hours)` by one click."""

_PREFIX: Final = "auth."
_EXPIRY: Final = "expires_in_hours"
_PRIVATE_PEM: Final = "PRIVATE KEY"
_PRIVATE_JWK: Final = re.compile(r'"(?:d|p|q|dp|dq|qi|oth|k|priv)"\s*:').search
_NO_KEY: Final = Ambiguous("is missing: paste the client's public key here, or a key set below")
_NO_CONSTRAINT: Final = Ambiguous(
    "is empty, and so is everything else that a certificate could be told by: fill in at least one of them, or tick"
    " the last box"
)


def _text(form: Form, name: str) -> Any:
    return form.text(name) or None


def _items(form: Form, name: str) -> Any:
    return form.items(name) or None


def _words(form: Form, name: str) -> Any:
    return form.text(name).split() or None


def _names(form: Form, name: str) -> Any:
    return form.names(name) or None


def _number(form: Form, name: str) -> Any:
    return form.number(name)


def _ticked(form: Form, name: str) -> Any:
    return form.is_checked(name) or None


def _claims(form: Form, name: str) -> Any:
    claims: dict[str, Any] = {}
    for path, value in form.pairs(name):
        claims.setdefault(path, []).append(_claim_value(value))
    return claims or None


_KEYS: Final[Mapping[str, Read]] = {"public_key": _text, "jwks": _text}
_SIGNED: Final[Mapping[str, Read]] = {"issuer": _text, "audience": _items}
_CLAIMS: Final[Mapping[str, Read]] = {"required_claims": _claims, "leeway_seconds": _number}
_READS: Final[Mapping[str, Mapping[str, Read]]] = {
    AuthType.JWT: {
        "algorithm": _text,
        **_KEYS,
        **_SIGNED,
        "subject": _text,
        **_CLAIMS,
        "max_lifetime_seconds": _number,
    },
    AuthType.OIDC: {
        "algorithms": _names,
        "jwks": _text,
        **_SIGNED,
        "token_use": _text,
        "required_scopes": _words,
        **_CLAIMS,
    },
    AuthType.MTLS: {
        "fingerprints_sha256": _items,
        "san_uris": _items,
        "san_dns": _items,
        "subject_cn": _items,
        "subject_ou": _items,
        "issuer_dn": _items,
        "ca_bundle": _text,
        "any_verified": _ticked,
    },
    AuthType.TOKEN: {"header": _text, "forward_authorization": _ticked},
    AuthType.NONE: {},
}

FIELDS: Final = tuple(
    dict.fromkeys((f"{_PREFIX}type", *(f"{_PREFIX}{name}" for reads in _READS.values() for name in reads), _EXPIRY))
)
"""The names of all fields, as they follow one another: those that `forms.refused` may lead to."""
RENAMED: Final[Mapping[str, str]] = {
    "auth": "auth.type",
    "auth.secret": "auth.algorithm",
    "auth.jwks_uri": "auth.jwks",
}
"""What is wrong with something that has no field of its own, or with the whole, is said at one of these."""


def read(form: Form) -> dict[str, Any]:
    """A command's `auth`: the chosen type and what was filled in of its fields."""
    auth_type = form.text(f"{_PREFIX}type")
    auth: dict[str, Any] = {"type": auth_type}
    for name, reading in _READS.get(auth_type, {}).items():
        value = None if _is_issued(form) and name in _KEYS else reading(form, f"{_PREFIX}{name}")
        if value is not None:
            auth[name] = value
    if auth_type == AuthType.JWT and not _is_issued(form) and _KEYS.keys().isdisjoint(auth):
        auth["public_key"] = _NO_KEY
    if auth_type == AuthType.MTLS and len(auth) == 1:
        auth["fingerprints_sha256"] = [_NO_CONSTRAINT]
    return auth


def expiry(form: Form) -> dict[str, Any]:
    """A command's `expires_in_hours`, which stands beside `auth`: only for what is made here, and not for ever."""
    hours = form.number(_EXPIRY) if _is_issued(form) else None
    return {} if hours is None else {_EXPIRY: hours}


def filled_from(auth: Shape) -> dict[str, str]:
    """The values of the fields for an `auth` as REST shows it; `DEFAULTS` for what it says nothing of."""
    values = dict(DEFAULTS)
    for name, value in auth.items():
        if f"{_PREFIX}{name}" in FIELDS:
            values[f"{_PREFIX}{name}"] = _written(name, value)
    return {name: value for name, value in values.items() if value}


def without_private_keys(form: Form) -> Form:
    """The form as it may be shown again: a private key that was pasted by mistake is not repeated."""
    keys = [f"{_PREFIX}{name}" for name in _KEYS]
    private = {name for name in keys if _PRIVATE_JWK(form.exact(name))}
    private |= {name for name, text in form.values.items() if _PRIVATE_PEM in text}  # whatever field it is for
    return replace(form, values={name: value for name, value in form.values.items() if name not in private})


def _is_issued(form: Form) -> bool:
    """Whether the credential is made here."""
    match form.text(f"{_PREFIX}type"):
        case AuthType.TOKEN:
            return True
        case AuthType.JWT:
            return form.text(f"{_PREFIX}algorithm") in HMAC_ALGORITHMS
    return False


def _claim_value(text: str | Ambiguous) -> Any:
    """A boolean, a number or a string as JSON writes them; anything else is a string as it stands."""
    if isinstance(text, Ambiguous):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, bool | int | float | str) else text


def _claim_text(value: Any) -> str:
    plain = isinstance(value, str) and value == value.strip() and _claim_value(value) == value
    return value if plain else json.dumps(value, ensure_ascii=False)


def _written(name: str, value: Any) -> str:
    match name, value:
        case _, None | False:
            return ""
        case _, True:
            return "on"
        case "required_claims", _:
            return forms.written_pairs((path, _claim_text(each)) for path, allowed in value.items() for each in allowed)
        case "jwks", _:
            return json.dumps(value, indent=2, ensure_ascii=False)
        case "algorithms", _:
            return ", ".join(value)
        case "required_scopes", _:
            return " ".join(value)
        case _, list():
            return "\n".join(value)
    return str(value)
