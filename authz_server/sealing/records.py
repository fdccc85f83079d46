"""Signatures of records, so that whoever can write to Redis cannot become an administrator."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from authz_server.sealing.keys import RecordKeys, framed

SIGNATURE_BYTES: Final = 32
_DOMAIN: Final = b"authz record 1"


class RecordSigner:
    """HMAC-SHA-256 over prefix, profile id, version and content (where the client's id is).

    The first key signs, all verify.
    """

    __slots__ = ("_keys", "_prefix")

    def __init__(self, keys: RecordKeys, prefix: str) -> None:
        self._keys = keys.derived("record signature")
        self._prefix = prefix.encode()

    def sign(self, profile_id: str, epoch: str, sequence: int, content: bytes) -> bytes:
        """The signature by the first key: 32 bytes."""
        return hmac.digest(self._keys[0], self._message(profile_id, epoch, sequence, content), hashlib.sha256)

    def verifies(self, signature: bytes, profile_id: str, epoch: str, sequence: int, content: bytes) -> bool:
        """Whether one of the keys made `signature`, in constant time per key."""
        return self.key_of(signature, profile_id, epoch, sequence, content) is not None

    def key_of(self, signature: bytes, profile_id: str, epoch: str, sequence: int, content: bytes) -> int | None:
        """The position of the key that made `signature`; 0 is the one that signs now."""
        message = self._message(profile_id, epoch, sequence, content)
        for position, key in enumerate(self._keys):
            if hmac.compare_digest(hmac.digest(key, message, hashlib.sha256), signature):
                return position
        return None

    def _message(self, profile_id: str, epoch: str, sequence: int, content: bytes) -> bytes:
        return framed(
            (_DOMAIN, self._prefix, profile_id.encode(), epoch.encode(), str(sequence).encode("ascii"), content)
        )
