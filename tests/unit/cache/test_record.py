import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.cache.record import RecordCodec
from authz_server.core.allow_list import AllowList
from authz_server.core.auth import (
    AuthConfig,
    JwtAuth,
    MtlsAuth,
    NoAuth,
    OidcAuth,
    PreviousSecret,
    PreviousToken,
    RequiredClaim,
    TokenUse,
)
from authz_server.core.errors import ProfileUnusable
from authz_server.core.profile import Profile, Version
from authz_server.core.secret import Secret
from authz_server.sealing.content import SealMissing
from authz_server.sealing.keys import RecordKeys
from tests.support.profiles import a_client, a_profile, hmac_auth, token_auth

KEYS = RecordKeys((b"k" * 32,))
EPOCH = "0123456789abcdef0123456789abcdef"
SIGNED = RecordCodec("authz", KEYS)
UNSIGNED = RecordCodec("authz", None)
CLAIMS = (RequiredClaim(path=("a", "b.c"), allowed=(1, True, "1", 1.5, None)),)

EVERY_AUTH: list[AuthConfig] = [
    NoAuth(),
    token_auth(),
    token_auth(
        expires_at=1.5,
        forward_authorization=True,
        previous=PreviousToken(token_sha256=b"\xff" * 32, until=2.0, expires_at=3.0),
    ),
    JwtAuth(algorithm="ES256", public_key="PEM", issuer="i", audience=("a",), subject="s", required_claims=CLAIMS),
    JwtAuth(algorithm="RS256", jwks='{"keys": []}', leeway_seconds=0, max_lifetime_seconds=60, expires_at=9.0),
    OidcAuth(issuer="https://i", audience=("a", "b")),
    OidcAuth(
        issuer="https://i",
        audience=("a",),
        jwks="{}",
        jwks_uri="https://j",
        algorithms=("ES256",),
        token_use=TokenUse.ID,
        required_claims=CLAIMS,
        required_scopes=("read",),
        leeway_seconds=1,
    ),
    MtlsAuth(any_verified=True),
    MtlsAuth(
        fingerprints_sha256=("a" * 64,),
        san_uris=("spiffe://a/*",),
        san_dns=("d",),
        subject_cn=("c",),
        subject_ou=("o",),
        issuer_dn=("CN=i",),
        ca_bundle="PEM",
    ),
    token_auth(header="x-api-key"),
]


def written(profile: Profile, sequence: int = 7, codec: RecordCodec = SIGNED) -> bytes:
    return codec.write(profile.id, Version(EPOCH, sequence), codec.content(profile))


def read(record: bytes, profile_id: str = "pr_production", codec: RecordCodec = SIGNED) -> Profile | None:
    return codec.profile(codec.open(profile_id, EPOCH, record))


@pytest.mark.parametrize("codec", [SIGNED, UNSIGNED], ids=["signed", "unsigned"])
@pytest.mark.parametrize("auth", EVERY_AUTH, ids=range(len(EVERY_AUTH)))
def test_a_profile_of_every_auth_type_comes_back_as_it_was(auth: AuthConfig, codec: RecordCodec) -> None:
    profile = a_profile(
        client=a_client(description="d", active=False, labels={"b": "1", "a": "2"}),
        active=False,
        allowed_methods=("GET", "POST"),
        allowed_ips=AllowList.of(["10.0.0.0/8", "2001:db8::/32"]),
        allowed_routes=("orders",),
        labels={"tier": "gold"},
        auth=auth,
        version=Version(EPOCH, 7),
    )
    assert read(written(profile, codec=codec), codec=codec) == profile


def test_a_token_without_a_header_of_its_own_is_written_as_if_there_were_no_such_field() -> None:
    """A record from before the field was there is the same, byte for byte, and is not published anew."""
    assert b"header" not in SIGNED.content(a_profile(auth=token_auth()))
    assert b'"header":"x-api-key"' in SIGNED.content(a_profile(auth=token_auth(header="x-api-key")))


def test_claim_values_keep_their_types() -> None:
    profile = read(written(a_profile(auth=EVERY_AUTH[3])))
    assert profile is not None
    assert isinstance(profile.auth, JwtAuth)
    assert [type(value) for value in profile.auth.required_claims[0].allowed] == [int, bool, str, float, type(None)]


def test_hmac_secrets_are_sealed_in_the_record_and_open_with_their_ids() -> None:
    previous = PreviousSecret(credential_id="cr_0", secret=Secret("o" * 40), until=5.0, expires_at=6.0)
    record = written(a_profile(auth=hmac_auth("the-secret" * 4, previous=previous)))
    assert b"the-secret" not in record
    assert b"oooo" not in record
    profile = read(record)
    assert profile is not None
    auth: Any = profile.auth
    assert (auth.credential_id, auth.secret.reveal()) == ("cr_1", "the-secret" * 4)
    assert (auth.previous.credential_id, auth.previous.secret.reveal()) == ("cr_0", "o" * 40)
    assert (auth.previous.until, auth.previous.expires_at) == (5.0, 6.0)


def test_a_secret_without_an_id_comes_back_without_one() -> None:
    profile = read(written(a_profile(auth=hmac_auth(credential_id=None))))
    assert profile is not None
    assert isinstance(profile.auth, JwtAuth)
    assert profile.auth.credential_id is None


def test_hmac_secrets_are_never_written_without_keys() -> None:
    with pytest.raises(SealMissing, match=r"pr_production .*AUTHZ_SECRET_KEYS"):
        UNSIGNED.content(a_profile(auth=hmac_auth()))


def test_the_same_profile_has_the_same_content_whatever_the_order_of_its_labels() -> None:
    one, other = (
        a_profile(auth=hmac_auth(), labels={"a": "1", "b": "2"}),
        a_profile(auth=hmac_auth(), labels={"b": "2", "a": "1"}),
    )
    assert SIGNED.content(one) == SIGNED.content(other)


def test_a_deletion_is_a_record_too() -> None:
    record = SIGNED.open("pr_1", EPOCH, SIGNED.write("pr_1", Version(EPOCH, 3)))
    assert record.deleted
    assert record.version == Version(EPOCH, 3)
    assert SIGNED.profile(record) is None


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_no_altered_byte_of_a_signed_record_is_taken(position: int, mask: int) -> None:
    record = bytearray(written(a_profile()))
    record[position % len(record)] ^= mask
    with pytest.raises(ProfileUnusable):
        SIGNED.open("pr_production", EPOCH, bytes(record))


@given(st.binary(max_size=200))
def test_garbage_is_unusable(garbage: bytes) -> None:
    for codec in (SIGNED, UNSIGNED):
        for record in (garbage, b"authz1 " + garbage, b"authz1 " + EPOCH.encode() + b" 1 - !" + garbage):
            with pytest.raises(ProfileUnusable):
                codec.profile(codec.open("pr_1", EPOCH, record))


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (b"", "another schema, or no record"),
        (b"authz2 anything", "another schema"),
        (b"authz1 " + EPOCH.encode() + b" 1 -", "cut off"),
        (b"authz1 " + EPOCH.encode() + b" x - {}", "cut off or garbled"),
        (b"authz1 " + EPOCH.encode() + b" \xb2 - {}", "cut off or garbled"),
        (b"authz1 " + EPOCH.encode() + b" " + b"9" * 17 + b" - {}", "cut off or garbled"),
        (b"authz1 " + b"f" * 32 + b" 1 - {}", "another epoch"),
        (b"authz1 " + EPOCH.encode() + b" 1 - {}", "is not signed"),
        (b"authz1 " + EPOCH.encode() + b" 1 !! {}", "signature that does not match"),
        (b"authz1 " + EPOCH.encode() + b" 1 " + b"A" * 43 + b" {}", "signature that does not match"),
    ],
)
def test_each_way_to_be_unusable_is_named(record: bytes, problem: str) -> None:
    with pytest.raises(ProfileUnusable, match=f"the record of profile pr_1 .*{problem}"):
        SIGNED.open("pr_1", EPOCH, record)


def test_a_record_of_another_profile_prefix_key_or_epoch_is_unusable() -> None:
    record = written(a_profile("pr_1"))
    for codec, profile_id, epoch in (
        (SIGNED, "pr_2", EPOCH),
        (RecordCodec("other", KEYS), "pr_1", EPOCH),
        (RecordCodec("authz", RecordKeys((b"x" * 32,))), "pr_1", EPOCH),
        (SIGNED, "pr_1", "f" * 32),
    ):
        with pytest.raises(ProfileUnusable):
            codec.open(profile_id, epoch, record)


def test_an_unsigned_record_under_another_id_is_unusable() -> None:
    """There is no signature to tell, so the id inside does."""
    with pytest.raises(ProfileUnusable, match="of another profile"):
        read(written(a_profile("pr_1"), codec=UNSIGNED), "pr_2", codec=UNSIGNED)


def test_a_signed_record_is_not_taken_where_there_are_no_keys() -> None:
    with pytest.raises(ProfileUnusable, match="is signed, and there is no key"):
        UNSIGNED.open("pr_production", EPOCH, written(a_profile()))


def test_a_signature_written_another_way_is_not_taken() -> None:
    """43 base64url digits have two bits to spare; one record has one form."""
    parts = written(a_profile()).split(b" ", 4)
    raw = base64.urlsafe_b64decode(parts[3] + b"=")
    for digit in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        other = parts[3][:-1] + bytes([digit])
        if other != parts[3] and base64.urlsafe_b64decode(other + b"=") == raw:
            with pytest.raises(ProfileUnusable):
                SIGNED.open("pr_production", EPOCH, b" ".join((*parts[:3], other, parts[4])))


def test_an_old_key_still_verifies_and_the_record_says_that_it_is_old() -> None:
    rotated = RecordCodec("authz", RecordKeys((b"n" * 32, b"k" * 32)))
    assert not rotated.open("pr_production", EPOCH, written(a_profile())).current
    assert rotated.open("pr_production", EPOCH, written(a_profile(), codec=rotated)).current


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b"nul",
        b'{"id":"pr_1","client":{"id":"c","name":"n"},"name":"x","auth":{"kind":"none"},"allowed_ip":[]}',
        b'{"id":"pr_1","client":{"id":"c","name":"n"},"name":"x","auth":{"kind":"none"},"allowed_ips":["10.0.0.1/8"]}',
        b'{"id":"pr_1","client":{"id":"c","name":"n"},"name":"x","auth":{"kind":"spell"}}',
        b'{"id":"pr_1","client":{"id":"c","name":"n"},"name":"x","auth":{"kind":"token","token_sha256":"?"}}',
        b'{"id":"pr_1","client":{"id":"c","name":"n"},"name":"x","auth":{"kind":"jwt","algorithm":"HS256","secret_sealed":"x"}}',
    ],
)
def test_content_that_does_not_fit_is_unusable_even_if_it_is_signed(content: bytes) -> None:
    record = SIGNED.write("pr_1", Version(EPOCH, 1), content)
    with pytest.raises(ProfileUnusable, match="the record of profile pr_1"):
        read(record, "pr_1")


def test_a_sealed_secret_in_an_unsigned_record_is_unusable() -> None:
    content = SIGNED.content(a_profile("pr_1", auth=hmac_auth()))
    with pytest.raises(ProfileUnusable, match="no key to open it"):
        read(UNSIGNED.write("pr_1", Version(EPOCH, 1), content), "pr_1", codec=UNSIGNED)
