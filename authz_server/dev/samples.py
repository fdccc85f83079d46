"""The sample profiles, one at least of each auth type, and the credentials that open them."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from authz_server.core.token import Prefix, digest, issue
from authz_server.dev.certificates import CLIENT_NAME, Certificates, make_certificates
from authz_server.dev.errors import StackError
from authz_server.dev.state import State, write_private
from authz_server.sealing.keys import KEY_BYTES, as_text

CLIENT_ID: Final = "cl_acme"
ISSUER: Final = "https://login.example"
AUDIENCE: Final = "orders"
KEY_ID: Final = "laptop"
_BEARER_SECONDS: Final = 12 * 3_600


@dataclass(frozen=True, slots=True)
class SampleSecrets:
    """What the samples' owner knows. Made once, kept in the state folder; never in a `repr`."""

    token: str
    expired_token: str
    hmac_secret: str
    issuer_key: str  # PEM, of the pretended OpenID provider
    secret_key: str  # AUTHZ_SECRET_KEYS

    def __repr__(self) -> str:
        return "SampleSecrets(********)"


@dataclass(frozen=True, slots=True)
class Samples:
    """Everything that a caller of the sample profiles needs."""

    secrets: SampleSecrets
    certificates: Certificates

    def partner_jwt(self, now: float) -> str:
        """A JWT that the client signs itself, with the HMAC secret it was issued."""
        return jwt.encode(
            {"sub": "batch-job", "iat": int(now), "exp": int(now) + _BEARER_SECONDS}, self.secrets.hmac_secret
        )

    def access_token(self, now: float, scope: str) -> str:
        """An access token of the pretended OpenID provider (RFC 9068)."""
        return self._issued(now, {"scope": scope, "client_id": "acme-app"}, "at+jwt")

    def id_token(self, now: float) -> str:
        """An ID token of the same provider."""
        return self._issued(now, {"nonce": secrets.token_hex(8), "email": "ada@acme.example"}, "JWT")

    def _issued(self, now: float, claims: dict[str, Any], kind: str) -> str:
        standard = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": int(now), "exp": int(now) + _BEARER_SECONDS}
        return jwt.encode(
            standard | claims, self.secrets.issuer_key, algorithm="ES256", headers={"kid": KEY_ID, "typ": kind}
        )


def load_or_make(state: State, now: dt.datetime) -> Samples:
    """The samples of an earlier start, edits to the profiles included; or new ones. Raises StackError."""
    if not state.profiles.exists() and not state.secrets.exists():
        return _make(state, now)
    try:
        samples = Samples(SampleSecrets(**json.loads(state.secrets.read_text())), Certificates(state.root))
        _read_key(samples.secrets.issuer_key)
    except FileNotFoundError as error:
        raise _unusable(state, f"{Path(error.filename).name} is missing") from None
    except (OSError, TypeError, ValueError):
        raise _unusable(state, f"{state.secrets.name} is damaged, or of another version") from None
    for path in (state.profiles, *samples.certificates.files()):
        if not path.exists():
            raise _unusable(state, f"{path.name} is missing")
    return samples


def _unusable(state: State, problem: str) -> StackError:
    return StackError(
        f"the samples in {state.root} cannot be used again: {problem}. Save what you edited there, then remove the"
        " folder; the next start makes it anew"
    )


def _make(state: State, now: dt.datetime) -> Samples:
    samples = Samples(_new_secrets(), make_certificates(state.root, now))
    write_private(state.secrets, json.dumps(asdict(samples.secrets)).encode())
    write_private(state.profiles, _document(state, samples).encode())
    return samples


def _new_secrets() -> SampleSecrets:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SampleSecrets(
        token=issue(Prefix.TOKEN, secrets.randbelow),
        expired_token=issue(Prefix.TOKEN, secrets.randbelow),
        hmac_secret=issue(Prefix.HMAC_SECRET, secrets.randbelow),
        issuer_key=pem.decode(),
        secret_key=as_text(secrets.token_bytes(KEY_BYTES)),
    )


def _key_set(issuer_key: str) -> str:
    key = jwt.algorithms.ECAlgorithm.to_jwk(_read_key(issuer_key).public_key(), as_dict=True)
    return json.dumps({"keys": [key | {"kid": KEY_ID, "use": "sig", "alg": "ES256"}]})


def _read_key(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the sample issuer's key is none of those that are made here")
    return key


def _document(state: State, samples: Samples) -> str:
    known = samples.secrets
    bundle = samples.certificates.authority.read_text().strip().replace("\n", "\n            ")
    return f"""\
# Sample profiles. Edit them, then:
#   set -a; . {shlex.quote(str(state.environment))}; set +a
#   authz-server publish {shlex.quote(str(state.profiles))} --prune
clients:
  - id: {CLIENT_ID}
    name: Acme
    description: A partner with one profile for each way to authenticate
    profiles:
      - id: pr_sandbox
        name: sandbox
        labels: {{tier: free}}
        auth: {{type: token, token_sha256: "{digest(known.token).hex()}"}}

      - id: pr_partner
        name: partner
        auth: {{type: jwt, algorithm: HS256, secret: "{known.hmac_secret}"}}

      - id: pr_readonly
        name: readonly
        allowed_methods: [GET]
        auth:
          type: oidc
          issuer: {ISSUER}
          audience: [{AUDIENCE}]
          algorithms: [ES256]
          required_scopes: [orders.read]
          jwks: {_key_set(known.issuer_key)}

      - id: pr_people
        name: people
        auth:
          type: oidc
          token_use: id
          issuer: {ISSUER}
          audience: [{AUDIENCE}]
          algorithms: [ES256]
          jwks: {_key_set(known.issuer_key)}

      - id: pr_production
        name: production
        auth:
          type: mtls
          san_dns: [{CLIENT_NAME}]
          ca_bundle: |
            {bundle}

      - id: pr_internal
        name: internal
        allowed_ips: [127.0.0.0/8, "::1"]
        auth: {{type: none}}

      - id: pr_office
        name: office
        allowed_ips: [192.0.2.0/24]
        auth: {{type: none}}

      - id: pr_orders
        name: orders
        allowed_routes: [orders]
        auth: {{type: none}}

      - id: pr_paused
        name: paused
        active: false
        auth: {{type: none}}

      - id: pr_expired
        name: expired
        auth:
          type: token
          token_sha256: "{digest(known.expired_token).hex()}"
          expires_at: 2020-01-01T00:00:00Z
"""
