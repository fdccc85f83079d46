"""What a database's driver raises, as what `managing` knows: a taken id or name, or a database that cannot be used.

A sentence says what happened and what helps. It never holds a statement, its values or a password.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy import exc

from authz_server.managing.errors import DatabaseUnavailable, IdTaken, NameTaken, Refused

_TAKEN: Final[dict[str, type[Refused]]] = {
    "pk_clients": IdTaken,
    "pk_profiles": IdTaken,
    "uq_clients_name": NameTaken,
    "uq_profiles_client_id_name": NameTaken,
    "uq_accounts_name": NameTaken,
    # SQLite says which columns, not which constraint.
    "clients.id": IdTaken,
    "profiles.id": IdTaken,
    "clients.name": NameTaken,
    "profiles.client_id, profiles.name": NameTaken,
    "accounts.name": NameTaken,
}
_UPGRADE: Final = "`authz-server db upgrade` makes them"

# By the beginning of SQLite's name for the error.
_SQLITE: Final = (
    ("SQLITE_BUSY", "the database is locked by another process"),
    ("SQLITE_LOCKED", "the database is locked by another connection"),
    ("SQLITE_FULL", "the disk is full"),
    ("SQLITE_READONLY", "the database is read-only: the server may not write its file or its folder"),
    (
        "SQLITE_CANTOPEN",
        "the database file is not there or cannot be opened; `authz-server db upgrade` makes a new one",
    ),
    ("SQLITE_PERM", "the database file may not be accessed"),
    ("SQLITE_NOTADB", "the file is not a SQLite database"),
    ("SQLITE_CORRUPT", "the database file is damaged: restore a backup"),
    ("SQLITE_IOERR", "the disk failed, or is full"),
)

# By the beginning of the SQLSTATE (PostgreSQL, appendix A); the longest that fits counts.
_POSTGRESQL: Final = (
    ("08", "the connection to PostgreSQL was lost"),
    ("25006", "PostgreSQL is read-only: a standby, or default_transaction_read_only"),
    ("28", "PostgreSQL refuses the user or the password"),
    ("3D000", "PostgreSQL has no database of this name"),
    ("40", "another edit was in the way (deadlock): try again"),
    ("42501", "PostgreSQL denies the user a permission on the tables"),
    ("42P01", f"the database has no tables of ours yet; {_UPGRADE}"),
    ("53100", "PostgreSQL's disk is full"),
    ("53300", "PostgreSQL has no free connection"),
    ("53", "PostgreSQL lacks a resource"),
    ("55P03", "the rows are locked by another edit"),
    ("57014", "PostgreSQL took too long over a statement"),
    ("57P", "PostgreSQL is starting, stopping or restarting"),
    ("58", "PostgreSQL's disk failed"),
    ("XX", "PostgreSQL reports damage: look into its log"),
)


@contextmanager
def translated() -> Iterator[None]:
    """Whatever a driver raises within the block becomes one of `managing`'s errors."""
    try:
        yield
    except exc.TimeoutError:
        raise DatabaseUnavailable("all connections to the database are in use") from None
    except exc.DBAPIError as error:
        # Not `from error`: it quotes the statement, and a driver may quote values.
        raise told(error.orig) from None
    except (sqlite3.Error, psycopg.Error) as error:
        raise told(error) from None


def told(error: BaseException | None) -> Refused | DatabaseUnavailable:
    """A driver's error as one of `managing`'s."""
    taken = _TAKEN.get(_violated(error))
    return DatabaseUnavailable(_sentence(error)) if taken is None else taken()


def _violated(error: BaseException | None) -> str:
    if isinstance(error, psycopg.Error):
        return error.diag.constraint_name or ""
    if isinstance(error, sqlite3.IntegrityError):
        return str(error).removeprefix("UNIQUE constraint failed: ")
    return ""


def _sentence(error: BaseException | None) -> str:
    if isinstance(error, psycopg.Error):
        return _of_postgresql(error)
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    return f"the database failed: {type(error).__name__}"


def _of_sqlite(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    for beginning, sentence in _SQLITE:
        if name.startswith(beginning):
            return sentence
    text = _first_line(str(error))
    if text.startswith("no such table"):
        return f"the database has no tables of ours yet; {_UPGRADE}"
    return f"SQLite refuses: {text}"


def _of_postgresql(error: psycopg.Error) -> str:
    state = error.sqlstate or ""
    fitting = [each for each in _POSTGRESQL if state.startswith(each[0])] if state else []
    if fitting:
        return max(fitting, key=lambda each: len(each[0]))[1]
    if state:
        return f"PostgreSQL refuses: {_first_line(error.diag.message_primary or state)}"
    if isinstance(error, psycopg.OperationalError):  # libpq's own: no server has answered
        return f"PostgreSQL cannot be reached, or the connection was lost: {_first_line(str(error))}"
    return f"PostgreSQL cannot be asked that: {type(error).__name__}"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
