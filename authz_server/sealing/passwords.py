"""Passwords of people, kept as argon2id (RFC 9106) makes them: slow to try, and in much memory."""

from __future__ import annotations

import threading
import unicodedata
from typing import Final

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

AT_ONCE: Final = 2  # each takes 64 MiB: who comes later waits


class Argon2Passwords:
    """`account_ports.Passwords`, by RFC 9106's second recommended option; any number of threads may use it."""

    __slots__ = ("_hasher", "_turns")

    def __init__(self, parameters: Parameters = RFC_9106_LOW_MEMORY) -> None:
        self._hasher = PasswordHasher.from_parameters(parameters)
        self._turns = threading.Semaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        """In the PHC string format, parameters and salt included."""
        with self._turns:
            return self._hasher.hash(_bytes(password))

    def verify(self, hashed: str, password: str) -> bool:
        """Under the parameters that `hashed` itself names. What is no such string belongs to no password."""
        try:
            with self._turns:
                return self._hasher.verify(hashed, _bytes(password))
        except (VerifyMismatchError, InvalidHashError):
            return False

    def is_current(self, hashed: str) -> bool:
        """Whether the parameters are those of today."""
        return not self._hasher.check_needs_rehash(hashed)


def _bytes(password: str) -> bytes:
    """Keyboards differ in how they write the same letter: normalised, it is the same (RFC 8265, section 4.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
