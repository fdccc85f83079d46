"""Accounts and their sessions in their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, delete, func, insert, or_, select, update

from authz_server.managing.records import Account, Page, Position, Role, Session
from authz_server.sql.paging import page
from authz_server.sql.storable import is_storable
from authz_server.sql.tables import accounts, sessions
from authz_server.sql.transaction import Transaction

_IS_ADMIN = and_(accounts.c.active, accounts.c.role == Role.ADMIN.value)


class SqlAccounts:
    """`account_ports.Accounts`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, account_id: str) -> Account | None:
        """One account."""
        return self._one(accounts.c.id == account_id) if is_storable(account_id) else None

    def by_name(self, name: str) -> Account | None:
        """The account of this name."""
        return self._one(accounts.c.name == name) if is_storable(name) else None

    def lock(self, account_id: str) -> Account | None:
        """One account; it and all admins in one statement, so that two that want several get them in one order."""
        if is_storable(account_id):
            self._transaction.lock(accounts, or_(accounts.c.id == account_id, _IS_ADMIN))
        return self.get(account_id)

    def count_admins(self) -> int:
        """How many there are."""
        counted = select(func.count()).select_from(accounts).where(_IS_ADMIN)
        return int(self._transaction.run(counted).scalar_one())

    def page(self, *, after: Position | None, limit: int) -> Page[Account]:
        """Newest first."""
        return page(self._transaction, select(accounts), accounts, _records, after=after, limit=limit)

    def add(self, record: Account) -> None:
        """A new row."""
        self._transaction.run(insert(accounts), _row(record))

    def save(self, record: Account) -> None:
        """Replace a row."""
        self._transaction.run(update(accounts).where(accounts.c.id == record.id), _row(record))

    def delete(self, account_id: str) -> None:
        """Remove a row."""
        self._transaction.run(delete(accounts).where(accounts.c.id == account_id))

    def _one(self, where: ColumnElement[bool]) -> Account | None:
        row = self._transaction.one(select(accounts).where(where))
        return None if row is None else _record(row)


class SqlSessions:
    """`account_ports.SessionRows`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, digest: bytes) -> Session | None:
        """One session."""
        row = self._transaction.one(select(sessions).where(sessions.c.digest == digest))
        return None if row is None else Session(**row)

    def add(self, session: Session) -> None:
        """A new row."""
        self._transaction.run(insert(sessions), asdict(session))

    def note_seen(self, digest: bytes, at: float) -> None:
        """Set one column alone."""
        self._transaction.run(update(sessions).where(sessions.c.digest == digest).values(last_seen_at=at))

    def delete(self, digest: bytes) -> None:
        """Remove a row."""
        self._transaction.run(delete(sessions).where(sessions.c.digest == digest))

    def delete_of(self, account_id: str) -> None:
        """Remove the rows of an account."""
        self._transaction.run(delete(sessions).where(sessions.c.account_id == account_id))

    def prune(self, *, created_before: float, seen_before: float, limit: int) -> int:
        """Remove some of those that are over."""
        is_over = or_(sessions.c.created_at < created_before, sessions.c.last_seen_at < seen_before)
        some = select(sessions.c.digest).where(is_over).limit(limit)
        return self._transaction.run(delete(sessions).where(sessions.c.digest.in_(some))).rowcount


def _row(account: Account) -> dict[str, Any]:
    return {**asdict(account), "role": account.role.value}


def _record(row: RowMapping) -> Account:
    return Account(**{**row, "role": Role(row["role"])})


def _records(rows: Sequence[RowMapping]) -> tuple[Account, ...]:
    return tuple(map(_record, rows))
