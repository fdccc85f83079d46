import base64
import hashlib
import hmac

import pytest

from authz_server.sealing.keys import KeysInvalid, RecordKeys, SecretKeys, as_text, derive, framed

ONE, TWO = b"1" * 32, b"2" * 32


def test_keys_are_read_in_order_and_spaces_around_them_do_not_matter() -> None:
    assert SecretKeys.parse(f"{as_text(ONE)} , {as_text(TWO)}").keys == (ONE, TWO)


@pytest.mark.parametrize("raw", [b"", b"short", b"x" * 31, b"x" * 33, b"x" * 64])
def test_a_key_of_another_length_is_refused_by_its_position_without_being_shown(raw: bytes) -> None:
    with pytest.raises(KeysInvalid, match=f"key 2 has {len(raw)} bytes instead of 32; accepted") as refused:
        SecretKeys.parse(f"{as_text(ONE)},{as_text(raw)}")
    assert as_text(ONE) not in str(refused.value)


@pytest.mark.parametrize("text", ["no base64 at all!", "äöü", as_text(ONE)[:-1], as_text(ONE) + "\n=", "=" * 44])
def test_what_is_not_base64_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(KeysInvalid, match=r"key 1 .*; accepted: .*secrets new") as refused:
        SecretKeys.parse(text)
    assert text.strip("=\n") not in str(refused.value) or not text.strip("=\n")


def test_keys_do_not_show_in_their_representation() -> None:
    keys = SecretKeys((ONE,))
    assert "1111" not in repr(keys)
    assert as_text(ONE) not in repr(keys)


def test_record_keys_are_derived_in_order_and_read_back_from_a_setting() -> None:
    derived = RecordKeys.derived_from(SecretKeys((ONE, TWO)))
    assert RecordKeys.parse(derived.to_text()) == derived
    assert derived.keys[1:] == RecordKeys.derived_from(SecretKeys((TWO,))).keys
    assert not set(derived.keys) & {ONE, TWO}


def test_derivation_is_hkdf_of_rfc_5869_and_stays_as_it_is() -> None:
    """Another derivation would make every record and every sealed secret that exists unreadable."""
    assert base64.b16encode(derive(ONE, "record keys")) == _hkdf_sha256(ONE, b"authz-server record keys")


def test_each_purpose_has_a_key_of_its_own() -> None:
    assert derive(ONE, "a") != derive(ONE, "b")


def test_framed_parts_cannot_be_split_in_two_ways() -> None:
    assert framed((b"ab", b"c")) != framed((b"a", b"bc"))
    assert framed((b"", b"abc")) != framed((b"abc", b""))
    assert framed((b"abc",)) != framed((b"abc", b""))


def _hkdf_sha256(key: bytes, info: bytes) -> bytes:
    """RFC 5869 by hand, for one block of output and no salt."""
    extracted = hmac.digest(bytes(32), key, hashlib.sha256)
    return base64.b16encode(hmac.digest(extracted, info + b"\x01", hashlib.sha256))
