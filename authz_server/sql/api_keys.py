"""API keys in their table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, insert, select, update

from authz_server.managing.records import ApiKey, Page, Position, Role
from authz_server.sql.paging import page
from authz_server.sql.storable import is_storable
from authz_server.sql.tables import api_keys
from authz_server.sql.transaction import Transaction


class SqlApiKeys:
    """`ports.ApiKeys`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, api_key_id: str) -> ApiKey | None:
        """One key."""
        return self._one(api_keys.c.id == api_key_id) if is_storable(api_key_id) else None

    def lock(self, api_key_id: str) -> ApiKey | None:
        """One key, locked."""
        if is_storable(api_key_id):
            self._transaction.lock(api_keys, api_keys.c.id == api_key_id)
        return self.get(api_key_id)

    def by_digest(self, digest: bytes) -> ApiKey | None:
        """The key whose secret has this SHA-256."""
        return self._one(api_keys.c.digest == digest)

    def page(self, *, after: Position | None, limit: int) -> Page[ApiKey]:
        """Newest first."""
        return page(self._transaction, select(api_keys), api_keys, _records, after=after, limit=limit)

    def add(self, record: ApiKey) -> None:
        """A new row."""
        self._transaction.run(insert(api_keys), _row(record))

    def save(self, record: ApiKey) -> None:
        """Replace a row."""
        self._transaction.run(update(api_keys).where(api_keys.c.id == record.id), _row(record))

    def note_use(self, api_key_id: str, at: float) -> None:
        """Set one column alone."""
        self._transaction.run(update(api_keys).where(api_keys.c.id == api_key_id).values(last_used_at=at))

    def _one(self, where: ColumnElement[bool]) -> ApiKey | None:
        row = self._transaction.one(select(api_keys).where(where))
        return None if row is None else _record(row)


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role.value,
        "digest": key.digest,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }


def _record(row: RowMapping) -> ApiKey:
    return ApiKey(**{**row, "role": Role(row["role"])})


def _records(rows: Sequence[RowMapping]) -> tuple[ApiKey, ...]:
    return tuple(map(_record, rows))
