import pytest

from authz_server.sealing.keys import RecordKeys
from authz_server.sealing.records import RecordSigner

KEYS = RecordKeys((b"1" * 32,))
SIGNED = ("pr_1", "epoch", 7, b"content")
SIGNER = RecordSigner(KEYS, "authz")


def test_a_signature_verifies_what_was_signed() -> None:
    assert SIGNER.verifies(SIGNER.sign(*SIGNED), *SIGNED)


@pytest.mark.parametrize(
    "altered",
    [
        ("pr_2", "epoch", 7, b"content"),
        ("pr_1", "epoch2", 7, b"content"),
        ("pr_1", "epoch", 8, b"content"),
        ("pr_1", "epoch", 7, b"contents"),
        ("pr_1e", "poch", 7, b"content"),
        ("pr_1", "epoch7", 7, b"ontent"),
    ],
)
def test_a_signature_covers_id_version_and_content(altered: tuple[str, str, int, bytes]) -> None:
    assert not SIGNER.verifies(SIGNER.sign(*SIGNED), *altered)


def test_a_signature_covers_the_prefix() -> None:
    assert not RecordSigner(KEYS, "other").verifies(SIGNER.sign(*SIGNED), *SIGNED)


def test_every_bit_of_a_signature_counts() -> None:
    signature = SIGNER.sign(*SIGNED)
    for position in range(len(signature) * 8):
        flipped = bytearray(signature)
        flipped[position // 8] ^= 1 << position % 8
        assert not SIGNER.verifies(bytes(flipped), *SIGNED)


@pytest.mark.parametrize("signature", [b"", b"\0" * 32, b"x" * 31, b"x" * 33])
def test_no_other_bytes_are_a_signature(signature: bytes) -> None:
    assert not SIGNER.verifies(signature, *SIGNED)


def test_the_first_key_signs_and_all_verify() -> None:
    both = RecordSigner(RecordKeys((b"2" * 32, b"1" * 32)), "authz")
    assert both.key_of(SIGNER.sign(*SIGNED), *SIGNED) == 1
    assert both.key_of(both.sign(*SIGNED), *SIGNED) == 0
    assert not SIGNER.verifies(both.sign(*SIGNED), *SIGNED)
