"""Opaque tokens, of which a profile knows the SHA-256 only."""

from hmac import compare_digest
from typing import Final

from authz_server.authentication.authenticator import NO_SUBJECT, Authenticated
from authz_server.authentication.bearer import bare_credential, bearer_credential
from authz_server.core.auth import TokenAuth
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.errors import ProfileUnusable
from authz_server.core.facts import CheckFacts
from authz_server.core.token import Prefix, digest, is_well_formed

_DIGEST_BYTES: Final = 32
_OURS: Final = Prefix.TOKEN  # looked up once: an enum's member is slow to reach


class TokenAuthenticator:
    """Admits who holds the profile's token, or the one before it during its grace."""

    __slots__ = ("_expires_at", "_header", "_previous", "_sha256")

    def __init__(self, auth: TokenAuth) -> None:
        """Raises `ProfileUnusable` where a digest is not a SHA-256."""
        previous = auth.previous
        if len(auth.token_sha256) != _DIGEST_BYTES or (previous and len(previous.token_sha256) != _DIGEST_BYTES):
            raise ProfileUnusable("a token's digest is not 32 bytes long")
        self._sha256 = auth.token_sha256
        self._expires_at = auth.expires_at
        self._previous = previous
        self._header = auth.header

    def authenticate(self, facts: CheckFacts, now: float) -> Authenticated | DenialReason:
        """Syntax, then our checksum, then the digest, then expiry: only who holds the token learns that it expired."""
        header = self._header
        token = bearer_credential(facts.authorization) if header is None else bare_credential(facts.headers.get(header))
        if isinstance(token, DenialReason):
            return token
        if token.startswith(_OURS) and not is_well_formed(token, _OURS):
            return DenialReason.CREDENTIAL_MALFORMED
        sha256 = digest(token)
        is_current = compare_digest(sha256, self._sha256)
        previous = self._previous
        if previous is None:
            return _unless_expired(self._expires_at, now) if is_current else DenialReason.TOKEN_INVALID
        # Both are compared always, so that the time taken does not tell which of the two was meant.
        is_previous = compare_digest(sha256, previous.token_sha256)
        if is_current:
            return _unless_expired(self._expires_at, now)
        if is_previous and now < previous.until:
            return _unless_expired(previous.expires_at, now)
        return DenialReason.TOKEN_INVALID


def _unless_expired(expires_at: float | None, now: float) -> Authenticated | DenialReason:
    return NO_SUBJECT if expires_at is None or now < expires_at else DenialReason.TOKEN_EXPIRED
