"""Shapes: from clients and profiles back to what a document says.

`shown` has every field, `null` where there is nothing, and hides what is secret: for people, and for REST. `exported`
can be read back: it leaves out what is absent (no document may say null), holds digests, and secrets sealed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from authz_server.authentication.claims import write_path
from authz_server.core.auth import AuthConfig, JwtAuth, MtlsAuth, NoAuth, OidcAuth, RequiredClaim, TokenAuth
from authz_server.core.profile import Client, Profile
from authz_server.core.secret import REDACTED, Secret

Shape = dict[str, Any]
"""Fields in their order: mappings, lists, strings, numbers, booleans and None."""

SealSecret = Callable[[str, str, Secret], str]
"""From a profile's id, a credential's id and its secret to the sealed text."""

_Show = Callable[[bytes], Any]  # of a digest
_Hide = Callable[[str, Secret], Any]  # of a credential's id
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LATEST: Final = dt.datetime.max.replace(tzinfo=dt.UTC)


def shown_profile(profile: Profile) -> Shape:
    """A profile as people see it: `version` is the sequence of its last change."""
    shape = _profile(profile, _shown_auth(profile.auth))
    return {
        "id": shape.pop("id"),
        "client_id": profile.client.id,
        **shape,
        "version": profile.version.sequence,
    }


def shown_client(client: Client) -> Shape:
    """A client as people see it."""
    return _client(client)


@dataclass(frozen=True, slots=True)
class Hidden:
    """Stands for a secret or a digest where two shapes are compared: it tells only whether it is another one."""

    digest: bytes = field(repr=False)


def compared_profile(profile: Profile) -> Shape:
    """A profile in a form whose parts differ where something does that the profile is enforced by."""
    auth = _auth(profile.auth, Hidden, lambda _, secret: Hidden(hashlib.sha256(secret.reveal().encode()).digest()))
    return _profile(profile, auth)


def exported(clients: Iterable[Client], profiles: Iterable[Profile], seal: SealSecret) -> Shape:
    """A whole document. Each profile goes to the client with its client's id."""
    shapes = {client.id: {**_client(client), "profiles": []} for client in clients}
    for profile in profiles:
        shapes[profile.client.id]["profiles"].append(_profile(profile, _exported_auth(profile, seal)))
    return {"clients": [_present(shape) for shape in shapes.values()]}


def _client(client: Client) -> Shape:
    return {
        "id": client.id,
        "name": client.name,
        "description": client.description,
        "active": client.active,
        "labels": dict(client.labels),
    }


def _profile(profile: Profile, auth: Shape) -> Shape:
    return {
        "id": profile.id,
        "name": profile.name,
        "active": profile.active,
        "allowed_methods": list(profile.allowed_methods),
        "allowed_ips": list(profile.allowed_ips.entries),
        "allowed_routes": list(profile.allowed_routes),
        "labels": dict(profile.labels),
        "auth": auth,
    }


def _shown_auth(auth: AuthConfig) -> Shape:
    return _auth(auth, lambda digest: REDACTED, lambda credential_id, secret: REDACTED)  # noqa: ARG005 - nothing is shown


def _exported_auth(profile: Profile, seal: SealSecret) -> Shape:
    return _auth(profile.auth, bytes.hex, lambda credential_id, secret: seal(profile.id, credential_id, secret))


def _auth(auth: AuthConfig, digest: _Show, hide: _Hide) -> Shape:
    match auth:
        case TokenAuth():
            return {"type": auth.type.value, **_token(auth, digest)}
        case JwtAuth():
            return {"type": auth.type.value, **_jwt(auth, hide)}
        case OidcAuth():
            return {"type": auth.type.value, **_oidc(auth)}
        case MtlsAuth():
            return {"type": auth.type.value, **_mtls(auth)}
        case NoAuth():
            return {"type": auth.type.value}


def _token(auth: TokenAuth, digest: _Show) -> Shape:
    before = auth.previous
    return {
        "token_sha256": digest(auth.token_sha256),
        "header": auth.header,
        "expires_at": written_time(auth.expires_at),
        "forward_authorization": auth.forward_authorization,
        "previous": before
        and {
            "token_sha256": digest(before.token_sha256),
            "until": written_time(before.until),
            "expires_at": written_time(before.expires_at),
        },
    }


def _jwt(auth: JwtAuth, hide: _Hide) -> Shape:
    before = auth.previous
    return {
        "algorithm": auth.algorithm,
        "secret_sealed": auth.secret and hide(auth.credential_id or "", auth.secret),
        "public_key": auth.public_key,
        "jwks": auth.jwks and json.loads(auth.jwks),
        "issuer": auth.issuer,
        "audience": list(auth.audience),
        "subject": auth.subject,
        "required_claims": _claims(auth.required_claims),
        "leeway_seconds": auth.leeway_seconds,
        "max_lifetime_seconds": auth.max_lifetime_seconds,
        "expires_at": written_time(auth.expires_at),
        "previous": before
        and {
            "secret_sealed": hide(before.credential_id, before.secret),
            "until": written_time(before.until),
            "expires_at": written_time(before.expires_at),
        },
    }


def _oidc(auth: OidcAuth) -> Shape:
    return {
        "issuer": auth.issuer,
        "audience": list(auth.audience),
        "jwks_uri": auth.jwks_uri,
        "jwks": auth.jwks and json.loads(auth.jwks),
        "algorithms": list(auth.algorithms),
        "token_use": auth.token_use.value,
        "required_claims": _claims(auth.required_claims),
        "required_scopes": list(auth.required_scopes),
        "leeway_seconds": auth.leeway_seconds,
    }


def _mtls(auth: MtlsAuth) -> Shape:
    return {
        "fingerprints_sha256": list(auth.fingerprints_sha256),
        "san_uris": list(auth.san_uris),
        "san_dns": list(auth.san_dns),
        "subject_cn": list(auth.subject_cn),
        "subject_ou": list(auth.subject_ou),
        "issuer_dn": list(auth.issuer_dn),
        "ca_bundle": auth.ca_bundle,
        "any_verified": auth.any_verified,
    }


def _claims(claims: Iterable[RequiredClaim]) -> Shape:
    return {write_path(claim.path): list(claim.allowed) for claim in claims}


def written_time(seconds: float | None) -> str | None:
    """RFC 3339 in UTC, to the microsecond."""
    if seconds is None:
        return None
    try:
        time = _EPOCH + dt.timedelta(seconds=seconds)
    except OverflowError:  # the last microseconds of the year 9999, rounded up
        time = _LATEST
    return time.isoformat().replace("+00:00", "Z")


def _present(shape: Any) -> Any:
    """Without the fields that hold nothing."""
    if isinstance(shape, list):
        return [_present(entry) for entry in shape]
    if isinstance(shape, dict):
        return {name: _present(value) for name, value in shape.items() if value is not None}
    return shape
