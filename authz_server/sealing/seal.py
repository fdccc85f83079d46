"""Secrets that have to be read back, sealed by AES-256-GCM.

`sealed1.<credential id>.<base64url of nonce and ciphertext>`. The profile's id and the credential's own are bound in as
associated data: a sealed secret that is moved to another profile, or renamed, does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from authz_server.core.secret import Secret
from authz_server.sealing.keys import RecordKeys, SecretKeys, derive, framed

_SCHEME: Final = "sealed1"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


class SealBroken(ValueError):
    """A sealed secret that does not open: garbage, moved, altered, or sealed under a key that is not held."""


@dataclass(frozen=True, slots=True)
class _Key:
    """One sealing key. Its nonces come from the secret itself, by HMAC under a key of their own.

    So the same secret in the same place is sealed to the same text (a publish that changes nothing writes nothing), and
    no nonce comes twice for two different messages, whatever the machine's random numbers are worth.
    """

    cipher: AESGCM
    nonces: bytes

    @classmethod
    def of(cls, key: bytes) -> _Key:
        return cls(AESGCM(derive(key, "cipher")), derive(key, "nonce"))

    def seal(self, secret: bytes, bound_to: bytes) -> bytes:
        nonce = hmac.digest(self.nonces, framed((bound_to, secret)), hashlib.sha256)[:_NONCE_BYTES]
        return nonce + self.cipher.encrypt(nonce, secret, bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> bytes:
        return self.cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)


class Seal:
    """Seals with the first key, opens with all."""

    __slots__ = ("_keys",)

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = tuple(map(_Key.of, keys))

    @classmethod
    def of_documents(cls, keys: SecretKeys) -> Seal:
        """For `secret_sealed` in documents, and for the database."""
        return cls(keys.derived("seal"))

    @classmethod
    def of_records(cls, keys: RecordKeys) -> Seal:
        """For the secrets in the records of Redis."""
        return cls(keys.derived("record seal"))

    def seal(self, profile_id: str, credential_id: str, secret: Secret) -> str:
        """The secret as text that only this profile's credential of that id can be opened from."""
        bound_to = _bound_to(profile_id, credential_id)
        sealed = self._keys[0].seal(secret.reveal().encode(), bound_to)
        return f"{_SCHEME}.{credential_id}.{base64.urlsafe_b64encode(sealed).decode('ascii').rstrip('=')}"

    def open(self, profile_id: str, text: str) -> tuple[str, Secret]:
        """The credential's id and the secret. Raises `SealBroken`."""
        credential_id, sealed = _parse(text)
        bound_to = _bound_to(profile_id, credential_id)
        for key in self._keys:
            try:
                return credential_id, Secret(key.open(sealed, bound_to).decode())
            except (InvalidTag, UnicodeDecodeError):
                continue
        raise SealBroken("does not open: it was sealed for another profile or under another key, or was altered")


def _bound_to(profile_id: str, credential_id: str) -> bytes:
    return framed((_SCHEME.encode(), profile_id.encode(), credential_id.encode()))


def _parse(text: str) -> tuple[str, bytes]:
    scheme, _, rest = text.partition(".")
    credential_id, dot, encoded = rest.rpartition(".")  # ids may hold dots, base64url does not
    if scheme != _SCHEME or not dot:
        raise SealBroken(f"is not a sealed secret ({_SCHEME}.<credential id>.<base64url>)")
    try:
        sealed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):  # ValueError: characters outside ASCII
        raise SealBroken("is not base64url in its last part") from None
    if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
        raise SealBroken("is cut off")
    return credential_id, sealed
