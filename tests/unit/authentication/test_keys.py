"""Public keys, key sets and HMAC secrets: which suit, and what is said of those that do not."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from authz_server.authentication.keys import (
    ASYMMETRIC_ALGORITHMS,
    HMAC_ALGORITHMS,
    KeySet,
    check_hmac_secret,
    check_key_set,
    check_public_key,
    parse_key_set,
    parse_public_key,
)
from authz_server.core import limits
from tests.unit.authentication.tokens import (
    PrivateKey,
    a_jwk,
    a_key,
    a_key_set,
    an_rsa_key,
    base64url,
    private_pem,
    public_pem,
    signed,
)

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def suiting(algorithm: str) -> PrivateKey:
    return a_key(algorithm) if algorithm[:2] in ("ES", "Ed") else an_rsa_key(2048)


def parts(token: str) -> tuple[bytes, bytes]:
    signing_input, _, signature = token.rpartition(".")
    return signing_input.encode(), urlsafe_b64decode(signature + "==")


def test_the_algorithms_are_those_of_rfc_7518_and_rfc_8037_that_sign() -> None:
    assert set(HMAC_ALGORITHMS) == {"HS256", "HS384", "HS512"}
    assert set(ASYMMETRIC_ALGORITHMS) == {
        *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
    }


@pytest.mark.parametrize("algorithm", ASYMMETRIC_ALGORITHMS)
def test_a_key_verifies_what_its_private_half_signed_and_nothing_else(algorithm: str) -> None:
    key = suiting(algorithm)
    verify = parse_public_key(public_pem(key), algorithm)
    signing_input, signature = parts(signed({}, algorithm, key))
    assert verify(signing_input, signature)
    assert not verify(signing_input + b"x", signature)
    assert not verify(signing_input, signature[:-1])
    assert not verify(signing_input, signature + b"\0")
    assert not verify(signing_input, bytes(len(signature)))
    assert not verify(signing_input, b"")


def test_an_ed448_key_verifies_too() -> None:
    key = a_key("Ed448")
    signing_input, signature = parts(signed({}, "EdDSA", key))
    assert parse_public_key(public_pem(key), "EdDSA")(signing_input, signature)


def test_a_signature_in_der_form_is_no_es256_signature() -> None:
    key = a_key("ES256")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    verify = parse_public_key(public_pem(key), "ES256")
    assert not verify(b"text", key.sign(b"text", ec.ECDSA(hashes.SHA256())))


@pytest.mark.parametrize("salt_length", [0, 20, padding.PSS.MAX_LENGTH])
def test_the_salt_of_ps256_is_as_long_as_its_hash(salt_length: int) -> None:
    verify = parse_public_key(public_pem(an_rsa_key(2048)), "PS256")
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length)
    assert not verify(b"text", an_rsa_key(2048).sign(b"text", pss, hashes.SHA256()))


@pytest.mark.parametrize(
    ("kind", "algorithm", "wants"),
    [
        ("ES256", "RS256", "an RSA key"),
        ("EdDSA", "PS256", "an RSA key"),
        ("ES384", "ES256", "an EC key on the curve P-256"),
        ("ES256", "ES384", "an EC key on the curve P-384"),
        ("ES256K", "ES256", "an EC key on the curve P-256"),
        ("ES256", "ES512", "an EC key on the curve P-521"),
        ("EdDSA", "ES256", "an EC key on the curve P-256"),
        ("ES256", "EdDSA", "an Ed25519 or Ed448 key"),
        ("RSA", "EdDSA", "an Ed25519 or Ed448 key"),
        ("RSA", "ES256", "an EC key on the curve P-256"),
    ],
)
def test_algorithm_type_and_curve_must_agree(kind: str, algorithm: str, wants: str) -> None:
    key = an_rsa_key(2048) if kind == "RSA" else a_key(kind)
    with pytest.raises(ValueError, match=f"does not suit {algorithm}, which needs {wants}"):
        check_public_key(public_pem(key), algorithm)


def test_an_rsa_key_of_less_than_2048_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="is an RSA key of 1024 bits; at least 2048 are needed"):
        check_public_key(public_pem(an_rsa_key(1024)), "RS256")


@pytest.mark.parametrize(
    ("pem", "problem"),
    [
        ("", "is not one public key"),
        ("abc", "is not one public key"),
        (CERTIFICATE, "is not one public key"),
        (private_pem(a_key("ES256")), "holds a private key"),
        (private_pem(a_key("ES256")) + public_pem(a_key("ES256")), "holds a private key"),
        (public_pem(a_key("ES256")) * 2, "is not one public key"),
        (public_pem(a_key("ES256")).replace("M", "!"), "is not a public key that can be read"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "is not a public key that can be read"),
        ("-----BEGIN PUBLIC KEY-----\nä\n-----END PUBLIC KEY-----\n", "is not a public key that can be read"),
    ],
    ids=["empty", "text", "certificate", "private", "both", "two", "damaged", "no key", "not ASCII"],
)
def test_what_is_not_one_public_key_is_refused(pem: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        check_public_key(pem, "ES256")


def test_a_secret_is_as_long_as_its_hash() -> None:
    for algorithm, length in (("HS256", 32), ("HS384", 48), ("HS512", 64)):
        check_hmac_secret("k" * length, algorithm)
        with pytest.raises(ValueError, match=f"is too short: {algorithm} needs at least {length} characters"):
            check_hmac_secret("k" * (length - 1), algorithm)


@pytest.mark.parametrize("secret", ["k" * 31 + "\n", "k" * 31 + " ", "ä" * 32, "k" * 31 + "\x7f", "\x00" * 32])
def test_a_secret_is_readable_ascii(secret: str) -> None:
    with pytest.raises(ValueError, match="must be printable ASCII without white space") as refusal:
        check_hmac_secret(secret, "HS256")
    assert secret not in str(refusal.value)


def test_a_pem_is_no_secret() -> None:
    with pytest.raises(ValueError, match="is a PEM document"):
        check_hmac_secret("-----BEGIN" + "k" * 40, "HS256")


def selected(keys: KeySet, algorithm: str, key: PrivateKey, **header: Any) -> bool:
    verify = keys.select(algorithm, header)
    return verify is not None and verify(*parts(signed({}, algorithm, key)))


def test_kid_selects_among_the_keys_of_the_algorithm() -> None:
    one, two = a_key("ES256"), a_key("ES256", 2)
    keys = parse_key_set(a_key_set(a_jwk(one, kid="1"), a_jwk(two, kid="2")), ["ES256"])
    assert selected(keys, "ES256", one, kid="1")
    assert selected(keys, "ES256", two, kid="2")
    assert not selected(keys, "ES256", one, kid="2")


@pytest.mark.parametrize("kid", ["3", "", None, 1, True, ["1"], {"1": 1}])
def test_an_unknown_kid_selects_nothing(kid: object) -> None:
    keys = parse_key_set(a_key_set(a_jwk(a_key("ES256"), kid="1")), ["ES256"])
    assert keys.select("ES256", {"kid": kid}) is None


def test_kid_may_be_absent_only_where_one_key_fits() -> None:
    one, two, rsa_key = a_key("ES256"), a_key("ES256", 2), an_rsa_key(2048)
    alone = parse_key_set(a_key_set(a_jwk(one, kid="1"), a_jwk(rsa_key, kid="r")), ["ES256", "RS256"])
    assert selected(alone, "ES256", one)
    both = parse_key_set(a_key_set(a_jwk(one, kid="1"), a_jwk(two)), ["ES256"])
    assert both.select("ES256", {}) is None
    nameless = parse_key_set(a_key_set(a_jwk(one)), ["ES256"])
    assert selected(nameless, "ES256", one)
    assert nameless.select("ES256", {"kid": "1"}) is None


def test_one_rsa_key_serves_every_rsa_algorithm_unless_it_names_its_own() -> None:
    key = an_rsa_key(2048)
    keys = parse_key_set(a_key_set(a_jwk(key, kid="1")), ["RS256", "PS512"])
    assert selected(keys, "RS256", key, kid="1")
    assert selected(keys, "PS512", key, kid="1")
    named = parse_key_set(a_key_set(a_jwk(key, kid="1", alg="RS256")), ["RS256", "PS512"])
    assert selected(named, "RS256", key, kid="1")
    assert named.select("PS512", {"kid": "1"}) is None


def test_the_same_kid_may_name_keys_of_two_algorithms() -> None:
    jwks = a_key_set(a_jwk(a_key("ES256"), kid="1"), a_jwk(a_key("EdDSA"), kid="1"))
    keys = parse_key_set(jwks, ["ES256", "EdDSA"])
    assert selected(keys, "ES256", a_key("ES256"), kid="1")
    assert selected(keys, "EdDSA", a_key("EdDSA"), kid="1")


@pytest.mark.parametrize(
    "jwk",
    [
        a_jwk(a_key("ES256"), use="enc"),
        a_jwk(a_key("ES256"), use=["sig"]),
        a_jwk(a_key("ES256"), key_ops=["sign"]),
        a_jwk(a_key("ES256"), key_ops="verify"),
        a_jwk(a_key("ES256"), alg="ES384"),
        a_jwk(a_key("ES256"), alg=None),
        a_jwk(a_key("ES256"), crv="secp256k1"),
        a_jwk(a_key("ES256"), crv=["P-256"]),
        a_jwk(a_key("ES384")),
        a_jwk(a_key("EdDSA")),
        {"kty": "AKP", "pub": "AAAA"},
        {"kty": ["EC"]},
        {},
    ],
    ids=[
        *("use enc", "use a list", "key_ops sign", "key_ops text", "alg ES384", "alg null", "secp256k1", "crv a list"),
        *("P-384", "Ed25519", "unknown", "kty a list", "empty"),
    ],
)
def test_keys_for_something_else_are_passed_over(jwk: dict[str, Any]) -> None:
    assert not parse_key_set(a_key_set(jwk), ["ES256"])
    assert parse_key_set(a_key_set(jwk, a_jwk(a_key("ES256"), key_ops=["verify"], use="sig")), ["ES256"])
    with pytest.raises(ValueError, match="has no key for ES256 or RS256"):
        check_key_set(a_key_set({"kty": "AKP", "pub": "AAAA"}), ["ES256", "RS256"])


EC_JWK = a_jwk(a_key("ES256"))


@pytest.mark.parametrize(
    ("jwk", "problem"),
    [
        ("text", "is not a JSON object"),
        ({"kty": "oct", "k": "AAAA"}, "is a private or symmetric key"),
        ({"kty": "oct"}, "is a private or symmetric key"),
        (EC_JWK | {"d": "AAAA"}, "is a private or symmetric key"),
        (a_jwk(an_rsa_key(2048)) | {"p": "AAAA", "q": "AAAA"}, "is a private or symmetric key"),
        ({"kty": "AKP", "priv": "AAAA"}, "is a private or symmetric key"),
        (EC_JWK | {"kid": 1}, "has a kid that is not a string"),
        (EC_JWK | {"kid": None}, "has a kid that is not a string"),
        (EC_JWK | {"x": EC_JWK["x"] + "="}, "has no x in unpadded base64url"),
        (EC_JWK | {"y": 1}, "has no y in unpadded base64url"),
        ({"kty": "EC", "crv": "P-256", "x": EC_JWK["x"]}, "has no y in unpadded base64url"),
        (EC_JWK | {"x": base64url(b"\x01" * 31)}, "is not a public key that can be read"),
        (EC_JWK | {"x": base64url(b"\x01" * 32), "y": base64url(b"\x01" * 32)}, "is not a public key that can be read"),
        (EC_JWK | {"crv": "Ed25519"}, "is not a public key that can be read"),
        (a_jwk(an_rsa_key(2048)) | {"e": base64url(b"\x01")}, "is not a public key that can be read"),
        (a_jwk(an_rsa_key(1024)), "is an RSA key of 1024 bits"),
        (a_jwk(a_key("EdDSA")) | {"x": "AAAA"}, "is not a public key that can be read"),
    ],
    ids=[
        *(
            "text",
            "symmetric",
            "symmetric by type",
            "private EC",
            "private RSA",
            "private AKP",
            "kid a number",
            "kid null",
            "padded",
        ),
        *("y a number", "no y", "short", "off the curve", "another curve", "e of 1", "1024 bits", "short OKP"),
    ],
)
def test_a_key_that_must_not_be_there_or_is_damaged_refuses_the_set(jwk: object, problem: str) -> None:
    with pytest.raises(ValueError, match=rf"has a key that cannot be used: keys\[1\] {problem}"):
        check_key_set(a_key_set(a_jwk(a_key("ES256"), kid="good"), jwk), ["ES256", "RS256", "EdDSA"])


def test_two_keys_of_one_kid_refuse_the_set() -> None:
    jwks = a_key_set(a_jwk(a_key("ES256"), kid="1"), a_jwk(a_key("ES256", 2), kid="1"))
    with pytest.raises(ValueError, match=r"keys\[1\] has the kid of another key"):
        check_key_set(jwks, ["ES256"])


def test_a_key_without_kid_is_no_namesake_of_another() -> None:
    check_key_set(a_key_set(a_jwk(a_key("ES256")), a_jwk(a_key("ES256", 2))), ["ES256"])


@pytest.mark.parametrize(
    "jwks", ["", "[]", "{}", '{"keys":{}}', '{"keys":null}', '{"keys":[],"keys":[]}', "\ud800", json.dumps(EC_JWK)]
)
def test_what_is_not_a_key_set_is_refused(jwks: str) -> None:
    with pytest.raises(ValueError, match="is not a JWK Set"):
        check_key_set(jwks, ["ES256"])


def test_a_key_set_has_a_ceiling_of_bytes_and_of_keys() -> None:
    fits = a_key_set(EC_JWK, *[{}] * (limits.KEYS_IN_A_SET - 1))
    check_key_set(fits + " " * (limits.JWKS_BYTES - len(fits)), ["ES256"])
    with pytest.raises(ValueError, match=f"is longer than {limits.JWKS_BYTES} bytes"):
        check_key_set(" " * (limits.JWKS_BYTES + 1), ["ES256"])
    with pytest.raises(ValueError, match=f"has more than {limits.KEYS_IN_A_SET} keys"):
        check_key_set(a_key_set(*[{}] * (limits.KEYS_IN_A_SET + 1)), ["ES256"])


def test_members_that_name_keys_elsewhere_are_never_read() -> None:
    jwk = a_jwk(a_key("ES256"), x5c=["nonsense"], x5u="https://evil.example", jku="https://evil.example")
    check_key_set(a_key_set(jwk), ["ES256"])
