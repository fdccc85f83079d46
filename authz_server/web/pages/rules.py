"""A profile's rules and its auth, in sentences: for the profile's own page, and for what a caller should know.

A profile is the shape that REST shows. Nothing here is escaped, and nothing is secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from authz_server.core.auth import AuthType, TokenUse
from authz_server.managing.records import Shape
from authz_server.web.pages.words import counted

AUTH_NAMES: Final = {
    AuthType.TOKEN: "Token",
    AuthType.JWT: "Signed JWT",
    AuthType.OIDC: "OpenID Connect",
    AuthType.MTLS: "Client certificate (mTLS)",
    AuthType.NONE: "None",
}
_BEARER: Final = "Authorization: Bearer"


class Setting(NamedTuple):
    """One setting of an auth: what it is called, and its values, each a line."""

    name: str
    values: tuple[str, ...]


def joined(items: Sequence[str], last: str = "and") -> str:
    """`A`, `A and B`, `A, B and C`."""
    *before, end = items
    return f"{', '.join(before)} {last} {end}" if before else end


def methods(profile: Shape) -> str:
    """Which methods may be used."""
    allowed = profile["allowed_methods"]
    return f"{joined(allowed)} only" if allowed else "Any method"


def addresses(profile: Shape) -> str:
    """From where it may be called; of a long list the first."""
    allowed = profile["allowed_ips"]
    if not allowed:
        return "From anywhere"
    return f"From {allowed[0]} " + (f"and {len(allowed) - 1:,} more" if len(allowed) > 1 else "only")


def routes(profile: Shape) -> str:
    """Which routes may be used, by their labels in Envoy."""
    allowed = profile["allowed_routes"]
    return f"Only routes labelled {joined(allowed, 'or')}" if allowed else "All routes"


def is_hmac(auth: Shape) -> bool:
    """Whether callers sign with a secret that both sides know."""
    return auth["type"] == AuthType.JWT and auth["secret_sealed"] is not None


def token_header(auth: Shape) -> str:
    """The header that carries a token, as one writes it."""
    return _BEARER if auth["header"] is None else "-".join(map(str.capitalize, auth["header"].split("-")))


def proof(auth: Shape) -> str:
    """How callers prove who they are, in one sentence."""
    match AuthType(auth["type"]):
        case AuthType.TOKEN:
            return f"Callers send a token with every request, as {token_header(auth)}."
        case AuthType.JWT if is_hmac(auth):
            return "Callers sign a JWT with a secret that they share with this server, and send the JWT."
        case AuthType.JWT:
            return "Callers sign a JWT with a private key of their own; only the public one is known here."
        case AuthType.OIDC:
            return f"Callers bring {_kind_of_token(auth)} that {auth['issuer']} has issued to them."
        case AuthType.MTLS:
            return "Callers show a client certificate when they connect to Envoy."
        case AuthType.NONE:
            return "Callers prove nothing: whoever knows both ids and comes from an allowed address is let in."


def settings(auth: Shape) -> tuple[Setting, ...]:
    """What is asked of the proof, setting by setting; what restricts nothing is left out."""
    match AuthType(auth["type"]):
        case AuthType.TOKEN:
            return tuple(_token(auth))
        case AuthType.JWT:
            return tuple(_jwt(auth))
        case AuthType.OIDC:
            return tuple(_oidc(auth))
        case AuthType.MTLS:
            return tuple(_mtls(auth))
        case AuthType.NONE:
            return ()


def _kind_of_token(auth: Shape) -> str:
    return "an ID token" if auth["token_use"] == TokenUse.ID else "an access token"


def _token(auth: Shape) -> Iterable[Setting]:
    yield Setting("Sent as", (token_header(auth),))
    passes = auth["forward_authorization"]
    yield Setting("The application", ("sees the token too" if passes else "never sees the token",))


def _jwt(auth: Shape) -> Iterable[Setting]:
    yield Setting("Signed with", (auth["algorithm"],))
    yield Setting("Key", (_key(auth),))
    yield from _listed("Issuer (iss)", [auth["issuer"]] if auth["issuer"] else [])
    yield from _listed("Audience (aud)", auth["audience"])
    yield from _listed("Subject (sub)", [auth["subject"]] if auth["subject"] else [])
    yield from _claims(auth)
    if auth["max_lifetime_seconds"] is not None:
        yield Setting("Longest life", (counted(auth["max_lifetime_seconds"], "second") + " from iat to exp",))
    yield _leeway(auth)


def _oidc(auth: Shape) -> Iterable[Setting]:
    yield Setting("Issuer", (auth["issuer"],))
    yield from _listed("Audience", auth["audience"])
    yield Setting("Kind of token", (f"{_kind_of_token(auth).partition(' ')[2]}",))
    yield from _listed("Scopes", auth["required_scopes"])
    yield from _claims(auth)
    yield Setting("Signed with", (joined(auth["algorithms"], "or"),))
    yield Setting("Keys", (_provider_keys(auth),))
    yield _leeway(auth)


def _mtls(auth: Shape) -> Iterable[Setting]:
    if auth["any_verified"]:
        yield Setting("Certificate", ("any that Envoy lets in",))
    yield from _listed("SHA-256", auth["fingerprints_sha256"])
    yield from _listed("SAN URI", auth["san_uris"])
    yield from _listed("SAN DNS", auth["san_dns"])
    yield from _listed("Common name", auth["subject_cn"])
    yield from _listed("Organizational unit", auth["subject_ou"])
    yield from _listed("Issued by", auth["issuer_dn"])
    if auth["ca_bundle"] is not None:
        number = auth["ca_bundle"].count("-----BEGIN CERTIFICATE-----")
        yield Setting("Chain", (f"up to the profile's own CA ({counted(number, 'certificate')})",))


def _listed(name: str, values: Sequence[str]) -> Iterable[Setting]:
    if values:
        yield Setting(name, tuple(values))


def _claims(auth: Shape) -> Iterable[Setting]:
    written = (
        f"{path} is {joined([json.dumps(value, ensure_ascii=False) for value in allowed], 'or')}"
        for path, allowed in auth["required_claims"].items()
    )
    return _listed("Claims", tuple(written))


def _leeway(auth: Shape) -> Setting:
    return Setting("Clocks may differ by", (counted(auth["leeway_seconds"], "second"),))


def _key(auth: Shape) -> str:
    if is_hmac(auth):
        return "a secret, kept sealed"
    return "a public key" if auth["jwks"] is None else _key_set(auth["jwks"])


def _provider_keys(auth: Shape) -> str:
    if auth["jwks"] is not None:
        return _key_set(auth["jwks"])
    return "as the issuer publishes them" if auth["jwks_uri"] is None else f"from {auth['jwks_uri']}"


def _key_set(key_set: dict[str, Any]) -> str:
    names = [key["kid"] for key in key_set["keys"] if "kid" in key]
    number = counted(len(key_set["keys"]), "public key")
    return f"{number} ({', '.join(names)})" if names else number
