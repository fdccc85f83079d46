"""What the formats of the API's description stand for: values of each, so that generated requests can be good ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final

import jwt
import schemathesis
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import strategies as st

from authz_server.core.secret import Secret
from authz_server.managing.ports import SecretSeal
from authz_server.managing.records import Position
from authz_server.web.api.queries import write_cursor
from tests.support.certificates import CertificateAuthority

_LONG_SECRET: Final = "s" * 64
_certificates: Final[list[str]] = []  # the one that `register` made
_NAMES: Final = st.sampled_from(["CN=Acme CA", "CN=Acme CA,O=Acme", r"CN=Acme\, Inc.,OU=Access+OU=Ops,C=DE"])


def register(directory: Path) -> None:
    """Tell schemathesis what every format of ours means. `directory` is for a certificate."""
    certificate = CertificateAuthority("authority", directory).certificate_pem.decode()
    _certificates[:] = [certificate]
    schemathesis.openapi.format("ip-network", _networks())
    schemathesis.openapi.format("distinguished-name", _NAMES)
    schemathesis.openapi.format("pem-certificates", st.just(certificate))
    schemathesis.openapi.format("cursor", st.builds(_cursor, st.integers(0, 2**31), st.sampled_from(["1", "17"])))
    schemathesis.openapi.format("pem-public-key", st.just(_pem(_keys()["RS256"])))
    schemathesis.openapi.format("jwk-set", st.just(json.dumps(_every_key())))


def with_real_keys(body: Any, seal: SecretSeal, profile_id: str = "") -> Any:
    """The body with keys that suit its algorithms: nothing random lies on a curve, and no schema can tell."""
    if isinstance(body, list):
        return [with_real_keys(each, seal, profile_id) for each in body]
    if not isinstance(body, dict):
        return body
    if "auth" in body and isinstance(body.get("id"), str):
        profile_id = body["id"]
    real = {
        "jwks": json.dumps(_every_key()),
        "public_key": _pem(_key_for(body.get("algorithm"))),
        "secret": _LONG_SECRET,
        "secret_sealed": seal.seal(profile_id, "cr_1", Secret(_LONG_SECRET)),
    }
    if body.get("ca_bundle"):  # an empty list stays one
        real["ca_bundle"] = _certificates[0]
    return {
        name: real[name] if name in real else with_real_keys(value, seal, profile_id) for name, value in body.items()
    }


def without_half_booleans(body: Any) -> Any:
    """The body without `y` and `n`, which are written without quotes, and which YAML readers take for two things."""
    if isinstance(body, dict):
        return {without_half_booleans(name): without_half_booleans(value) for name, value in body.items()}
    if isinstance(body, list):
        return [without_half_booleans(each) for each in body]
    return body * 2 if isinstance(body, str) and body.lower() in ("y", "n") else body


def with_distinct_names(body: Any) -> Any:
    """The document without a client or a profile that shares an id or a name with one before: no schema can tell."""
    if not isinstance(body, dict) or not isinstance(body.get("clients"), list):
        return body
    profile_ids: set[str] = set()
    clients = [
        {**client, "profiles": _distinct(client.get("profiles", []), profile_ids)}
        for client in _distinct(body["clients"], set())
    ]
    return {**body, "clients": clients}


def _distinct(entries: list[dict[str, Any]], ids: set[str]) -> list[dict[str, Any]]:
    names: set[str] = set()
    kept = []
    for entry in entries:
        if entry["id"] not in ids and entry["name"] not in names:
            ids.add(entry["id"])
            names.add(entry["name"])
            kept.append(entry)
    return kept


def _key_for(algorithm: Any) -> Any:
    return _keys()[algorithm if algorithm in _keys() else "RS256"]


def _networks() -> st.SearchStrategy[str]:
    v4 = st.builds(lambda value, length: str(IPv4Network((value, length), strict=False)), _bits(32), st.integers(0, 32))
    v6 = st.builds(
        lambda value, length: str(IPv6Network((value, length), strict=False)), _bits(128), st.integers(0, 128)
    )
    return st.one_of(v4, v6, st.ip_addresses().map(str)).filter(lambda text: not text.startswith("::ffff:"))


def _bits(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**count - 1)


def _cursor(at: int, item_id: str) -> str:
    return write_cursor(Position(float(at), item_id)) or ""


@cache
def _keys() -> Mapping[str, Any]:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return {
        **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), rsa_key),
        "ES256": ec.generate_private_key(ec.SECP256R1()).public_key(),
        "ES384": ec.generate_private_key(ec.SECP384R1()).public_key(),
        "ES512": ec.generate_private_key(ec.SECP521R1()).public_key(),
        "EdDSA": ed25519.Ed25519PrivateKey.generate().public_key(),
    }


def _pem(key: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    text: bytes = key.public_bytes(serialization.Encoding.PEM, form)
    return text.decode()


def _key_set(*keys: Any) -> dict[str, Any]:
    return {"keys": [_jwk(key) for key in keys]}


@cache
def _every_key() -> dict[str, Any]:
    return _key_set(*{id(key): key for key in _keys().values()}.values())


def _jwk(key: Any) -> dict[str, Any]:
    algorithms = jwt.algorithms
    kinds = {rsa.RSAPublicKey: algorithms.RSAAlgorithm, ec.EllipticCurvePublicKey: algorithms.ECAlgorithm}
    algorithm = next((kind for of, kind in kinds.items() if isinstance(key, of)), algorithms.OKPAlgorithm)
    jwk: dict[str, Any] = algorithm.to_jwk(key, as_dict=True)  # type: ignore[attr-defined]  # each of them has it
    return jwk
