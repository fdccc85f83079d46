"""The keys that an operator sets, and those derived from them by HKDF-SHA256 (RFC 5869).

AUTHZ_SECRET_KEYS -> seal of documents and of the database
                  -> AUTHZ_RECORD_KEYS -> signature of records in Redis
                                       -> seal of secrets in Redis
Whoever holds the record keys alone gets no further up.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
_ACCEPTED: Final = "accepted: comma-separated keys, each the base64 of 32 bytes, as `authz-server secrets new` prints"


class KeysInvalid(ValueError):
    """A list of keys that cannot be read. Says what is accepted, never what was given."""


def derive(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, from which neither `key` nor another purpose's key can be told."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"authz-server {purpose}".encode()).derive(key)


def as_text(key: bytes) -> str:
    """A key as it is written in a setting."""
    return base64.b64encode(key).decode("ascii")


@dataclass(frozen=True, slots=True)
class _Keys:
    """Keys of 32 bytes, at least one. The first makes new things, all read old ones."""

    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a setting. Raises `KeysInvalid`."""
        parts = [part.strip() for part in text.split(",")]
        return cls(tuple(_key(part, position) for position, part in enumerate(parts, start=1)))

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """One key per key, for one purpose, in the same order."""
        return tuple(derive(key, purpose) for key in self.keys)

    def to_text(self) -> str:
        """The keys as a setting holds them: secret."""
        return ",".join(map(as_text, self.keys))


class SecretKeys(_Keys):
    """AUTHZ_SECRET_KEYS: the root of everything that is sealed or signed."""

    __slots__ = ()


class RecordKeys(_Keys):
    """AUTHZ_RECORD_KEYS: enough to verify the records in Redis and to open the secrets in them, and no more."""

    __slots__ = ()

    @classmethod
    def derived_from(cls, secret_keys: SecretKeys) -> RecordKeys:
        """The record keys that belong to the secret keys, in the same order."""
        return cls(secret_keys.derived("record keys"))


def _key(text: str, position: int) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: characters outside ASCII
        raise KeysInvalid(f"key {position} is not base64; {_ACCEPTED}") from None
    if len(key) != KEY_BYTES:
        raise KeysInvalid(f"key {position} has {len(key)} bytes instead of {KEY_BYTES}; {_ACCEPTED}")
    return key


def framed(parts: Iterable[bytes]) -> bytes:
    """The parts as one text that can be split in one way only: each after its length in 8 bytes."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)
