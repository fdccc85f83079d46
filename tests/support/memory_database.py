"""The system of record as dictionaries: what every other database is held against."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from authz_server.core.profile import Version
from authz_server.managing.credential_state import ProfileCounts, State, credential_state
from authz_server.managing.errors import DatabaseUnavailable, IdTaken, NameTaken
from authz_server.managing.ports import AuditFilter, ProfileFilter, Remembered
from authz_server.managing.records import (
    Account,
    ApiKey,
    AuditEntry,
    ClientRecord,
    OutboxEvent,
    Page,
    Position,
    ProfileRecord,
    Publication,
    Session,
    Shape,
)

T = TypeVar("T")
DAY = 86_400.0


@dataclass
class _State:
    clients: dict[str, ClientRecord] = field(default_factory=dict)
    profiles: dict[str, ProfileRecord] = field(default_factory=dict)
    api_keys: dict[str, ApiKey] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    sessions: dict[bytes, Session] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)
    audited: int = 0
    outbox: dict[int, OutboxEvent] = field(default_factory=dict)
    idempotency: dict[tuple[str, str], tuple[bytes, float, Shape | None]] = field(default_factory=dict)
    publication: Publication = field(default_factory=lambda: Publication("db", "", 0, 0))

    def copy(self) -> _State:
        return _State(
            dict(self.clients),
            dict(self.profiles),
            dict(self.api_keys),
            dict(self.accounts),
            dict(self.sessions),
            list(self.audit),
            self.audited,
            dict(self.outbox),
            dict(self.idempotency),
            self.publication,
        )


class MemoryDatabase:
    """One edit at a time; what it wrote counts only where its block ends well."""

    def __init__(self) -> None:
        self._state = _State()
        self._turn = threading.Lock()
        self.gone = False
        self.fail_commit = False

    @contextmanager
    def edit(self) -> Iterator[MemoryUnit]:
        with self._turn:
            self._check()
            state = self._state.copy()
            yield MemoryUnit(state)
            if self.fail_commit:
                raise DatabaseUnavailable("the disk is full")
            self._state = state

    @contextmanager
    def read(self) -> Iterator[MemoryUnit]:
        self._check()
        yield MemoryUnit(self._state.copy())

    def backup(self) -> Callable[[], None]:
        """A backup, and how it is restored."""
        state = self._state.copy()

        def restore() -> None:
            self._state = state.copy()

        return restore

    def _check(self) -> None:
        if self.gone:
            raise DatabaseUnavailable("the database cannot be reached")


class MemoryUnit:
    """All repositories over one copy of the state."""

    def __init__(self, state: _State) -> None:
        self.clients = _Clients(state)
        self.profiles = _Profiles(state)
        self.api_keys = _ApiKeys(state)
        self.accounts = _Accounts(state)
        self.sessions = _Sessions(state)
        self.audit = _Audit(state)
        self.outbox = _Outbox(state)
        self.idempotency = _Idempotency(state)
        self.publication = _PublicationRow(state)


class _Repository:
    def __init__(self, state: _State) -> None:
        self._state = state


class _Clients(_Repository):
    def get(self, client_id: str) -> ClientRecord | None:
        return self._state.clients.get(client_id)

    lock = get

    def page(self, *, q: str | None, after: Position | None, limit: int) -> Page[ClientRecord]:
        found = [
            record
            for record in self._state.clients.values()
            if _matches(q, record.client.id, record.client.name, record.client.description)
        ]
        return _page(found, lambda record: Position(record.created_at, record.client.id), after, limit)

    def count(self) -> int:
        return len(self._state.clients)

    def batch(self, after: str, limit: int) -> tuple[ClientRecord, ...]:
        return tuple(self._state.clients[each] for each in sorted(self._state.clients) if each > after)[:limit]

    def add(self, record: ClientRecord) -> None:
        if record.client.id in self._state.clients:
            raise IdTaken
        self._put(record)

    def save(self, record: ClientRecord) -> None:
        self._put(record)

    def delete(self, client_id: str) -> None:
        assert not any(each.profile.client.id == client_id for each in self._state.profiles.values())
        del self._state.clients[client_id]

    def _put(self, record: ClientRecord) -> None:
        others = (each.client for each in self._state.clients.values() if each.client.id != record.client.id)
        if any(other.name == record.client.name for other in others):
            raise NameTaken
        self._state.clients[record.client.id] = record


class _Profiles(_Repository):
    def get(self, profile_id: str) -> ProfileRecord | None:
        record = self._state.profiles.get(profile_id)
        return None if record is None else self._joined(record)

    lock = get

    def lock_of_client(self, client_id: str) -> tuple[ProfileRecord, ...]:
        ids = sorted(each for each, held in self._state.profiles.items() if held.profile.client.id == client_id)
        return tuple(self._joined(self._state.profiles[each]) for each in ids)

    def count_of_client(self, client_id: str) -> int:
        return sum(held.profile.client.id == client_id for held in self._state.profiles.values())

    def counts(self, client_ids: Sequence[str], now: float) -> Mapping[str, ProfileCounts]:
        return {each: _counts(self.lock_of_client(each), now) for each in client_ids}

    def count_all(self, now: float) -> ProfileCounts:
        return _counts(self.batch("", len(self._state.profiles)), now)

    def find(self, profile_ids: Sequence[str]) -> dict[str, ProfileRecord]:
        return {each: record for each in profile_ids if (record := self.get(each)) is not None}

    def page(self, wanted: ProfileFilter, *, after: Position | None, limit: int) -> Page[ProfileRecord]:
        found = [each for each in self.batch("", len(self._state.profiles)) if _is_wanted(each, wanted)]
        return _page(found, lambda record: Position(record.created_at, record.profile.id), after, limit)

    def batch(self, after: str, limit: int) -> tuple[ProfileRecord, ...]:
        ids = [each for each in sorted(self._state.profiles) if each > after][:limit]
        return tuple(self._joined(self._state.profiles[each]) for each in ids)

    def add(self, records: Sequence[ProfileRecord]) -> None:
        for record in records:
            if record.profile.id in self._state.profiles:
                raise IdTaken
            self._put(record)

    def save(self, records: Sequence[ProfileRecord]) -> None:
        for record in records:
            self._put(record)

    def delete(self, profile_ids: Sequence[str]) -> None:
        for profile_id in profile_ids:
            del self._state.profiles[profile_id]

    def _put(self, record: ProfileRecord) -> None:
        profile = record.profile
        others = (each.profile for each in self._state.profiles.values() if each.profile.id != profile.id)
        if any((other.client.id, other.name) == (profile.client.id, profile.name) for other in others):
            raise NameTaken
        self._state.profiles[profile.id] = record

    def _joined(self, record: ProfileRecord) -> ProfileRecord:
        client = self._state.clients[record.profile.client.id].client
        version = Version("", record.profile.version.sequence)
        return replace(record, profile=replace(record.profile, client=client, version=version))


class _ApiKeys(_Repository):
    def get(self, api_key_id: str) -> ApiKey | None:
        return self._state.api_keys.get(api_key_id)

    lock = get

    def by_digest(self, digest: bytes) -> ApiKey | None:
        return next((each for each in self._state.api_keys.values() if each.digest == digest), None)

    def page(self, *, after: Position | None, limit: int) -> Page[ApiKey]:
        return _page(self._state.api_keys.values(), lambda key: Position(key.created_at, key.id), after, limit)

    def add(self, record: ApiKey) -> None:
        self._state.api_keys[record.id] = record

    save = add

    def note_use(self, api_key_id: str, at: float) -> None:
        self._state.api_keys[api_key_id] = replace(self._state.api_keys[api_key_id], last_used_at=at)


class _Accounts(_Repository):
    def get(self, account_id: str) -> Account | None:
        return self._state.accounts.get(account_id)

    lock = get

    def by_name(self, name: str) -> Account | None:
        return next((each for each in self._state.accounts.values() if each.name == name), None)

    def count_admins(self) -> int:
        return sum(each.is_admin for each in self._state.accounts.values())

    def page(self, *, after: Position | None, limit: int) -> Page[Account]:
        return _page(self._state.accounts.values(), lambda each: Position(each.created_at, each.id), after, limit)

    def add(self, record: Account) -> None:
        holder = self.by_name(record.name)
        if holder is not None and holder.id != record.id:
            raise NameTaken
        self._state.accounts[record.id] = record

    save = add

    def delete(self, account_id: str) -> None:
        assert not any(each.account_id == account_id for each in self._state.sessions.values())
        del self._state.accounts[account_id]


class _Sessions(_Repository):
    def get(self, digest: bytes) -> Session | None:
        return self._state.sessions.get(digest)

    def add(self, session: Session) -> None:
        self._state.sessions[session.digest] = session

    def note_seen(self, digest: bytes, at: float) -> None:
        if digest in self._state.sessions:
            self._state.sessions[digest] = replace(self._state.sessions[digest], last_seen_at=at)

    def delete(self, digest: bytes) -> None:
        self._state.sessions.pop(digest, None)

    def delete_of(self, account_id: str) -> None:
        self._remove([each for each in self._state.sessions.values() if each.account_id == account_id])

    def prune(self, *, created_before: float, seen_before: float, limit: int) -> int:
        over = [
            each
            for each in self._state.sessions.values()
            if each.created_at < created_before or each.last_seen_at < seen_before
        ]
        self._remove(over[:limit])
        return len(over[:limit])

    def _remove(self, gone: Sequence[Session]) -> None:
        for each in gone:
            del self._state.sessions[each.digest]


class _Audit(_Repository):
    def append(self, entries: Sequence[AuditEntry]) -> None:
        for entry in entries:
            self._state.audited += 1
            self._state.audit.append(replace(entry, id=self._state.audited))

    def page(self, wanted: AuditFilter, *, before: int | None, limit: int) -> tuple[AuditEntry, ...]:
        found = [
            entry
            for entry in reversed(self._state.audit)
            if (before is None or entry.id < before)
            and wanted.client_id in (None, entry.client_id)
            and wanted.profile_id in (None, entry.profile_id)
            and wanted.account_id in (None, entry.account_id)
            and wanted.actor_id in (None, entry.actor.id)
            and wanted.action in (None, entry.action)
            and (wanted.since is None or entry.at >= wanted.since)
            and (wanted.until is None or entry.at < wanted.until)
        ]
        return tuple(found[:limit])

    def prune(self, recorded_before: float) -> int:
        kept = [entry for entry in self._state.audit if entry.at >= recorded_before]
        gone = len(self._state.audit) - len(kept)
        self._state.audit = kept
        return gone


class _Outbox(_Repository):
    def append(self, events: Sequence[OutboxEvent]) -> None:
        self._state.outbox.update({event.sequence: event for event in events})

    def pending(self, limit: int) -> tuple[OutboxEvent, ...]:
        return tuple(event for event in self._sorted() if event.published_at is None)[:limit]

    def pending_count(self) -> int:
        return len(self.pending(len(self._state.outbox)))

    def since(self, sequence: int, limit: int) -> tuple[OutboxEvent, ...]:
        return tuple(event for event in self._sorted() if event.sequence > sequence)[:limit]

    def mark_published(self, sequences: Sequence[int], at: float) -> None:
        for sequence in sequences:
            event = self._state.outbox[sequence]
            if event.published_at is None:
                self._state.outbox[sequence] = replace(event, published_at=at)

    def prune(self, published_before: float) -> None:
        gone = [
            each for each in self._sorted() if each.published_at is not None and each.published_at < published_before
        ]
        for event in gone:
            del self._state.outbox[event.sequence]
            through = max(self._state.publication.pruned_through, event.sequence)
            self._state.publication = replace(self._state.publication, pruned_through=through)

    def _sorted(self) -> list[OutboxEvent]:
        return [self._state.outbox[each] for each in sorted(self._state.outbox)]


class _Idempotency(_Repository):
    def take(self, actor_id: str, key: str, request: bytes, now: float) -> Remembered | None:
        held = self._state.idempotency.get((actor_id, key))
        if held is not None and now - held[1] <= DAY:
            assert held[2] is not None
            return Remembered(held[0], held[2])
        self._state.idempotency[actor_id, key] = (request, now, None)
        return None

    def remember(self, actor_id: str, key: str, answer: Shape) -> None:
        request, at, _ = self._state.idempotency[actor_id, key]
        self._state.idempotency[actor_id, key] = (request, at, answer)

    def prune(self, taken_before: float) -> None:
        kept = {key: held for key, held in self._state.idempotency.items() if held[1] >= taken_before}
        self._state.idempotency = kept


class _PublicationRow(_Repository):
    def get(self) -> Publication:
        return self._state.publication

    def take_sequences(self, count: int) -> range:
        first = self._state.publication.sequence + 1
        self._state.publication = replace(self._state.publication, sequence=first + count - 1)
        return range(first, first + count)

    def announce(self, epoch: str) -> Publication:
        self._state.publication = replace(self._state.publication, epoch=epoch)
        return self._state.publication


def _matches(q: str | None, *texts: str) -> bool:
    return q is None or any(q.casefold() in text.casefold() for text in texts)


def _is_wanted(record: ProfileRecord, wanted: ProfileFilter) -> bool:
    profile = record.profile
    return (
        wanted.client_id in (None, profile.client.id)
        and wanted.active in (None, profile.active)
        and wanted.state in (None, credential_state(record, wanted.now).state)
        and _matches(wanted.q, profile.id, profile.name)
    )


def _counts(records: Sequence[ProfileRecord], now: float) -> ProfileCounts:
    states = [credential_state(record, now).state for record in records]
    inactive = sum(not (each.profile.active and each.profile.client.active) for each in records)
    return ProfileCounts(len(records), inactive, states.count(State.EXPIRING_SOON), states.count(State.EXPIRED))


def _page(items: Any, position: Callable[[T], Position], after: Position | None, limit: int) -> Page[T]:
    rows = sorted(items, key=lambda item: (-position(item).at, position(item).id))
    if after is not None:
        rows = [each for each in rows if (-position(each).at, position(each).id) > (-after.at, after.id)]
    return Page(tuple(rows[:limit]), position(rows[limit - 1]) if len(rows) > limit else None)
