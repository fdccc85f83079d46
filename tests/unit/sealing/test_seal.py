import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.core.secret import Secret
from authz_server.sealing.keys import RecordKeys, SecretKeys
from authz_server.sealing.seal import Seal, SealBroken

SECRET_KEYS = SecretKeys((b"1" * 32,))
SEAL = Seal.of_documents(SECRET_KEYS)
IDENTIFIERS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}", fullmatch=True)


@given(IDENTIFIERS, IDENTIFIERS, st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_sealed_opens_with_its_credential_id(profile_id: str, credential_id: str, secret: str) -> None:
    opened_id, opened = SEAL.open(profile_id, SEAL.seal(profile_id, credential_id, Secret(secret)))
    assert (opened_id, opened.reveal()) == (credential_id, secret)


def test_sealed_text_shows_the_credential_id_and_not_the_secret() -> None:
    sealed = SEAL.seal("pr_1", "cr.with.dots", Secret("the-secret"))
    assert sealed.startswith("sealed1.cr.with.dots.")
    assert "the-secret" not in sealed


def test_the_same_secret_in_the_same_place_is_sealed_to_the_same_text() -> None:
    assert SEAL.seal("pr_1", "cr_1", Secret("s")) == SEAL.seal("pr_1", "cr_1", Secret("s"))


@pytest.mark.parametrize(
    ("profile_id", "credential_id", "secret"), [("pr_2", "cr_1", "s"), ("pr_1", "cr_2", "s"), ("pr_1", "cr_1", "t")]
)
def test_another_place_or_secret_has_another_nonce(profile_id: str, credential_id: str, secret: str) -> None:
    one, other = (
        SEAL.seal("pr_1", "cr_1", Secret("s")).rpartition(".")[2],
        SEAL.seal(profile_id, credential_id, Secret(secret)).rpartition(".")[2],
    )
    assert one[:16] != other[:16]


def test_a_sealed_secret_does_not_open_for_another_profile() -> None:
    with pytest.raises(SealBroken, match="sealed for another profile"):
        SEAL.open("pr_2", SEAL.seal("pr_1", "cr_1", Secret("s")))


def test_a_renamed_credential_does_not_open() -> None:
    with pytest.raises(SealBroken):
        SEAL.open("pr_1", SEAL.seal("pr_1", "cr_1", Secret("s")).replace("cr_1", "cr_2"))


def test_the_boundary_between_the_ids_cannot_be_moved() -> None:
    with pytest.raises(SealBroken):
        SEAL.open("pr_1c", SEAL.seal("pr_1", "cr_1", Secret("s")).replace(".cr_1.", ".r_1."))


@given(st.integers(min_value=0, max_value=200), st.integers(min_value=1, max_value=255))
def test_no_bit_can_be_flipped(position: int, mask: int) -> None:
    sealed = SEAL.seal("pr_1", "cr_1", Secret("secret"))
    position %= len(sealed)
    altered = sealed[:position] + chr(ord(sealed[position]) ^ mask) + sealed[position + 1 :]
    try:
        opened = SEAL.open("pr_1", altered)
    except SealBroken:
        return
    # base64 has bits to spare in its last digit; the same bytes are the same secret.
    assert (opened[0], opened[1].reveal()) == ("cr_1", "secret")


@pytest.mark.parametrize(
    "text",
    ["", ".", "x", "sealed1", "sealed1.", "sealed1.cr", "sealed1.c.", "sealed2.c.AA", "sealed1.c.A", "sealed1.c.ä"],
)
def test_what_is_no_sealed_secret_is_said_to_be_none(text: str) -> None:
    with pytest.raises(SealBroken):
        SEAL.open("pr_1", text)


def test_the_first_key_seals_and_all_open() -> None:
    old, new = SecretKeys((b"1" * 32,)), SecretKeys((b"2" * 32, b"1" * 32))
    sealed_by_old = Seal.of_documents(old).seal("pr_1", "cr_1", Secret("s"))
    sealed_by_new = Seal.of_documents(new).seal("pr_1", "cr_1", Secret("s"))
    assert Seal.of_documents(new).open("pr_1", sealed_by_old)[1].reveal() == "s"
    with pytest.raises(SealBroken):
        Seal.of_documents(old).open("pr_1", sealed_by_new)


def test_record_keys_open_the_secrets_of_records_and_none_of_documents() -> None:
    in_redis = Seal.of_records(RecordKeys.derived_from(SECRET_KEYS))
    assert in_redis.open("pr_1", in_redis.seal("pr_1", "cr_1", Secret("s")))[1].reveal() == "s"
    with pytest.raises(SealBroken):
        in_redis.open("pr_1", SEAL.seal("pr_1", "cr_1", Secret("s")))
    with pytest.raises(SealBroken):
        SEAL.open("pr_1", in_redis.seal("pr_1", "cr_1", Secret("s")))
