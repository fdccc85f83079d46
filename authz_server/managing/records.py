"""What is recorded: clients, profiles, API keys, accounts, who changed what, and what is still to be published.

Times are seconds since the Unix epoch. Sequences come from one counter of the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Generic, NamedTuple, TypeVar

from authz_server.core.profile import Client, Profile
from authz_server.core.secret import Secret
from authz_server.documents.errors import FieldError

Shape = Mapping[str, Any]
"""Plain values as JSON has them, without a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRecord:
    """A client as it is kept. `version` is the sequence of its last change."""

    client: Client
    version: int
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What is known of a profile's token or HMAC secret, beside what its `auth` holds.

    `issued` tells that the product made it. `token` is there only where revealing is on: it is kept sealed, bound to
    the profile's id and to `id`.
    """

    id: str
    created_at: float
    issued: bool
    token: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRecord:
    """A profile as it is kept, with its client as that is now; `profile.version.sequence` is its last change.

    `credential` is None for the auth types that have none of ours: mtls, oidc, public keys, none.
    """

    profile: Profile
    created_at: float
    updated_at: float
    credential: Credential | None = None

    @property
    def version(self) -> int:
        """The sequence of the last change of the profile's record in Redis, its client's changes included."""
        return self.profile.version.sequence


class Role(StrEnum):
    """What an API key or an account may do: each role may do all that the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def allows(self, needed: Role) -> bool:
        """Whether this role may do what needs `needed`."""
        order = tuple(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: the id of an API key or of an account, or `command_line`; and the name that people know it by."""

    id: str
    name: str


COMMAND_LINE: Final = Actor("command_line", "command line")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who has been let in, and as what: an API key, or somebody who has signed in."""

    actor: Actor
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key for REST, of which only the SHA-256 (32 bytes) is kept."""

    id: str
    name: str
    role: Role
    digest: bytes = field(repr=False)
    created_at: float
    expires_at: float | None = None
    last_used_at: float | None = None
    revoked_at: float | None = None

    def works_at(self, now: float) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def caller(self) -> Caller:
        """Who asks where this key comes."""
        return Caller(Actor(self.id, self.name), self.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who can sign in. `password` is what `Passwords.hash` has made of it."""

    id: str
    name: str
    role: Role
    password: str = field(repr=False)
    active: bool
    created_at: float
    updated_at: float
    last_signed_in_at: float | None = None

    @property
    def is_admin(self) -> bool:
        """Whether this one can let others in."""
        return self.active and self.role is Role.ADMIN

    @property
    def caller(self) -> Caller:
        """Who asks where this one has signed in."""
        return Caller(Actor(self.id, self.name), self.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody has signed in. Of the secret that says so, only the SHA-256 (32 bytes) is kept."""

    digest: bytes = field(repr=False)
    account_id: str
    created_at: float
    last_seen_at: float


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after; None where it was not there, `********` where it is secret."""

    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that was done. `id` grows with time; it is 0 until the entry is recorded.

    `action` is `<subject>.<verb>`: `client.create`, `profile.update`, `credential.rotate`, `api_key.revoke`,
    `account.sign_in`, `document.apply`. `changes` go by the field's name (`auth.expires_at`), and hold no secret.
    """

    at: float
    actor: Actor
    action: str
    client_id: str | None = None
    profile_id: str | None = None
    api_key_id: str | None = None
    account_id: str | None = None
    changes: Mapping[str, FieldChange] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEvent:
    """A profile has changed or gone, and Redis has to learn it. What it is now stands in the profile's row.

    `edit` is the first sequence of the edit that it belongs to: a client's profiles are published together.
    """

    sequence: int
    edit: int
    profile_id: str
    recorded_at: float
    published_at: float | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """What this database has published: as whom, under which epoch, and the last sequence it has given out.

    `epoch` is announced before it is in force, and empty before the first. Of the outbox, only events above
    `pruned_through` are still there.
    """

    database_id: str
    epoch: str
    sequence: int
    pruned_through: int


API_KEY: Final = "api_key"


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """A credential that was just made, or is revealed. `value` is None where it cannot be shown (again).

    `type` is the auth type, `token` or `jwt`, or `API_KEY`.
    """

    type: str
    value: Secret | None
    expires_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What an edit did. `shape` is the object as REST shows it (`{"id": …}` of one that is gone).

    `sequence` is the last one written; None where nothing has to be published. A replayed answer is the first one's,
    without the credential's value.
    """

    shape: Shape
    version: int | None
    sequence: int | None
    credential: IssuedCredential | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """An object as REST shows it, and its version; None where it has none."""

    shape: Shape
    version: int | None


class Differences(NamedTuple):
    """By id, in the document's order. `kept` is what is not in it, and stays."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a document has changed, or would change. `sequence` is the last one written; None: nothing to publish."""

    clients: Differences
    profiles: Differences
    client_changes: Mapping[str, Mapping[str, FieldChange]]
    profile_changes: Mapping[str, Mapping[str, FieldChange]]
    warnings: tuple[FieldError, ...] = ()
    sequence: int | None = None


class Position(NamedTuple):
    """A place in a list that is sorted newest first, then by id."""

    at: float
    id: str


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list, and the position after which the next ones come; None at the end."""

    items: tuple[T, ...]
    next: Position | None = None
