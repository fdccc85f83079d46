"""Documents as plain values, with the parts that a test is about changed."""

import json
from functools import cache
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from authz_server.core.profile import Profile
from authz_server.core.secret import Secret
from authz_server.documents.document import Document, read_document
from authz_server.documents.errors import DocumentInvalid, FieldError

DIGEST: Final = "ab" * 32
OTHER_DIGEST: Final = "cd" * 32
HMAC_SECRET: Final = "a-secret-of-the-tests-0123456789"
NONE: Final[dict[str, Any]] = {"type": "none"}
TOKEN: Final[dict[str, Any]] = {"type": "token", "token_sha256": DIGEST}
JWT: Final[dict[str, Any]] = {"type": "jwt", "algorithm": "HS256", "secret": HMAC_SECRET}
MTLS: Final[dict[str, Any]] = {"type": "mtls", "fingerprints_sha256": [DIGEST]}


@cache
def ec_pem() -> str:
    """A public key on P-256."""
    return _pem(ec.generate_private_key(ec.SECP256R1()).public_key())


@cache
def private_pem() -> str:
    """What must never stand in a document."""
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@cache
def key_set() -> str:
    """A key set with an RSA and an EC key, as JSON."""
    keys = [
        RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key(), as_dict=True) | {"kid": "rsa"},
        ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True) | {"kid": "ec"},
    ]
    return json.dumps({"keys": keys})


def oidc(**changed: Any) -> dict[str, Any]:
    """The auth of an `oidc` profile."""
    return {"type": "oidc", "issuer": "https://login.example", "audience": ["orders"], "jwks": key_set(), **changed}


def a_profile(number: int = 1, **changed: Any) -> dict[str, Any]:
    """A profile without auth; a field that is changed to `...` is left out."""
    return _changed({"id": f"pr_{number}", "name": f"profile {number}", "auth": NONE}, changed)


def a_client(*profiles: dict[str, Any], number: int = 1, **changed: Any) -> dict[str, Any]:
    """A client with its profiles."""
    return _changed({"id": f"cl_{number}", "name": f"client {number}", "profiles": list(profiles)}, changed)


def a_document(*profiles: dict[str, Any]) -> dict[str, Any]:
    """One client's profiles."""
    return {"clients": [a_client(*profiles)]}


def open_sealed(profile_id: str, sealed: str) -> tuple[str, Secret]:
    """Opens what `seal` seals."""
    scheme, owner, credential_id, secret = sealed.split("|")
    if scheme != "sealed" or owner != profile_id:
        raise ValueError("does not open")
    return credential_id, Secret(secret)


def seal(profile_id: str, credential_id: str, secret: Secret) -> str:
    """No seal at all, but bound to a profile."""
    return f"sealed|{profile_id}|{credential_id}|{secret.reveal()}"


def read(document: Any) -> Document:
    """Read a document that is right, where it matters with an environment of one secret."""
    return read_document(as_bytes(document), resolve_env={"HMAC": HMAC_SECRET}.get, open_sealed=open_sealed)


def read_profile(**changed: Any) -> Profile:
    """The one profile of a document."""
    (profile,) = read(a_document(a_profile(**changed))).profiles
    return profile


def errors(document: Any) -> tuple[FieldError, ...]:
    """What is wrong with a document."""
    with pytest.raises(DocumentInvalid) as invalid:
        read(document)
    assert invalid.value.errors
    return invalid.value.errors


def profile_errors(**changed: Any) -> list[str]:
    """What is wrong with one profile, as `path: code: sentence`; paths go on from the profile."""
    found = errors(a_document(a_profile(**changed)))
    return [f"{error.path.removeprefix('clients[0].profiles[0].')}: {error.code}: {error.detail}" for error in found]


def as_bytes(document: Any) -> bytes:
    """Plain values as JSON, text as it is."""
    if isinstance(document, bytes):
        return document
    return document.encode() if isinstance(document, str) else json.dumps(document).encode()


def _changed(fields: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (fields | changed).items() if value is not ...}


def _pem(key: ec.EllipticCurvePublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()
