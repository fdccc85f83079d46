"""SqlDatabase: the system of record, one unit of work at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from authz_server.managing.errors import DatabaseUnavailable
from authz_server.sealing.seal import Seal
from authz_server.sql import migration
from authz_server.sql.accounts import SqlAccounts, SqlSessions
from authz_server.sql.api_keys import SqlApiKeys
from authz_server.sql.audit import SqlAudit
from authz_server.sql.backup import CannotBackUp, back_up
from authz_server.sql.clients import SqlClients
from authz_server.sql.engine import WAIT_SECONDS, Engines, connect
from authz_server.sql.faults import translated
from authz_server.sql.idempotency import SqlIdempotencyKeys
from authz_server.sql.inspection import Inspected, inspect
from authz_server.sql.profiles import SqlProfiles
from authz_server.sql.publishing import SqlOutbox, SqlPublicationRow
from authz_server.sql.transaction import Transaction


class SqlUnitOfWork:
    """`ports.UnitOfWork`: all tables, within one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self.clients = SqlClients(transaction)
        self.profiles = SqlProfiles(transaction)
        self.api_keys = SqlApiKeys(transaction)
        self.accounts = SqlAccounts(transaction)
        self.sessions = SqlSessions(transaction)
        self.audit = SqlAudit(transaction)
        self.outbox = SqlOutbox(transaction)
        self.idempotency = SqlIdempotencyKeys(transaction)
        self.publication = SqlPublicationRow(transaction)


class SqlDatabase:
    """`ports.Database` on SQLite or PostgreSQL; any number of threads may use it, and of processes."""

    def __init__(self, url: str, seal: Seal | None = None) -> None:
        """`url`: sqlite:///path or postgresql+psycopg://user:password@host/name. Nothing is opened yet.

        `seal` is that of documents, `Seal.of_documents`; None where no secrets can be kept.
        """
        self._engines: Engines = connect(url)
        self._seal = seal
        self._turn = threading.Lock()  # SQLite's own queue is one of sleepers: this process has a better one

    @property
    def file(self) -> Path | None:
        """SQLite's file; None for PostgreSQL."""
        return self._engines.file

    @contextmanager
    def edit(self) -> Iterator[SqlUnitOfWork]:
        """One transaction, committed where the block ends and rolled back where it raises."""
        if not self._engines.is_sqlite:
            with self._unit(locks_rows=True) as unit:
                yield unit
            return
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise DatabaseUnavailable("other edits take too long")
        try:
            with self._unit(locks_rows=False) as unit:
                yield unit
        finally:
            self._turn.release()

    @contextmanager
    def _unit(self, *, locks_rows: bool) -> Iterator[SqlUnitOfWork]:
        with translated(), self._engines.editing.begin() as connection:
            yield SqlUnitOfWork(Transaction(connection, locks_rows=locks_rows, seal=self._seal))

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """One transaction that changes nothing; its answers are as of one moment."""
        with translated(), self._engines.reading.connect() as connection:
            if self._engines.is_sqlite:
                connection.execute(text("SELECT 1 FROM sqlite_schema"))  # the moment is that of the first read
            yield SqlUnitOfWork(Transaction(connection, locks_rows=False, seal=self._seal))

    def upgrade(self) -> migration.Upgraded:
        """Bring the tables to what this program needs; SQLite's file is made where there is none.

        Raises `DatabaseNewer`, and leaves it as it is.
        """
        with translated():
            return migration.upgrade(self._engines)

    def verify(self) -> None:
        """Raises `NotMigrated` or `DatabaseNewer` where the tables are not those that this program needs."""
        with translated(), self._engines.reading.connect() as connection:
            migration.verify(connection)

    def back_up(self, target: Path) -> int:
        """Write a copy as of this moment into a new file, while others go on; returns its size in bytes.

        SQLite only. Raises `CannotBackUp`.
        """
        if self._engines.file is None:
            raise CannotBackUp("PostgreSQL is backed up by its own means, such as pg_dump --format=custom")
        with translated():
            return back_up(self._engines.file, target)

    def inspect(self) -> Inspected:
        """Look at everything, the opening of every sealed secret included. Raises `NotMigrated`, `DatabaseNewer`."""
        with translated():
            return inspect(self._engines, self._seal)

    def close(self) -> None:
        """Close all connections; those in use when they are given back."""
        self._engines.reading.dispose()
