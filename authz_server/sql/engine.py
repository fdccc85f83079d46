"""The connection to SQLite or PostgreSQL: how it is opened, how long it waits, and how a transaction begins."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
WAIT_SECONDS: Final = 5  # for a lock, a free connection, or a new one
STATEMENT_SECONDS: Final = 30
CONNECTIONS: Final = 10  # kept; twice as many at most
_BEGIN: Final = "authz_begin"  # the execution option that says how a transaction of SQLite's begins


@dataclass(frozen=True, slots=True)
class Engines:
    """The same connections, for edits and for reading."""

    editing: Engine
    reading: Engine
    file: Path | None
    """SQLite's."""

    @property
    def is_sqlite(self) -> bool:
        """Rather than PostgreSQL."""
        return self.file is not None


def connect(url_text: str) -> Engines:
    """Nothing is opened before it is used. `url_text`: sqlite:///path or postgresql+psycopg://user:password@host/name."""
    url = make_url(url_text)
    if url.get_backend_name() == SQLITE:
        return _sqlite(Path(url.database or "").absolute())
    return _postgresql(url.set(drivername="postgresql+psycopg"))


def _sqlite(file: Path) -> Engines:
    engine = _engine(URL.create(SQLITE), creator=lambda: open_file(file))

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        _use_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")  # what was answered survives a power cut

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))

    # An edit has the write lock from its first moment: one that began by reading could not be given it later.
    return Engines(engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}), engine, file)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Who reads does not wait for who writes. The file keeps this mode, so it is set once."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:  # somebody else is setting it, or the next one will
            raise


def open_file(file: Path, mode: str = "rw") -> sqlite3.Connection:
    """A connection that leaves transactions alone. With mode `rw` it makes no file."""
    return sqlite3.connect(
        f"{file.as_uri()}?mode={mode}", uri=True, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )


def _postgresql(url: URL) -> Engines:
    defaults = {
        "application_name": "authz-server",
        "connect_timeout": WAIT_SECONDS,
        "tcp_user_timeout": 2 * WAIT_SECONDS * 1_000,  # milliseconds until a server that has vanished counts as gone
        "options": f"-c lock_timeout={WAIT_SECONDS}s -c statement_timeout={STATEMENT_SECONDS}s",
    }
    # A connection that broke while nobody used it is replaced before anybody notices.
    engine = _engine(url, connect_args=_without(defaults, url), pool_pre_ping=True)
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(engine.execution_options(isolation_level="READ COMMITTED"), reading, None)


def _without(defaults: dict[str, Any], url: URL) -> dict[str, Any]:
    """What the URL itself says counts."""
    return {name: value for name, value in defaults.items() if name not in url.query}


def _engine(url: URL, **options: Any) -> Engine:
    return create_engine(
        url,
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_timeout=WAIT_SECONDS,
        hide_parameters=True,
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
        **options,
    )
