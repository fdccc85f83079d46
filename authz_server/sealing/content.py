"""Profiles as JSON, by msgspec, their secrets sealed: what a record in Redis says, and how the database keeps `auth`.

Field names are the core's own; an unknown one makes the record unreadable, one that has its default is left out. The
same profile gives the same bytes, so that a publish can tell what has changed without reading a version.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from authz_server.core.allow_list import AllowList
from authz_server.core.auth import (
    AuthConfig,
    ClaimValue,
    JwtAuth,
    MtlsAuth,
    NoAuth,
    OidcAuth,
    PreviousSecret,
    TokenAuth,
    TokenUse,
)
from authz_server.core.profile import Client, Profile, Version
from authz_server.core.secret import Secret
from authz_server.sealing.seal import Seal


class SealMissing(ValueError):
    """A profile has an HMAC secret, and there is no key to seal it with."""


class _Struct(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="kind"):
    # Not `type`: msgspec would look for the tag in the attribute of that name when it converts.
    pass


class _PreviousToken(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    token_sha256: bytes
    until: float
    expires_at: float | None = None


class _Token(_Struct, frozen=True, tag="token"):
    token_sha256: bytes
    expires_at: float | None = None
    forward_authorization: bool = False
    previous: _PreviousToken | None = None
    header: str | None = None


class _Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    path: tuple[str, ...]
    allowed: tuple[ClaimValue, ...]


class _SealedPrevious(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    secret_sealed: str
    until: float
    expires_at: float | None = None


class _Jwt(_Struct, frozen=True, tag="jwt"):
    algorithm: str
    secret_sealed: str | None = None
    previous_sealed: _SealedPrevious | None = None
    public_key: str | None = None
    jwks: str | None = None
    issuer: str | None = None
    audience: tuple[str, ...] = ()
    subject: str | None = None
    required_claims: tuple[_Claim, ...] = ()
    leeway_seconds: int = 30
    max_lifetime_seconds: int | None = None
    expires_at: float | None = None


class _Oidc(_Struct, frozen=True, tag="oidc"):
    issuer: str
    audience: tuple[str, ...]
    jwks_uri: str | None = None
    jwks: str | None = None
    algorithms: tuple[str, ...] = ("RS256",)
    token_use: TokenUse = TokenUse.ACCESS
    required_claims: tuple[_Claim, ...] = ()
    required_scopes: tuple[str, ...] = ()
    leeway_seconds: int = 30


class _Mtls(_Struct, frozen=True, tag="mtls"):
    fingerprints_sha256: tuple[str, ...] = ()
    san_uris: tuple[str, ...] = ()
    san_dns: tuple[str, ...] = ()
    subject_cn: tuple[str, ...] = ()
    subject_ou: tuple[str, ...] = ()
    issuer_dn: tuple[str, ...] = ()
    ca_bundle: str | None = None
    any_verified: bool = False


class _NoAuth(_Struct, frozen=True, tag="none"):
    pass


class _Client(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    id: str
    name: str
    description: str = ""
    active: bool = True
    labels: dict[str, str] = {}


class _Profile(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    id: str
    client: _Client
    name: str
    auth: _Token | _Jwt | _Oidc | _Mtls | _NoAuth
    active: bool = True
    allowed_methods: tuple[str, ...] = ()
    allowed_ips: tuple[str, ...] = ()
    allowed_routes: tuple[str, ...] = ()
    labels: dict[str, str] = {}


_encoder: Final = msgspec.json.Encoder(order="deterministic")
_decoder: Final = msgspec.json.Decoder(_Profile)
_Written = _Token | _Jwt | _Oidc | _Mtls | _NoAuth
_auth_decoder: Final = msgspec.json.Decoder(_Written)


def write(profile: Profile, seal: Seal | None) -> bytes:
    """The profile as bytes, its version left out. Raises `SealMissing`."""
    client = profile.client
    return _encoder.encode(
        _Profile(
            id=profile.id,
            client=_Client(client.id, client.name, client.description, client.active, dict(client.labels)),
            name=profile.name,
            active=profile.active,
            allowed_methods=profile.allowed_methods,
            allowed_ips=profile.allowed_ips.entries,
            allowed_routes=profile.allowed_routes,
            labels=dict(profile.labels),
            auth=_write_auth(profile.id, profile.auth, seal),
        )
    )


def read(content: bytes, version: Version, seal: Seal | None) -> Profile:
    """The profile that `content` is. Raises ValueError with a sentence that holds no secret."""
    try:
        read = _decoder.decode(content)
    except msgspec.DecodeError as error:
        raise ValueError(f"is not of this schema: {error}") from None  # it names fields and types, no values
    client = read.client
    return Profile(
        id=read.id,
        client=Client(
            id=client.id,
            name=client.name,
            description=client.description,
            active=client.active,
            labels=client.labels,
        ),
        name=read.name,
        active=read.active,
        allowed_methods=read.allowed_methods,
        allowed_ips=AllowList.of(read.allowed_ips),
        allowed_routes=read.allowed_routes,
        labels=read.labels,
        auth=_read_auth(read.id, read.auth, seal),
        version=version,
    )


def write_auth(profile_id: str, auth: AuthConfig, seal: Seal | None) -> bytes:
    """A profile's auth as bytes. Raises `SealMissing`."""
    return _encoder.encode(_write_auth(profile_id, auth, seal))


def read_auth(profile_id: str, written: bytes, seal: Seal | None) -> AuthConfig:
    """The auth that `write_auth` wrote. Raises ValueError with a sentence that holds no secret."""
    try:
        auth = _auth_decoder.decode(written)
    except msgspec.DecodeError as error:
        raise ValueError(f"is not of this schema: {error}") from None  # it names fields and types, no values
    return _read_auth(profile_id, auth, seal)


def _write_auth(profile_id: str, auth: AuthConfig, seal: Seal | None) -> _Written:
    match auth:
        case TokenAuth():
            return msgspec.convert(auth, _Token, from_attributes=True)
        case JwtAuth():
            return _write_jwt(profile_id, auth, seal)
        case OidcAuth():
            return msgspec.convert(auth, _Oidc, from_attributes=True)
        case MtlsAuth():
            return msgspec.convert(auth, _Mtls, from_attributes=True)
        case NoAuth():
            return _NoAuth()


def _write_jwt(profile_id: str, auth: JwtAuth, seal: Seal | None) -> _Jwt:
    written = msgspec.convert(auth, _Jwt, from_attributes=True)
    if auth.secret is None and auth.previous is None:
        return written
    if seal is None:
        raise SealMissing(f"profile {profile_id} has an HMAC secret, kept in Redis only sealed: set AUTHZ_SECRET_KEYS")
    sealed = auth.secret and seal.seal(profile_id, auth.credential_id or "", auth.secret)
    previous = auth.previous and _SealedPrevious(
        secret_sealed=seal.seal(profile_id, auth.previous.credential_id, auth.previous.secret),
        until=auth.previous.until,
        expires_at=auth.previous.expires_at,
    )
    return msgspec.structs.replace(written, secret_sealed=sealed, previous_sealed=previous)


def _read_auth(profile_id: str, auth: _Written, seal: Seal | None) -> AuthConfig:
    match auth:
        case _Token():
            return msgspec.convert(auth, TokenAuth, from_attributes=True)
        case _Jwt():
            return _read_jwt(profile_id, auth, seal)
        case _Oidc():
            return msgspec.convert(auth, OidcAuth, from_attributes=True)
        case _Mtls():
            return msgspec.convert(auth, MtlsAuth, from_attributes=True)
        case _NoAuth():
            return NoAuth()


def _read_jwt(profile_id: str, written: _Jwt, seal: Seal | None) -> JwtAuth:
    auth = msgspec.convert(written, JwtAuth, from_attributes=True)
    if written.secret_sealed is not None:
        credential_id, secret = _opened(profile_id, written.secret_sealed, seal)
        auth = replace(auth, secret=secret, credential_id=credential_id or None)
    if written.previous_sealed is not None:
        auth = replace(auth, previous=_read_previous(profile_id, written.previous_sealed, seal))
    return auth


def _read_previous(profile_id: str, written: _SealedPrevious, seal: Seal | None) -> PreviousSecret:
    credential_id, secret = _opened(profile_id, written.secret_sealed, seal)
    return PreviousSecret(
        credential_id=credential_id, secret=secret, until=written.until, expires_at=written.expires_at
    )


def _opened(profile_id: str, sealed: str, seal: Seal | None) -> tuple[str, Secret]:
    if seal is None:
        raise ValueError("holds a sealed secret, and there is no key to open it")
    try:
        return seal.open(profile_id, sealed)
    except ValueError as error:
        raise ValueError(f"holds a sealed secret that {error}") from None
