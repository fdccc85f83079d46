"""AuthConfig: how a profile's callers prove who they are, one type per auth type.

Times are seconds since the Unix epoch, durations are seconds. Nothing here is parsed or compiled yet; that happens
once, when a profile is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from authz_server.core.secret import Secret

ClaimValue = str | int | float | bool | None


class AuthType(StrEnum):
    """The five ways to authenticate."""

    TOKEN = "token"  # the name of a type, no token
    JWT = "jwt"
    OIDC = "oidc"
    MTLS = "mtls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousToken:
    """The token before the last rotation, which works until `until` and never past its own expiry."""

    token_sha256: bytes = field(repr=False)
    until: float
    expires_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAuth:
    """An opaque token, of which only the SHA-256 (32 bytes) is known.

    It comes as `Authorization: Bearer`, or as the whole value of `header` (in lower case) where that is set.
    """

    type: ClassVar = AuthType.TOKEN
    token_sha256: bytes = field(repr=False)
    expires_at: float | None = None
    forward_authorization: bool = False
    previous: PreviousToken | None = None
    header: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredClaim:
    """A claim that must be there, at `path` from the payload's root, with one of the `allowed` JSON scalars."""

    path: tuple[str, ...]
    allowed: tuple[ClaimValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousSecret:
    """The HMAC secret before the last rotation, which works until `until` and never past its own expiry."""

    credential_id: str
    secret: Secret
    until: float
    expires_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtAuth:
    """A JWT that the client signs itself. Exactly one of `secret`, `public_key` (PEM) and `jwks` (JSON text) is set.

    `credential_id` names the secret wherever it is sealed.
    """

    type: ClassVar = AuthType.JWT
    algorithm: str
    secret: Secret | None = None
    credential_id: str | None = None
    public_key: str | None = None
    jwks: str | None = None
    issuer: str | None = None
    audience: tuple[str, ...] = ()
    subject: str | None = None
    required_claims: tuple[RequiredClaim, ...] = ()
    leeway_seconds: int = 30
    max_lifetime_seconds: int | None = None
    expires_at: float | None = None
    previous: PreviousSecret | None = None


class TokenUse(StrEnum):
    """Which of an OpenID provider's tokens a profile takes."""

    ACCESS = "access"
    ID = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcAuth:
    """A token of an OpenID provider. Keys come from `jwks` (JSON text), else `jwks_uri`, else discovery."""

    type: ClassVar = AuthType.OIDC
    issuer: str
    audience: tuple[str, ...]
    jwks_uri: str | None = None
    jwks: str | None = None
    algorithms: tuple[str, ...] = ("RS256",)
    token_use: TokenUse = TokenUse.ACCESS
    required_claims: tuple[RequiredClaim, ...] = ()
    required_scopes: tuple[str, ...] = ()
    leeway_seconds: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MtlsAuth:
    """Constraints on the peer certificate: kinds combine with AND, the entries of one kind with OR."""

    type: ClassVar = AuthType.MTLS
    fingerprints_sha256: tuple[str, ...] = ()
    san_uris: tuple[str, ...] = ()
    san_dns: tuple[str, ...] = ()
    subject_cn: tuple[str, ...] = ()
    subject_ou: tuple[str, ...] = ()
    issuer_dn: tuple[str, ...] = ()
    ca_bundle: str | None = None
    any_verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAuth:
    """No credential: the pair of ids and the profile's rules are all that is checked."""

    type: ClassVar = AuthType.NONE


AuthConfig = TokenAuth | JwtAuth | OidcAuth | MtlsAuth | NoAuth
