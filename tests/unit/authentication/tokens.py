"""Signed tokens for these tests, with whatever header and payload a test wants, and the keys that sign them."""

import json
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from authz_server.authentication.authenticator import Authenticated, Authenticator
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.facts import CheckFacts

NOW: Final = 1_800_000_000
SECRET: Final = "k" * 64
ISSUER: Final = "https://issuer.example"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey

_ALGORITHMS: Final = get_default_algorithms()
_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
    "ES256K": ec.SECP256K1(),
}


@cache
def a_key(algorithm: str, which: int = 0) -> PrivateKey:
    """A private key for `algorithm`; `which` tells keys apart, and asks for the same one again."""
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    return an_rsa_key(int(algorithm.removeprefix("RSA-")) if algorithm.startswith("RSA-") else 2048)


@cache
def an_rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """One RSA key for each size: they are slow to make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public_pem(key: PrivateKey) -> str:
    """SubjectPublicKeyInfo in PEM form."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def private_pem(key: PrivateKey) -> str:
    """PKCS #8 in PEM form."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def a_jwk(key: PrivateKey, **members: Any) -> dict[str, Any]:
    """The public JWK of `key`, with further members."""
    public = key.public_key()
    family = "EdDSA"
    if isinstance(public, rsa.RSAPublicKey):
        family = "RS256"
    elif isinstance(public, ec.EllipticCurvePublicKey):
        family = "ES256"
    jwk = dict(_ALGORITHMS[family].to_jwk(public, as_dict=True))
    jwk.pop("key_ops", None)
    return jwk | members


def a_key_set(*jwks: Any) -> str:
    """The JSON text of a key set."""
    return json.dumps({"keys": list(jwks)})


def base64url(data: bytes) -> str:
    """Unpadded."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(**changed: Any) -> dict[str, Any]:
    """Claims that are good at NOW, with some changed."""
    return {"iss": ISSUER, "aud": "orders", "sub": "user 7", "iat": NOW, "exp": NOW + 300} | changed


def signed(
    payload: dict[str, Any] | bytes,
    algorithm: str = "HS256",
    key: PrivateKey | str = SECRET,
    header: dict[str, Any] | bytes | None = None,
) -> str:
    """A compact JWS, signed as `algorithm` whatever its header says."""
    members = {"alg": algorithm, "typ": "JWT"}
    head = header if isinstance(header, bytes) else json.dumps(members | (header or {})).encode()
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signing_input = f"{base64url(head)}.{base64url(body)}"
    material = key.encode() if isinstance(key, str) else key
    return f"{signing_input}.{base64url(_ALGORITHMS[algorithm].sign(signing_input.encode(), material))}"


def verdict(authenticator: Authenticator, token: str, now: float = NOW) -> Authenticated | DenialReason:
    """What `authenticator` says of `token` sent as a bearer."""
    return authenticator.authenticate(CheckFacts(authorization=f"Bearer {token}"), now)
