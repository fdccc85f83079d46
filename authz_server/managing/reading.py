"""What can be read of the records, as people and programs see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from authz_server.managing import shown
from authz_server.managing.credential_state import Possible, ProfileCounts, possible
from authz_server.managing.errors import NotFound
from authz_server.managing.ports import AuditFilter, Clock, Database, ProfileFilter
from authz_server.managing.records import Page, Position, Shape, Shown

T = TypeVar("T")


class Overview(NamedTuple):
    """How much there is, and how much of it somebody should look at."""

    clients: int
    profiles: ProfileCounts


class Reading:
    """One object raises `NotFound` where it is not there; a list is empty."""

    def __init__(self, database: Database, clock: Clock, *, reveals: bool = False) -> None:
        self._database = database
        self._clock = clock
        self._reveals = reveals

    def client(self, client_id: str) -> Shown:
        """One client."""
        with self._database.read() as unit:
            record = _found(unit.clients.get(client_id))
        return Shown(shown.client(record), record.version)

    def profile(self, profile_id: str) -> Shown:
        """One profile."""
        with self._database.read() as unit:
            record = _found(unit.profiles.get(profile_id))
        return Shown(shown.profile(record, self._clock()), record.version)

    def possible(self, profile_id: str) -> Possible:
        """What can be done with one profile's credential."""
        with self._database.read() as unit:
            record = _found(unit.profiles.get(profile_id))
        return possible(record, reveals=self._reveals)

    def api_key(self, api_key_id: str) -> Shown:
        """One API key."""
        with self._database.read() as unit:
            record = _found(unit.api_keys.get(api_key_id))
        return Shown(shown.api_key(record, self._clock()), None)

    def account(self, account_id: str) -> Shown:
        """One account."""
        with self._database.read() as unit:
            record = _found(unit.accounts.get(account_id))
        return Shown(shown.account(record), None)

    def admins(self) -> int:
        """How many active accounts have the role admin."""
        with self._database.read() as unit:
            return unit.accounts.count_admins()

    def account_named(self, name: str) -> Shown:
        """The account that signs in under this name."""
        with self._database.read() as unit:
            record = _found(unit.accounts.by_name(name))
        return Shown(shown.account(record), None)

    def overview(self) -> Overview:
        """All clients and profiles, counted."""
        with self._database.read() as unit:
            return Overview(unit.clients.count(), unit.profiles.count_all(self._clock()))

    def client_counts(self, client_ids: Sequence[str]) -> Mapping[str, ProfileCounts]:
        """The profiles of each of these clients, counted."""
        with self._database.read() as unit:
            return unit.profiles.counts(client_ids, self._clock())

    def clients(self, *, q: str | None = None, after: Position | None = None, limit: int) -> Page[Shape]:
        """Clients, newest first."""
        with self._database.read() as unit:
            page = unit.clients.page(q=q, after=after, limit=limit)
        return Page(tuple(map(shown.client, page.items)), page.next)

    def profiles(self, wanted: ProfileFilter, *, after: Position | None = None, limit: int) -> Page[Shape]:
        """Profiles, newest first. Those of one client: raises `NotFound` where there is no such client."""
        now = self._clock()
        with self._database.read() as unit:
            if wanted.client_id is not None:
                _found(unit.clients.get(wanted.client_id))
            page = unit.profiles.page(wanted._replace(now=now), after=after, limit=limit)
        return Page(tuple(shown.profile(record, now) for record in page.items), page.next)

    def api_keys(self, *, after: Position | None = None, limit: int) -> Page[Shape]:
        """API keys, newest first."""
        now = self._clock()
        with self._database.read() as unit:
            page = unit.api_keys.page(after=after, limit=limit)
        return Page(tuple(shown.api_key(record, now) for record in page.items), page.next)

    def accounts(self, *, after: Position | None = None, limit: int) -> Page[Shape]:
        """Accounts, newest first."""
        with self._database.read() as unit:
            page = unit.accounts.page(after=after, limit=limit)
        return Page(tuple(map(shown.account, page.items)), page.next)

    def audit(self, wanted: AuditFilter, *, before: int | None = None, limit: int) -> tuple[Shape, ...]:
        """Entries of the audit trail, newest first; the next ones come `before` the last one's id."""
        with self._database.read() as unit:
            entries = unit.audit.page(wanted, before=before, limit=limit)
        return tuple(map(shown.audit_entry, entries))


def _found(record: T | None) -> T:
    if record is None:
        raise NotFound
    return record
