"""Opaque secrets of our own."""

import hashlib
import secrets
import string
import zlib
from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from authz_server.core.token import LONG_SECRET_DIGITS, TOKEN_DIGITS, Prefix, digest, is_well_formed, issue

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
ISSUED = st.builds(
    lambda number: issue(Prefix.TOKEN, lambda below: number % below), st.integers(0, 62**TOKEN_DIGITS - 1)
)


def base62(number: int, digits: int) -> str:
    """Written another way than the product does, as an oracle."""
    return "".join(BASE62[number // 62**place % 62] for place in range(digits - 1, -1, -1))


@given(st.sampled_from(Prefix), st.sampled_from([TOKEN_DIGITS, LONG_SECRET_DIGITS]), st.data())
def test_issued_secret_is_prefix_number_and_checksum(prefix: Prefix, digits: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 62**digits - 1))
    secret = issue(prefix, lambda below: number % below, digits)
    body = f"{prefix}{base62(number, digits)}"
    assert secret == body + base62(zlib.crc32(body.encode()), 6)
    assert is_well_formed(secret, prefix, digits)


def test_issue_asks_for_one_uniform_number_of_more_than_256_bits() -> None:
    asked: list[int] = []

    def zero(below: int) -> int:
        asked.append(below)
        return 0

    issue(Prefix.TOKEN, zero)
    assert asked == [62**43]
    assert asked[0] > 2**256


def test_every_digit_is_as_likely_as_any_other() -> None:
    """60,000 digits in 62 bins: a bin that is off by 20 % is seven standard deviations away."""
    count = Counter("".join(issue(Prefix.TOKEN, secrets.randbelow)[4:47] for _ in range(1_400)))
    assert set(count) == set(BASE62)
    expected = 1_400 * 43 / 62
    assert all(0.8 * expected < seen < 1.2 * expected for seen in count.values())


@given(ISSUED, st.data())
def test_any_changed_character_is_found(token: str, data: st.DataObject) -> None:
    """CRC-32 finds every change that lies within 32 bits, so a single character always."""
    position = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.sampled_from(BASE62 + "_-~!."))
    assume(character != token[position])
    assert not is_well_formed(token[:position] + character + token[position + 1 :], Prefix.TOKEN)


@given(ISSUED, st.data())
def test_any_two_neighbours_exchanged_are_found(token: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(token) - 2))
    assume(token[at] != token[at + 1])
    assert not is_well_formed(token[:at] + token[at + 1] + token[at] + token[at + 2 :], Prefix.TOKEN)


@given(ISSUED)
def test_another_length_or_prefix_is_malformed(token: str) -> None:
    for wrong in (token[:-1], f"{token}0", "", token[4:], f"azh_{token[4:]}", token.upper()):
        assert not is_well_formed(wrong, Prefix.TOKEN)
    assert not is_well_formed(token, Prefix.HMAC_SECRET)
    assert not is_well_formed(token, Prefix.TOKEN, LONG_SECRET_DIGITS)


@given(st.text(max_size=60))
def test_foreign_text_is_malformed_and_raises_nothing(text: str) -> None:
    assert not is_well_formed(text, Prefix.TOKEN)
    assert not is_well_formed(f"azt_{text}".ljust(53, "é")[:53], Prefix.TOKEN)


def test_digest_is_sha256_of_the_whole_secret() -> None:
    assert digest("azt_x") == hashlib.sha256(b"azt_x").digest()


def test_digest_of_what_is_not_ascii_is_an_error() -> None:
    with pytest.raises(UnicodeEncodeError):
        digest("é")
