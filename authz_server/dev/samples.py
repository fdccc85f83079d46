"""The sample profiles, one at least of each auth type, and the credentials that open them."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
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
from authz_server.managing.commands import CreateAccount, CreateApiKey, CreateClient, CreateProfile, Fields
from authz_server.managing.records import COMMAND_LINE, Edited
from authz_server.managing.service import Service
from authz_server.sealing.keys import KEY_BYTES, as_text

CLIENT_ID: Final = "cl_acme"
ISSUER: Final = "https://login.example"
AUDIENCE: Final = "orders"
KEY_ID: Final = "laptop"
ADMIN: Final = "admin"
_BEARER_SECONDS: Final = 12 * 3_600
_TYPED_CHARACTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # none that is read as another
_TYPED_GROUPS: Final = 4  # of four characters each: 80 random bits
_API_KEY: Final[Fields] = {"name": "laptop", "role": "admin"}
_CLIENT: Final[Fields] = {
    "id": CLIENT_ID,
    "name": "Acme",
    "description": "A partner with one profile for each way to authenticate",
}


@dataclass(frozen=True, slots=True)
class SampleSecrets:
    """What the samples' owner knows. Made once, kept in the state folder; never in a `repr`."""

    secret_key: str  # AUTHZ_SECRET_KEYS
    issuer_key: str  # PEM, of the pretended OpenID provider
    expired_token: str
    token: str
    hmac_secret: str
    api_key: str
    admin_password: str  # of the account ADMIN

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


OpenService = Callable[[str], AbstractContextManager[Service]]
"""The service over the records of the state folder, with that AUTHZ_SECRET_KEYS."""


def load_or_make(state: State, now: dt.datetime, open_service: OpenService) -> Samples:
    """The samples of an earlier start, edits included; or new ones, which become records. Raises StackError."""
    if not state.database.exists() and not state.secrets.exists():
        return _make(state, now, open_service)
    try:
        samples = Samples(SampleSecrets(**json.loads(state.secrets.read_text())), Certificates(state.root))
        _read_key(samples.secrets.issuer_key)
    except FileNotFoundError as error:
        raise _unusable(state, f"{Path(error.filename).name} is missing") from None
    except (OSError, TypeError, ValueError):
        raise _unusable(state, f"{state.secrets.name} is damaged, or of another version") from None
    for path in (state.database, *samples.certificates.files()):
        if not path.exists():
            raise _unusable(state, f"{path.name} is missing")
    return samples


def _unusable(state: State, problem: str) -> StackError:
    return StackError(
        f"the samples in {state.root} cannot be used again: {problem}. Save what you need of it, then remove the"
        " folder; the next start makes it anew"
    )


def _make(state: State, now: dt.datetime, open_service: OpenService) -> Samples:
    certificates = make_certificates(state.root, now)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret_key = as_text(secrets.token_bytes(KEY_BYTES))
    expired_token = issue(Prefix.TOKEN, secrets.randbelow)
    admin_password = _new_password()
    with open_service(secret_key) as service:
        admin = {"name": ADMIN, "role": "admin", "password": admin_password}
        service.accounts.create(CreateAccount(actor=COMMAND_LINE, fields=admin))
        issued = _record(service, _profiles(certificates, pem.decode(), digest(expired_token).hex()))
        made = SampleSecrets(
            secret_key=secret_key,
            issuer_key=pem.decode(),
            expired_token=expired_token,
            token=issued["pr_sandbox"],
            hmac_secret=issued["pr_partner"],
            api_key=_value(service.api_keys.create(CreateApiKey(actor=COMMAND_LINE, fields=_API_KEY))),
            admin_password=admin_password,
        )
    write_private(state.secrets, json.dumps(asdict(made)).encode())
    return Samples(made, certificates)


def _new_password() -> str:
    """One that can be read out and typed."""
    groups = ("".join(secrets.choice(_TYPED_CHARACTERS) for _ in range(4)) for _ in range(_TYPED_GROUPS))
    return "-".join(groups)


def _record(service: Service, profiles: Sequence[Fields]) -> dict[str, str]:
    """Make the client and its profiles; the credentials that were made for them, by profile id."""
    service.clients.create(CreateClient(actor=COMMAND_LINE, fields=_CLIENT))
    issued = {}
    for fields in profiles:
        edited = service.profiles.create(CreateProfile(actor=COMMAND_LINE, client_id=CLIENT_ID, fields=fields))
        if edited.credential is not None:
            issued[str(fields["id"])] = _value(edited)
    return issued


def _value(edited: Edited) -> str:
    assert edited.credential is not None  # noqa: S101 - it was just made
    assert edited.credential.value is not None  # noqa: S101 - likewise
    return edited.credential.value.reveal()


def _key_set(issuer_key: str) -> dict[str, Any]:
    key = jwt.algorithms.ECAlgorithm.to_jwk(_read_key(issuer_key).public_key(), as_dict=True)
    return {"keys": [key | {"kid": KEY_ID, "use": "sig", "alg": "ES256"}]}


def _read_key(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the sample issuer's key is none of those that are made here")
    return key


def _profiles(certificates: Certificates, issuer_key: str, expired_digest: str) -> Sequence[Fields]:
    provider: dict[str, Any] = {"type": "oidc", "issuer": ISSUER, "audience": [AUDIENCE], "algorithms": ["ES256"]}
    provider |= {"jwks": _key_set(issuer_key)}
    bundle = certificates.authority.read_text()
    return (
        {"id": "pr_sandbox", "name": "sandbox", "labels": {"tier": "free"}, "auth": {"type": "token"}},
        {"id": "pr_partner", "name": "partner", "auth": {"type": "jwt", "algorithm": "HS256"}},
        {
            "id": "pr_readonly",
            "name": "readonly",
            "allowed_methods": ["GET"],
            "auth": provider | {"required_scopes": ["orders.read"]},
        },
        {"id": "pr_people", "name": "people", "auth": provider | {"token_use": "id"}},
        {
            "id": "pr_production",
            "name": "production",
            "auth": {"type": "mtls", "san_dns": [CLIENT_NAME], "ca_bundle": bundle},
        },
        {"id": "pr_internal", "name": "internal", "allowed_ips": ["127.0.0.0/8", "::1"], "auth": {"type": "none"}},
        {"id": "pr_office", "name": "office", "allowed_ips": ["192.0.2.0/24"], "auth": {"type": "none"}},
        {"id": "pr_orders", "name": "orders", "allowed_routes": ["orders"], "auth": {"type": "none"}},
        {"id": "pr_paused", "name": "paused", "active": False, "auth": {"type": "none"}},
        {
            "id": "pr_expired",
            "name": "expired",
            "auth": {"type": "token", "token_sha256": expired_digest, "expires_at": "2020-01-01T00:00:00Z"},
        },
    )
