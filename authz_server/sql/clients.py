"""Clients in their table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, select, update

from authz_server.core.profile import Client
from authz_server.managing.errors import IdTaken
from authz_server.managing.records import ClientRecord, Page, Position
from authz_server.sql.paging import holding, page, searched
from authz_server.sql.storable import is_storable
from authz_server.sql.tables import clients
from authz_server.sql.transaction import Transaction


class SqlClients:
    """`ports.Clients`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, client_id: str) -> ClientRecord | None:
        """One client, not locked."""
        if not is_storable(client_id):
            return None
        row = self._transaction.one(select(clients).where(clients.c.id == client_id))
        return None if row is None else _record(row)

    def lock(self, client_id: str) -> ClientRecord | None:
        """One client. A new profile's foreign key waits for this lock."""
        if is_storable(client_id):
            self._transaction.lock(clients, clients.c.id == client_id)
        return self.get(client_id)

    def page(self, *, q: str | None, after: Position | None, limit: int) -> Page[ClientRecord]:
        """Newest first."""
        found = holding(self._transaction, select(clients), clients, q)
        return page(self._transaction, found, clients, lambda rows: tuple(map(_record, rows)), after=after, limit=limit)

    def count(self) -> int:
        """How many there are."""
        return int(self._transaction.run(select(func.count()).select_from(clients)).scalar_one())

    def batch(self, after: str, limit: int) -> tuple[ClientRecord, ...]:
        """By id."""
        rows = self._transaction.all(select(clients).where(clients.c.id > after).order_by(clients.c.id).limit(limit))
        return tuple(map(_record, rows))

    def add(self, record: ClientRecord) -> None:
        """A new row. A taken id counts before a taken name."""
        if self.get(record.client.id) is not None:
            raise IdTaken
        self._transaction.run(insert(clients), _row(record))

    def save(self, record: ClientRecord) -> None:
        """Replace a row."""
        self._transaction.run(update(clients).where(clients.c.id == record.client.id), _row(record))

    def delete(self, client_id: str) -> None:
        """Remove a row."""
        self._transaction.run(delete(clients).where(clients.c.id == client_id))


def _row(record: ClientRecord) -> dict[str, Any]:
    client = record.client
    return {
        "id": client.id,
        "name": client.name,
        "description": client.description,
        "active": client.active,
        "labels": dict(client.labels),
        "version": record.version,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "searched": searched(client.id, client.name, client.description),
    }


def _record(row: RowMapping) -> ClientRecord:
    client = Client(
        id=row["id"], name=row["name"], description=row["description"], active=row["active"], labels=row["labels"]
    )
    return ClientRecord(
        client=client, version=row["version"], created_at=row["created_at"], updated_at=row["updated_at"]
    )
