"""Profiles in their table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import RowMapping, Select, bindparam, delete, func, insert, select, update

from authz_server.managing.credential_state import ProfileCounts
from authz_server.managing.errors import IdTaken
from authz_server.managing.ports import ProfileFilter
from authz_server.managing.records import Page, Position, ProfileRecord
from authz_server.sql import profile_rows, profile_states
from authz_server.sql.paging import holding, page
from authz_server.sql.storable import is_storable
from authz_server.sql.tables import profiles
from authz_server.sql.transaction import Transaction, chunks

_UPDATE: Final = update(profiles).where(profiles.c.id == bindparam("row_id"))
_NAMELESS: Final = "\x1f"  # begins no name that people can give


class SqlProfiles:
    """`ports.Profiles`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, profile_id: str) -> ProfileRecord | None:
        """One profile, not locked."""
        return self.find((profile_id,)).get(profile_id)

    def lock(self, profile_id: str) -> ProfileRecord | None:
        """One profile."""
        if is_storable(profile_id):
            self._transaction.lock(profiles, profiles.c.id == profile_id)
        return self.get(profile_id)

    def lock_of_client(self, client_id: str) -> tuple[ProfileRecord, ...]:
        """All profiles of a client."""
        if not is_storable(client_id):
            return ()
        of_client = profiles.c.client_id == client_id
        self._transaction.lock(profiles, of_client)
        return self._read(profile_rows.JOINED.where(of_client).order_by(profiles.c.id))

    def count_of_client(self, client_id: str) -> int:
        """How many profiles a client has."""
        counted = select(func.count()).select_from(profiles).where(profiles.c.client_id == client_id)
        return int(self._transaction.run(counted).scalar_one())

    def counts(self, client_ids: Sequence[str], now: float) -> Mapping[str, ProfileCounts]:
        """Of these clients."""
        return profile_states.counts(self._transaction, client_ids, now)

    def count_all(self, now: float) -> ProfileCounts:
        """Of all clients."""
        return profile_states.count_all(self._transaction, now)

    def find(self, profile_ids: Sequence[str]) -> dict[str, ProfileRecord]:
        """Those that are there."""
        storable = [each for each in profile_ids if is_storable(each)]
        if not storable:
            return {}
        found = self._read(profile_rows.JOINED.where(profiles.c.id.in_(storable)))
        return {record.profile.id: record for record in found}

    def page(self, wanted: ProfileFilter, *, after: Position | None, limit: int) -> Page[ProfileRecord]:
        """Newest first."""
        statement = profile_rows.JOINED
        if wanted.client_id is not None:
            if not is_storable(wanted.client_id):
                return Page(())
            statement = statement.where(profiles.c.client_id == wanted.client_id)
        if wanted.active is not None:
            statement = statement.where(profiles.c.active.is_(wanted.active))
        if wanted.state is not None:
            statement = statement.where(profile_states.in_state(wanted.state, wanted.now))
        found = holding(self._transaction, statement, profiles, wanted.q)
        return page(self._transaction, found, profiles, self._records, after=after, limit=limit)

    def batch(self, after: str, limit: int) -> tuple[ProfileRecord, ...]:
        """By id."""
        return self._read(profile_rows.JOINED.where(profiles.c.id > after).order_by(profiles.c.id).limit(limit))

    def add(self, records: Sequence[ProfileRecord]) -> None:
        """New rows. A taken id counts before a taken name."""
        for chunk in chunks(records):
            taken = select(profiles.c.id).where(profiles.c.id.in_([record.profile.id for record in chunk]))
            if self._transaction.one(taken) is not None:
                raise IdTaken
            self._transaction.run(insert(profiles), [self._row(record) for record in chunk])

    def save(self, records: Sequence[ProfileRecord]) -> None:
        """Replace rows. Names may change places among them: the old ones are out of the way first."""
        if not records:
            return
        if len(records) > 1:
            self._free_names(records)
        rows = [self._row(record) for record in records]
        self._transaction.run(_UPDATE, [{**row, "row_id": row["id"]} for row in rows])

    def delete(self, profile_ids: Sequence[str]) -> None:
        """Remove rows."""
        for chunk in chunks(profile_ids):
            self._transaction.run(delete(profiles).where(profiles.c.id.in_(chunk)))

    def _free_names(self, records: Sequence[ProfileRecord]) -> None:
        for chunk in chunks(records):
            new = {record.profile.id: record.profile.name for record in chunk}
            held = self._transaction.all(select(profiles.c.id, profiles.c.name).where(profiles.c.id.in_(tuple(new))))
            renamed = [row["id"] for row in held if row["name"] != new[row["id"]]]
            if renamed:
                nameless = update(profiles).where(profiles.c.id.in_(renamed)).values(name=_NAMELESS + profiles.c.id)
                self._transaction.run(nameless)

    def _row(self, record: ProfileRecord) -> dict[str, Any]:
        return profile_rows.written(record, self._transaction.seal)

    def _read(self, statement: Select[Any]) -> tuple[ProfileRecord, ...]:
        return self._records(self._transaction.all(statement))

    def _records(self, rows: Sequence[RowMapping]) -> tuple[ProfileRecord, ...]:
        return tuple(profile_rows.read(rows, self._transaction.seal))
