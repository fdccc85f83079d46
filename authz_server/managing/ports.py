"""What an edit and its publication need from outside. All of it is synchronous: who must not wait uses a thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from authz_server.core.secret import Secret
from authz_server.managing.account_ports import Accounts, SessionRows
from authz_server.managing.credential_state import ProfileCounts, State
from authz_server.managing.records import (
    ApiKey,
    AuditEntry,
    ClientRecord,
    OutboxEvent,
    Page,
    Position,
    ProfileRecord,
    Publication,
    Shape,
)

Clock = Callable[[], float]
"""The time, in seconds since the Unix epoch."""

RandomBelow = Callable[[int], int]
"""A uniform random integer in [0, n), as `secrets.randbelow`."""


class Database(Protocol):
    """The system of record. Everything here raises `DatabaseUnavailable` where it does not do as it should."""

    def edit(self) -> AbstractContextManager[UnitOfWork]:
        """One transaction: committed where the block ends, rolled back where it raises. SQLite: BEGIN IMMEDIATE.

        A refusal that is raised within it leaves it as it is.
        """

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Reading only: `lock` is `get`. Answers are as of the block's begin (SQLite), or each of its own time."""


class UnitOfWork(Protocol):
    """One transaction's view of the records. What it wrote it sees itself; others see it when it is committed."""

    @property
    def clients(self) -> Clients:
        """Who calls."""

    @property
    def profiles(self) -> Profiles:
        """Under which contract."""

    @property
    def api_keys(self) -> ApiKeys:
        """Who may ask for edits."""

    @property
    def accounts(self) -> Accounts:
        """Who may sign in."""

    @property
    def sessions(self) -> SessionRows:
        """Who has."""

    @property
    def audit(self) -> Audit:
        """Who did what."""

    @property
    def outbox(self) -> Outbox:
        """What Redis still has to learn."""

    @property
    def idempotency(self) -> IdempotencyKeys:
        """Which requests were answered already."""

    @property
    def publication(self) -> PublicationRow:
        """In which order."""


class Clients(Protocol):
    """The clients. Names are unique, compared exactly."""

    def get(self, client_id: str) -> ClientRecord | None:
        """One client, not locked."""

    def lock(self, client_id: str) -> ClientRecord | None:
        """One client, its row locked until the transaction ends, as are those of its profiles yet to be made."""

    def page(self, *, q: str | None, after: Position | None, limit: int) -> Page[ClientRecord]:
        """Newest first (`created_at`), then by id. `q`: a part of id, name or description, whatever its case.

        `%` and `_` stand for themselves.
        """

    def count(self) -> int:
        """How many there are."""

    def batch(self, after: str, limit: int) -> tuple[ClientRecord, ...]:
        """The first clients whose id is greater than `after`, by id (code points): to walk over all of them."""

    def add(self, record: ClientRecord) -> None:
        """Raises `IdTaken` and `NameTaken`."""

    def save(self, record: ClientRecord) -> None:
        """Replace the row of that id. Raises `NameTaken`."""

    def delete(self, client_id: str) -> None:
        """Remove the row; its profiles have to be gone already."""


class ProfileFilter(NamedTuple):
    """Which profiles to list. `state` is the credential's at `now`."""

    client_id: str | None = None
    q: str | None = None
    active: bool | None = None
    state: State | None = None
    now: float = 0.0


class Profiles(Protocol):
    """The profiles, each with its client as that is now. Names are unique within a client, ids overall.

    Secrets are sealed when they are written and opened when they are read; `auth.secret` has a `credential_id` always.
    """

    def get(self, profile_id: str) -> ProfileRecord | None:
        """One profile, not locked."""

    def lock(self, profile_id: str) -> ProfileRecord | None:
        """One profile, its row locked until the transaction ends."""

    def lock_of_client(self, client_id: str) -> tuple[ProfileRecord, ...]:
        """All profiles of a client, their rows locked, in the order of their ids."""

    def count_of_client(self, client_id: str) -> int:
        """How many profiles a client has."""

    def counts(self, client_ids: Sequence[str], now: float) -> Mapping[str, ProfileCounts]:
        """For each of these clients, as things are at `now`."""

    def count_all(self, now: float) -> ProfileCounts:
        """Over all clients."""

    def find(self, profile_ids: Sequence[str]) -> dict[str, ProfileRecord]:
        """Those of up to 1,000 profiles that are there, by id, not locked."""

    def page(self, wanted: ProfileFilter, *, after: Position | None, limit: int) -> Page[ProfileRecord]:
        """Newest first (`created_at`), then by id. `q` as for clients, over id and name."""

    def batch(self, after: str, limit: int) -> tuple[ProfileRecord, ...]:
        """The first profiles whose id is greater than `after`, by id (code points): to walk over all of them."""

    def add(self, records: Sequence[ProfileRecord]) -> None:
        """New rows. Raises `IdTaken` and `NameTaken`."""

    def save(self, records: Sequence[ProfileRecord]) -> None:
        """Replace the rows of these ids; secrets are sealed anew, under the first key. Raises `NameTaken`."""

    def delete(self, profile_ids: Sequence[str]) -> None:
        """Remove these rows."""


class ApiKeys(Protocol):
    """The API keys, revoked ones among them."""

    def get(self, api_key_id: str) -> ApiKey | None:
        """One key."""

    def lock(self, api_key_id: str) -> ApiKey | None:
        """One key, its row locked until the transaction ends."""

    def by_digest(self, digest: bytes) -> ApiKey | None:
        """The key whose secret has this SHA-256."""

    def page(self, *, after: Position | None, limit: int) -> Page[ApiKey]:
        """Newest first (`created_at`), then by id."""

    def add(self, record: ApiKey) -> None:
        """A new key."""

    def save(self, record: ApiKey) -> None:
        """Replace the row of that id."""

    def note_use(self, api_key_id: str, at: float) -> None:
        """Set `last_used_at`, and nothing else: the key may be revoked at the same time."""


class AuditFilter(NamedTuple):
    """Which entries to list. Times are seconds since the Unix epoch: from `since` on, before `until`."""

    client_id: str | None = None
    profile_id: str | None = None
    account_id: str | None = None
    actor_id: str | None = None
    action: str | None = None
    since: float | None = None
    until: float | None = None


class Audit(Protocol):
    """The audit trail. The database itself refuses to change an entry, or to delete one that is not out of date."""

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Record them; the database gives the ids, in this order."""

    def page(self, wanted: AuditFilter, *, before: int | None, limit: int) -> tuple[AuditEntry, ...]:
        """Newest first: the first entries whose id is smaller than `before`."""

    def prune(self, recorded_before: float) -> int:
        """Remove the entries that are older, and tell how many."""


class Outbox(Protocol):
    """What has to be published."""

    def append(self, events: Sequence[OutboxEvent]) -> None:
        """In the transaction that changed the rows."""

    def pending(self, limit: int) -> tuple[OutboxEvent, ...]:
        """The unpublished events, by sequence."""

    def pending_count(self) -> int:
        """How many events are unpublished."""

    def since(self, sequence: int, limit: int) -> tuple[OutboxEvent, ...]:
        """The events above `sequence`, published or not, by sequence."""

    def mark_published(self, sequences: Sequence[int], at: float) -> None:
        """These are in Redis. Those marked before keep their time."""

    def prune(self, published_before: float) -> None:
        """Remove the published events that are older, and raise `pruned_through` to the last of them."""


class Remembered(NamedTuple):
    """The request that came with an Idempotency-Key, and what it was answered."""

    request: bytes
    answer: Shape


class IdempotencyKeys(Protocol):
    """The keys of the last 24 hours, each within one actor's own."""

    def take(self, actor_id: str, key: str, request: bytes, now: float) -> Remembered | None:
        """What is remembered of the key. None: it is new, or older than 24 h, and now taken by this transaction.

        Another transaction that asks for it waits until this one has ended.
        """

    def remember(self, actor_id: str, key: str, answer: Shape) -> None:
        """The answer to the request that has taken the key."""

    def prune(self, taken_before: float) -> None:
        """Forget the keys that are older."""


class PublicationRow(Protocol):
    """The one row that orders everything."""

    def get(self) -> Publication:
        """As it is, not locked."""

    def take_sequences(self, count: int) -> range:
        """The next sequences, taken after all other locks.

        The row stays locked until the transaction ends, so that sequences are committed in their order.
        """

    def announce(self, epoch: str) -> Publication:
        """From now on publish under this epoch. The row is locked: all sequences up to its own are committed."""


class Turn(Protocol):
    """A lock, as `threading.Lock`."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - the lock's own shape
        """Whether it was had within the timeout, in seconds."""

    def release(self) -> None:
        """Let the next one in."""


class SecretSeal(Protocol):
    """Seals and opens the secrets of documents, bound to the profile's id and the credential's own."""

    def seal(self, profile_id: str, credential_id: str, secret: Secret) -> str:
        """The sealed text."""

    def open(self, profile_id: str, text: str) -> tuple[str, Secret]:
        """The credential's id and the secret. Raises ValueError with a sentence."""
