"""What is measured: one profile for each auth type, a call that each lets in, and calls that are refused."""

import datetime as dt
import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authz_server.core.token import Prefix, issue
from authz_server.ext_authz.service import CheckService
from authz_server.wire import ext_authz_pb2 as wire
from tests.support.certificates import CertificateAuthority
from tests.support.responses import read_response

CLIENT: Final = "cl_acme"
ISSUER: Final = "https://issuer.example"
_LIFETIME_SECONDS: Final = 3_600


@dataclass(frozen=True, slots=True)
class Case:
    """A call, as Envoy sends it, and the code that must come back."""

    name: str
    request: bytes
    headers: tuple[tuple[str, str], ...]
    code: str

    def must_be_answered_by(self, answer: bytes) -> None:
        """A figure for a wrong answer would be worth nothing."""
        code = read_response(answer).metadata["code"]
        if code != self.code:
            raise AssertionError(f"{self.name}: answered {code}, not {self.code}")

    def must_be_right(self, service: CheckService) -> None:
        """As above, asked in the process."""
        answer = service.check(self.request, ())
        if isinstance(answer, bytes):
            self.must_be_answered_by(answer)


@dataclass(frozen=True, slots=True)
class Cases:
    """The profile document, and the cases by name."""

    document: dict[str, Any]
    all: tuple[Case, ...]

    def __getitem__(self, name: str) -> Case:
        return next(case for case in self.all if case.name == name)


def make_cases(directory: Path) -> Cases:
    """Keys, certificates, tokens, profiles and calls."""
    directory.mkdir(parents=True, exist_ok=True)
    token = issue(Prefix.TOKEN, lambda below: below // 3)
    rsa_key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    ec_key = ec.generate_private_key(ec.SECP256R1())
    issued = CertificateAuthority("clients", directory).issue("acme", uris=["spiffe://acme.example/orders"])
    pem = issued.certificate.public_bytes(Encoding.PEM).decode()
    jwk: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key.public_key(), as_dict=True)
    secret = "s" * 64
    auths: dict[str, dict[str, Any]] = {
        "token": {"type": "token", "token_sha256": hashlib.sha256(token.encode()).hexdigest()},
        "jwt HS256": {"type": "jwt", "algorithm": "HS256", "secret": secret},
        "jwt RS256": {"type": "jwt", "algorithm": "RS256", "public_key": _pem(rsa_key)},
        "jwt ES256": {"type": "jwt", "algorithm": "ES256", "public_key": _pem(ec_key)},
        "oidc RS256": {
            "type": "oidc",
            "issuer": ISSUER,
            "audience": ["orders"],
            "jwks": {"keys": [jwk | {"kid": "k1"}]},
            "required_scopes": ["orders.read"],
        },
        "mtls": {"type": "mtls", "san_uris": ["spiffe://acme.example/*"]},
        "none": {"type": "none"},
    }
    credentials = {
        "token": token,
        "jwt HS256": _signed(secret, "HS256"),
        "jwt RS256": _signed(rsa_key, "RS256"),
        "jwt ES256": _signed(ec_key, "ES256"),
        "oidc RS256": _signed(rsa_key, "RS256", kid="k1"),
    }
    allowed = [_case(name, name, credentials.get(name), certificate=quote(pem)) for name in auths]
    refused = [
        _case("refused 403", "token", token, profile="pr_unknown", code="profile_unknown"),
        _case("refused 405", "token", token, method="DELETE", code="method_not_allowed"),
        _case("refused 401", "token", f"{token[:-1]}0", code="credential_malformed"),
    ]
    return Cases(_document(auths), (*allowed, *refused))


def _document(auths: dict[str, dict[str, Any]]) -> dict[str, Any]:
    profiles = [
        {
            "id": _profile_id(name),
            "name": name,
            "auth": auth,
            "allowed_methods": ["GET", "POST"],
            "allowed_ips": ["10.0.0.0/8", "127.0.0.0/8", "2001:db8::/32"],
        }
        for name, auth in auths.items()
    ]
    return {"clients": [{"id": CLIENT, "name": "Acme", "profiles": profiles}]}


def _case(
    name: str,
    auth: str,
    credential: str | None,
    *,
    method: str = "GET",
    profile: str | None = None,
    certificate: str = "",
    code: str = "allowed",
) -> Case:
    headers = {"x-client-id": CLIENT, "x-profile-id": profile or _profile_id(auth)}
    if credential is not None:
        headers["authorization"] = f"Bearer {credential}"
    request = _request(headers, method, certificate if auth == "mtls" else "")
    return Case(name, request, tuple(headers.items()), code)


def _request(headers: dict[str, str], method: str, certificate: str) -> bytes:
    """As Envoy 1.40 fills it for a small GET."""
    request = wire.CheckRequest()
    attributes = request.attributes
    for peer, address in ((attributes.source, "127.0.0.1"), (attributes.destination, "127.0.0.2")):
        peer.address.socket_address.address, peer.address.socket_address.port_value = address, 43_210
    attributes.source.certificate = certificate
    attributes.request.time.FromDatetime(dt.datetime.now(dt.UTC))
    http = attributes.request.http
    http.id, http.method, http.path, http.host = "1234567890123456789", method, "/orders/7?page=2", "api.example.org"
    http.scheme, http.protocol, http.size = "http", "HTTP/1.1", -1
    usual = {
        ":authority": http.host,
        ":method": method,
        ":path": http.path,
        ":scheme": "http",
        "accept": "*/*",
        "accept-encoding": "gzip, br",
        "user-agent": "orders-client/1.4.2",
        "x-forwarded-proto": "http",
        "x-request-id": "6a0f0c4e-5b1c-4d3f-a1a4-1f2e3d4c5b6a",
        "x-envoy-internal": "true",
    }
    http.headers.update(usual | headers)
    attributes.context_extensions["route"] = "orders"
    return request.SerializeToString()


def _profile_id(name: str) -> str:
    return f"pr_{name.replace(' ', '-')}"


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _signed(key: Any, algorithm: str, **header: str) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": "orders",
        "sub": "user 7",
        "iat": now,
        "exp": now + _LIFETIME_SECONDS,
        "scope": "orders.read",
    }
    return jwt.encode(claims, key, algorithm, headers=header)


def write_document(cases: Cases, path: Path) -> Path:
    """The profiles file; JSON is YAML."""
    path.write_text(json.dumps(cases.document))
    return path
