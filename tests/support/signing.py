"""Signed tokens for tests: the good ones by PyJWT, the bad ones by hand."""

import json
import time
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

HMAC_SECRET: Final = "a-secret-of-the-test,-at-least-32-bytes-long"


@cache
def es256_key() -> ec.EllipticCurvePrivateKey:
    """The key of a client that signs by itself."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rs256_key() -> rsa.RSAPrivateKey:
    """The key of the identity provider."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def strange_rs256_key() -> rsa.RSAPrivateKey:
    """A key of somebody else."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """The public half as PEM."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def key_set(key: rsa.RSAPrivateKey, key_id: str) -> dict[str, Any]:
    """A JWKS (RFC 7517) with one RSA key."""
    public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"keys": [public | {"kid": key_id, "use": "sig", "alg": "RS256"}]}


def claims(*, without: str | None = None, **changed: Any) -> dict[str, Any]:
    """Claims that every profile of these tests accepts, with some changed. Dates are seconds from now."""
    now = int(time.time())
    dates = {name: now + seconds for name, seconds in changed.items() if name in {"exp", "nbf", "iat"}}
    good = {
        "iss": "https://issuer.example",
        "aud": "orders",
        "sub": "user 7",
        "exp": now + 300,
        "iat": now,
        "tier": "gold",
        "scope": "orders.read orders.write",
    }
    made = good | changed | dates
    return {name: value for name, value in made.items() if name != without}


def hs256(secret: str = HMAC_SECRET, **changed: Any) -> str:
    """Signed with a shared secret."""
    return jwt.encode(claims(**changed), secret, "HS256")


def hs256_of(payload: dict[str, Any]) -> str:
    """Signed with the shared secret, whatever the payload."""
    return jwt.encode(payload, HMAC_SECRET, "HS256")


def es256(key: ec.EllipticCurvePrivateKey | None = None, **changed: Any) -> str:
    """Signed by the client's own key."""
    return jwt.encode(claims(**changed), key or es256_key(), "ES256")


def rs256(key: rsa.RSAPrivateKey | None = None, *, key_id: str = "current", **changed: Any) -> str:
    """Signed by the identity provider."""
    return jwt.encode(claims(**changed), key or rs256_key(), "RS256", headers={"kid": key_id})


def with_header(token: str, **members: Any) -> str:
    """The token with members added to its header; the signature no longer fits."""
    _, payload, signature = token.split(".")
    header = jwt.get_unverified_header(token) | members
    return ".".join((_part(header), payload, signature))


def unsigned() -> str:
    """`alg: none`."""
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims())}."


def with_broken_signature(token: str) -> str:
    """The token with one character of its signature changed."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def _part(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
