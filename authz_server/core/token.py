"""Opaque secrets of our own: made, recognised, digested.

`azt_` + 43 base62 digits + 6: the prefix lets a scanner find leaks, the checksum (CRC-32 of everything before it, in
base62) tells a typo from a wrong token.
"""

import hashlib
import zlib
from collections.abc import Callable
from enum import StrEnum
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS: Final = tuple(high + low for high in _DIGITS for low in _DIGITS)
_CHECKSUM_DIGITS: Final = 6
TOKEN_DIGITS: Final = 43  # 62**43 > 2**256
LONG_SECRET_DIGITS: Final = 86  # 62**86 > 2**512


class Prefix(StrEnum):
    """What a secret of ours is for."""

    TOKEN = "azt_"  # a prefix, no token
    HMAC_SECRET = "azh_"
    API_KEY = "aza_"
    SESSION = "azs_"


def issue(prefix: Prefix, random_below: Callable[[int], int], digits: int = TOKEN_DIGITS) -> str:
    """Make a new secret; `random_below(n)` is a uniform random integer in [0, n), as `secrets.randbelow`."""
    body = prefix + base62(random_below(62**digits), digits)
    return body + _checksum(body)


def is_well_formed(secret: str, prefix: Prefix, digits: int = TOKEN_DIGITS) -> bool:
    """Whether `secret` could have been issued under `prefix`: its length, its alphabet and its checksum."""
    if len(secret) != len(prefix) + digits + _CHECKSUM_DIGITS or not secret.startswith(prefix):
        return False
    # ASCII letters and digits are the base62 digits.
    if not (secret.isascii() and secret[len(prefix) :].isalnum()):
        return False
    return secret.endswith(_checksum(secret[:-_CHECKSUM_DIGITS]))


def digest(secret: str) -> bytes:
    """SHA-256 of the secret's ASCII bytes: all that is kept of a token."""
    return hashlib.sha256(secret.encode("ascii")).digest()


def base62(number: int, digits: int) -> str:
    """`number` in so many base62 digits."""
    written = []
    for _ in range(digits):
        number, value = divmod(number, 62)
        written.append(_DIGITS[value])
    return "".join(reversed(written))


def _checksum(body: str) -> str:
    # On the path of every check: two digits at a time.
    rest, low = divmod(zlib.crc32(body.encode("ascii")), 62 * 62)
    high, middle = divmod(rest, 62 * 62)
    return _PAIRS[high] + _PAIRS[middle] + _PAIRS[low]
