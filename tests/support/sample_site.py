"""A control plane's records as they look after some weeks of use: every auth type, every state, and odd names."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from authz_server.managing.commands import (
    CreateApiKey,
    CreateClient,
    CreateProfile,
    RevokeApiKey,
    RotateCredential,
    UpdateProfile,
)
from authz_server.managing.records import Actor
from authz_server.managing.service import Service
from tests.support.certificates import CertificateAuthority
from tests.support.signing import key_set, rs256_key

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
OPERATIONS: Final = Actor("ak_operations", "operations")

CLIENT: Final = "cl_acme"
QUIET_CLIENT: Final = "cl_initech"
INACTIVE_CLIENT: Final = "cl_globex"
TOKEN: Final = "pr_production"
EXPIRING: Final = "pr_nightly"
EXPIRED: Final = "pr_sandbox"
INACTIVE: Final = "pr_retired"
JWT: Final = "pr_signed"
OIDC: Final = "pr_readonly"
MTLS: Final = "pr_partner"
OPEN: Final = "pr_internal"
LONGEST: Final = "pr_" + "0123456789" * 6 + "x"
PROFILES: Final = (TOKEN, EXPIRING, EXPIRED, INACTIVE, JWT, OIDC, MTLS, OPEN, LONGEST)
OTHER_CLIENTS: Final = 60  # more than a page of a list

_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_NETWORKS: Final = ["10.0.0.0/8", "192.168.1.7", "2001:db8:1234:5678:9abc:def0::/96", "203.0.113.0/24"]


@dataclass(slots=True)
class Then:
    """A clock that is set."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class _Past:
    """Edits, each so many seconds ago, that are made in their order."""

    service: Service
    clock: Then
    today: float
    edits: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    def edit(self, seconds_ago: float, edit: Callable[[], object]) -> None:
        """Something that was done then."""
        self.edits.append((seconds_ago, edit))

    def happen(self) -> None:
        """Make all edits, the oldest first."""
        for seconds_ago, edit in sorted(self.edits, key=lambda each: -each[0]):
            self.clock.now = self.today - seconds_ago
            edit()

    def client(self, client_id: str, name: str, days_ago: float, **fields: Any) -> None:
        """A client."""
        command = CreateClient(actor=OPERATIONS, fields={"id": client_id, "name": name, **fields})
        self.edit(days_ago * DAY, lambda: self.service.clients.create(command))

    def profile(self, profile_id: str, name: str, seconds_ago: float, auth: dict[str, Any], **more: Any) -> None:
        """A profile of `CLIENT`."""
        fields = {"id": profile_id, "name": name, "auth": auth, **more}
        command = CreateProfile(actor=OPERATIONS, client_id=CLIENT, fields=fields)
        self.edit(seconds_ago, lambda: self.service.profiles.create(command))


def fill(service: Service, clock: Then, directory: Path) -> None:
    """Fill the empty database of this service, whose clock it is. `directory`: for certificates made on the way."""
    past = _Past(service, clock, clock.now)
    _clients(past)
    _profiles_with_issued_credentials(past)
    _other_profiles(past, directory)
    _edits(past)
    _api_keys(past)
    past.happen()


def _clients(past: _Past) -> None:
    past.client(INACTIVE_CLIENT, "Globex (contract ended)", 90, active=False, description="Until the end of 2025")
    past.client(QUIET_CLIENT, "Initech", 80, description="Signed, but has not begun yet")
    for number in range(OTHER_CLIENTS):
        past.client(f"cl_customer_{number:03}", f"Customer {number:03}", 70 - number)
    past.client(
        CLIENT,
        "Acme mobile",
        60,
        description="The app that Acme's drivers use, and its nightly export. Ask integrations@acme.example.",
        labels={"plan": "gold", "team": "logistics"},
    )


def _profiles_with_issued_credentials(past: _Past) -> None:
    token = {"type": "token"}
    past.profile(
        TOKEN,
        "production",
        20 * DAY,
        token,
        expires_in_hours=2160,
        allowed_methods=["GET", "POST"],
        allowed_ips=_NETWORKS,
        allowed_routes=["orders", "invoices"],
        labels={"tier": "1"},
    )
    past.profile(EXPIRING, "nightly export", 19 * HOUR, token, expires_in_hours=24)
    past.profile(EXPIRED, "sandbox", 10 * DAY, token, expires_in_hours=168)
    past.profile(INACTIVE, "retired in spring", 30 * DAY, token, active=False)
    past.profile(JWT, "signed requests", 5 * DAY, {"type": "jwt", "algorithm": "HS256", "issuer": "acme"})
    past.profile(
        LONGEST,
        "A long name, with_one_word_in_it_that_no_line_of_a_telephone_could_ever_hold_whole, and more" + " of it" * 17,
        45 * DAY,
        token,
        allowed_methods=_METHODS,
        allowed_ips=[f"2001:db8:{number:x}:ffff:ffff:ffff:ffff:ffff" for number in range(12)],
        labels={f"a-label-of-many-characters-{number}": "v" * 100 for number in range(3)},
    )


def _other_profiles(past: _Past, directory: Path) -> None:
    authority = CertificateAuthority("partner-ca", directory)
    past.profile(
        OIDC,
        "readonly",
        15 * DAY,
        {
            "type": "oidc",
            "issuer": "https://login.acme.example/realms/partners",
            "audience": ["orders-api"],
            "jwks": key_set(rs256_key(), "current"),
            "required_scopes": ["orders:read"],
            "required_claims": {"tenant": ["acme"]},
        },
        allowed_methods=["GET", "HEAD"],
    )
    past.profile(
        MTLS,
        "partner over mTLS",
        14 * DAY,
        {
            "type": "mtls",
            "san_uris": ["spiffe://acme.example/orders/*"],
            "fingerprints_sha256": ["ab" * 32],
            "ca_bundle": authority.certificate_pem.decode(),
        },
    )
    past.profile(OPEN, "internal", 13 * DAY, {"type": "none"}, allowed_ips=["127.0.0.1"])


def _edits(past: _Past) -> None:
    credentials, profiles = past.service.credentials, past.service.profiles
    rotated = RotateCredential(actor=OPERATIONS, profile_id=TOKEN, fields={"expires_in_hours": 2160})
    past.edit(3 * DAY, lambda: credentials.rotate(rotated))
    narrowed = UpdateProfile(actor=OPERATIONS, profile_id=EXPIRING, fields={"allowed_methods": ["GET"]})
    past.edit(2 * HOUR, lambda: profiles.update(narrowed))


def _api_keys(past: _Past) -> None:
    keys = past.service.api_keys
    for name, role, more in (
        ("deploy pipeline", "operator", {}),
        ("old laptop", "admin", {"expires_in_hours": 24}),
        ("dashboards", "viewer", {"expires_in_hours": 8760}),
    ):
        command = CreateApiKey(actor=OPERATIONS, fields={"name": name, "role": role, **more})
        past.edit(40 * DAY, partial(keys.create, command))

    def revoked() -> None:
        made = keys.create(CreateApiKey(actor=OPERATIONS, fields={"name": "intern's", "role": "operator"}))
        keys.revoke(RevokeApiKey(actor=OPERATIONS, api_key_id=made.shape["id"]))

    past.edit(10 * DAY, revoked)
