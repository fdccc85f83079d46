"""Every error of a driver has its sentence."""

import sqlite3

import psycopg
import pytest
from psycopg.errors import lookup
from sqlalchemy import exc

from authz_server.managing.errors import DatabaseUnavailable
from authz_server.sql.faults import told, translated


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("08006", "the connection to PostgreSQL was lost"),
        ("25006", "PostgreSQL is read-only: a standby, or default_transaction_read_only"),
        ("28P01", "PostgreSQL refuses the user or the password"),
        ("3D000", "PostgreSQL has no database of this name"),
        ("40P01", "another edit was in the way (deadlock): try again"),
        ("40001", "another edit was in the way (deadlock): try again"),
        ("42501", "PostgreSQL denies the user a permission on the tables"),
        ("53100", "PostgreSQL's disk is full"),
        ("53200", "PostgreSQL lacks a resource"),
        ("53300", "PostgreSQL has no free connection"),
        ("55P03", "the rows are locked by another edit"),
        ("57014", "PostgreSQL took too long over a statement"),
        ("57P01", "PostgreSQL is starting, stopping or restarting"),
        ("57P03", "PostgreSQL is starting, stopping or restarting"),
        ("58030", "PostgreSQL's disk failed"),
        ("XX001", "PostgreSQL reports damage: look into its log"),
        ("22012", "PostgreSQL refuses: 22012"),
    ],
)
def test_postgresql_errors_go_by_their_state(state: str, sentence: str) -> None:
    error = told(lookup(state)("a statement, and its values"))
    assert isinstance(error, DatabaseUnavailable)
    assert str(error) == sentence


def test_what_the_client_library_says_itself_is_shown_in_one_line() -> None:
    refused = told(psycopg.OperationalError("connection refused\nIs the server running?"))
    assert str(refused) == "PostgreSQL cannot be reached, or the connection was lost: connection refused"
    assert str(told(psycopg.DataError("a value"))) == "PostgreSQL cannot be asked that: DataError"


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("SQLITE_BUSY_SNAPSHOT", "the database is locked by another process"),
        ("SQLITE_LOCKED_SHAREDCACHE", "the database is locked by another connection"),
        ("SQLITE_FULL", "the disk is full"),
        ("SQLITE_READONLY_DIRECTORY", "the database is read-only"),
        ("SQLITE_CANTOPEN_ISDIR", "the database file is not there or cannot be opened"),
        ("SQLITE_PERM", "the database file may not be accessed"),
        ("SQLITE_NOTADB", "the file is not a SQLite database"),
        ("SQLITE_CORRUPT_INDEX", "the database file is damaged"),
        ("SQLITE_IOERR_WRITE", "the disk failed, or is full"),
        ("SQLITE_TOOBIG", "SQLite refuses: a message"),
    ],
)
def test_sqlite_errors_go_by_their_name(name: str, beginning: str) -> None:
    error = sqlite3.OperationalError("a message")
    error.sqlite_errorname = name
    assert str(told(error)).startswith(beginning)


def test_whatever_else_fails_is_told_by_its_type_alone() -> None:
    assert str(told(None)) == "the database failed: NoneType"
    assert str(told(ValueError("a value"))) == "the database failed: ValueError"


def test_nothing_of_the_statement_comes_along() -> None:
    with pytest.raises(DatabaseUnavailable) as told_, translated():
        raise exc.OperationalError("SELECT a_secret", ("a value",), sqlite3.OperationalError("a message"))
    assert str(told_.value) == "SQLite refuses: a message"
    assert told_.value.__cause__ is None
    assert told_.value.__suppress_context__


def test_what_is_no_drivers_error_passes() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError
    with pytest.raises(DatabaseUnavailable, match="SQLite refuses: a message"), translated():
        raise sqlite3.OperationalError("a message")
