"""Making ids, tokens, HMAC secrets, API keys and the secrets of sessions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from authz_server.authentication.keys import HMAC_ALGORITHMS
from authz_server.core import token
from authz_server.core.auth import AuthConfig, AuthType, JwtAuth, PreviousSecret, PreviousToken, TokenAuth
from authz_server.core.secret import Secret
from authz_server.documents.errors import Code
from authz_server.documents.fields import Fields
from authz_server.documents.profiles import ProfileReader
from authz_server.managing.fields import EXPIRES_IN_HOURS, without_what_only_documents_have
from authz_server.managing.ports import RandomBelow
from authz_server.managing.records import Credential, IssuedCredential

HOUR_SECONDS: Final = 3_600
_ID_DIGITS: Final = 22  # 62**22 > 2**128
_SHORT_HASH: Final = 32  # bytes
_KEYS: Final = ("secret", "public_key", "jwks")


@dataclass(frozen=True, slots=True)
class Issuer:
    """Makes credentials. `seals`: HMAC secrets can be kept; `reveals`: tokens are kept, to be shown again."""

    random_below: RandomBelow
    seals: bool
    reveals: bool

    def new_id(self, prefix: str) -> str:
        """An id of 130 random bits: a valid pair can be told from an unknown one, so none may be guessed."""
        return prefix + token.base62(self.random_below(62**_ID_DIGITS), _ID_DIGITS)

    def token(self) -> Secret:
        """A new token."""
        return Secret(token.issue(token.Prefix.TOKEN, self.random_below))

    def api_key(self) -> Secret:
        """A new API key."""
        return Secret(token.issue(token.Prefix.API_KEY, self.random_below))

    def session(self) -> Secret:
        """A new session's secret."""
        return Secret(token.issue(token.Prefix.SESSION, self.random_below))

    def hmac_secret(self, algorithm: str) -> Secret:
        """A new HMAC secret with as many random bits as the hash has, and 256 at least."""
        digits = token.TOKEN_DIGITS if HMAC_ALGORITHMS[algorithm] <= _SHORT_HASH else token.LONG_SECRET_DIGITS
        return Secret(token.issue(token.Prefix.HMAC_SECRET, self.random_below, digits))

    def credential(self, now: float, *, issued: bool, value: Secret | None = None) -> Credential:
        """What is kept of a credential; of a token that was made here, itself where that is wanted."""
        kept = value if self.reveals and issued else None
        return Credential(id=self.new_id("cr_"), created_at=now, issued=issued, token=kept)


@dataclass(frozen=True, slots=True)
class Issued:
    """A profile's auth, what is kept of its credential, and what is shown of it once."""

    auth: AuthConfig
    credential: Credential | None = None
    shown: IssuedCredential | None = None


def read_auth(fields: Fields, issuer: Issuer, reader: ProfileReader, profile_id: str, now: float) -> Issued | None:
    """A command's `auth` and `expires_in_hours`, and what has to be made for them; None where an error was reported."""
    hours = fields.optional("expires_in_hours", EXPIRES_IN_HOURS, None)
    if "auth" not in fields:
        fields.missing("auth")
    auth_fields = fields.mapping("auth")
    if auth_fields is None:
        return None
    auth_fields = without_what_only_documents_have(auth_fields)
    value = _made(auth_fields, issuer)
    auth = reader.auth(_completed(auth_fields, value), profile_id)
    if auth is None:
        return None
    if hours is not None:
        auth = _expiring(fields, auth, now + hours * HOUR_SECONDS)
    return _issued(fields, issuer, auth, value, now)


def _made(fields: Fields, issuer: Issuer) -> Secret | None:
    """What the caller has left to us to make."""
    if fields.value("type") == AuthType.TOKEN and "token_sha256" not in fields:
        return issuer.token()
    algorithm = fields.value("algorithm")
    is_hmac = fields.value("type") == AuthType.JWT and isinstance(algorithm, str) and algorithm in HMAC_ALGORITHMS
    if is_hmac and not any(name in fields for name in _KEYS):
        return issuer.hmac_secret(algorithm)
    return None


def _completed(fields: Fields, value: Secret | None) -> Fields:
    """As a document would say it."""
    if value is None:
        return fields
    written: dict[str, Any] = dict(fields.items())
    if fields.value("type") == AuthType.TOKEN:
        written["token_sha256"] = token.digest(value.reveal()).hex()
    else:
        written["secret"] = value.reveal()
    return Fields(written, fields.path, fields.report)


def _expiring(fields: Fields, auth: AuthConfig, expires_at: float) -> AuthConfig:
    if isinstance(auth, TokenAuth) or (isinstance(auth, JwtAuth) and auth.secret is not None):
        if auth.expires_at is None:
            return replace(auth, expires_at=expires_at)
        fields.error("expires_in_hours", Code.CONFLICT, "stands beside auth.expires_at; give one of the two")
    else:
        fields.error("expires_in_hours", Code.CONFLICT, "does not go with this auth: only a token or a secret expires")
    return auth


def _issued(fields: Fields, issuer: Issuer, auth: AuthConfig, value: Secret | None, now: float) -> Issued:
    if isinstance(auth, TokenAuth):
        credential = issuer.credential(now, issued=value is not None, value=value)
    elif isinstance(auth, JwtAuth) and auth.secret is not None:
        if not issuer.seals:
            fields.report.error(
                ("auth", "algorithm"),
                Code.UNAVAILABLE,
                "needs a secret, which is kept only sealed, and there is no key to seal it with: set AUTHZ_SECRET_KEYS",
            )
        credential = issuer.credential(now, issued=value is not None)
        auth = replace(auth, credential_id=credential.id)
    else:
        return Issued(auth)
    shown = None if value is None else IssuedCredential(auth.type.value, value, auth.expires_at)
    return Issued(auth, credential, shown)


def rotated(issuer: Issuer, auth: TokenAuth | JwtAuth, expires_at: float | None, until: float, now: float) -> Issued:
    """The auth with a new token or secret; the old one works `until` then, never past its own expiry."""
    keeps_old = until > now and (auth.expires_at is None or auth.expires_at > now)
    if isinstance(auth, TokenAuth):
        value = issuer.token()
        old_token = PreviousToken(token_sha256=auth.token_sha256, until=until, expires_at=auth.expires_at)
        digest = token.digest(value.reveal())
        credential = issuer.credential(now, issued=True, value=value)
        new_token = replace(auth, token_sha256=digest, expires_at=expires_at, previous=old_token if keeps_old else None)
        return Issued(new_token, credential, IssuedCredential(auth.type.value, value, expires_at))
    assert auth.secret is not None  # noqa: S101 - or there would be no credential to rotate
    value = issuer.hmac_secret(auth.algorithm)
    credential = issuer.credential(now, issued=True)
    old = PreviousSecret(
        credential_id=auth.credential_id or "", secret=auth.secret, until=until, expires_at=auth.expires_at
    )
    new = replace(
        auth,
        secret=value,
        credential_id=credential.id,
        expires_at=expires_at,
        previous=old if keeps_old else None,
    )
    return Issued(new, credential, IssuedCredential(auth.type.value, value, expires_at))
