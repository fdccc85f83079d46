"""What a database can do to its users, and which sentence tells it."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from authz_server.managing.errors import DatabaseUnavailable, NameTaken
from authz_server.sql import engine
from authz_server.sql.database import SqlDatabase
from tests.integration.sql.conftest import Open
from tests.support import postgresql
from tests.support.databases import Databases, sqlite_url
from tests.support.records import a_client_record, a_profile_record

ROOT = Path(__file__).parents[3]
MANY = 2_000
PASSWORD = "a-password"


def edit(database: SqlDatabase) -> None:
    with database.edit() as unit:
        unit.publication.take_sequences(1)


def sequence(database: SqlDatabase) -> int:
    with database.read() as unit:
        return unit.publication.get().sequence


def fill(database: SqlDatabase) -> None:
    with database.edit() as unit:
        unit.clients.add(a_client_record())
        unit.publication.take_sequences(MANY)
        unit.profiles.add([a_profile_record(f"pr_{each}") for each in range(MANY)])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are waited for as briefly as may be."""
    monkeypatch.setattr(engine, "WAIT_SECONDS", 1)


def test_a_file_that_another_process_has_locked(impatient: None, file: Path, opened: Open) -> None:
    database = opened(sqlite_url(file))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable, match="locked by another process"):
            edit(database)
        assert sequence(database) == 0  # who reads does not care
        other.execute("ROLLBACK")
    edit(database)
    assert sequence(database) == 1


def test_rows_that_another_edit_has_locked(
    impatient: None, databases: Databases, postgresql_server: postgresql.PostgreSQL, opened: Open
) -> None:
    database = opened(databases.postgresql(postgresql_server))
    edit(database)
    with database.edit() as unit:
        unit.publication.take_sequences(1)
        with pytest.raises(DatabaseUnavailable, match="locked by another edit"):
            edit(database)
    assert sequence(database) == 2


def test_a_full_disk(file: Path, opened: Open) -> None:
    with closing(sqlite3.connect(file)) as other:
        (pages,) = other.execute("PRAGMA page_count").fetchone()
    database = opened(sqlite_url(file))
    with database.edit() as unit:  # the limit is this connection's: the pool gives it again
        unit.clients._transaction.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 10}")  # noqa: SLF001 - no port sets it
    with pytest.raises(DatabaseUnavailable, match="the disk is full"):
        fill(database)
    edit(database)
    assert sequence(database) == 1


LIMITED = f"""
import resource
from tests.integration.sql.test_faults import DatabaseUnavailable, SqlDatabase, edit, fill, sequence
database = SqlDatabase("URL")
sequence(database)
resource.setrlimit(resource.RLIMIT_FSIZE, ({1 << 17}, {1 << 17}))
try:
    fill(database)
except DatabaseUnavailable as error:
    print(error, sequence(database))
"""


def test_a_file_that_may_not_grow(file: Path, opened: Open) -> None:
    """As on a full disk, the system itself refuses to write."""
    code = LIMITED.replace("URL", sqlite_url(file))
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "the disk failed, or is full 0\n"
    fill(opened(sqlite_url(file)))


def test_a_file_that_may_not_be_written(file: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(sqlite_url(file)).verify()  # so that it is in its usual mode
    writable = engine.open_file
    monkeypatch.setattr(engine, "open_file", lambda file: writable(file, "ro"))
    database = opened(sqlite_url(file))
    with pytest.raises(DatabaseUnavailable, match="read-only"):
        edit(database)
    assert sequence(database) == 0


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, opened: Open) -> None:
    database = opened(sqlite_url(tmp_path / "authz.db"))
    with pytest.raises(DatabaseUnavailable, match="not there or cannot be opened; `authz-server db upgrade`"):
        sequence(database)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_something_else(tmp_path: Path, opened: Open) -> None:
    (tmp_path / "authz.db").write_bytes(b"something else" * 1_000)
    database = opened(sqlite_url(tmp_path / "authz.db"))
    for use in (edit, sequence, SqlDatabase.upgrade):
        with pytest.raises(DatabaseUnavailable, match="not a SQLite database"):
            use(database)


def test_a_damaged_file(file: Path, opened: Open) -> None:
    database = opened(sqlite_url(file))
    fill(database)
    database.close()
    with file.open("r+b") as pages:
        pages.seek(4_096)
        pages.write(os.urandom(file.stat().st_size - 8_192))
    with pytest.raises(DatabaseUnavailable, match="damaged: restore a backup"):
        fill(opened(sqlite_url(file)))


def test_all_connections_in_use(
    impatient: None,
    databases: Databases,
    postgresql_server: postgresql.PostgreSQL,
    opened: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "CONNECTIONS", 1)
    database = opened(databases.postgresql(postgresql_server))
    with database.read(), database.read(), pytest.raises(DatabaseUnavailable, match=r"all connections .* in use"):
        sequence(database)
    assert sequence(database) == 0


def test_edits_of_one_process_that_take_too_long(
    impatient: None, file: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("authz_server.sql.database.WAIT_SECONDS", 0.1)
    database = opened(sqlite_url(file))
    told: list[str] = []

    def another() -> None:
        try:
            edit(database)
        except DatabaseUnavailable as error:
            told.append(str(error))

    with database.edit():
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()
    assert told == ["other edits take too long"]


@pytest.fixture
def own_server() -> Iterator[postgresql.PostgreSQL]:
    """A PostgreSQL that a test may stop."""
    with postgresql.running() as server:
        yield server


def test_postgresql_that_restarts(own_server: postgresql.PostgreSQL, opened: Open, tmp_path: Path) -> None:
    database = opened(Databases(tmp_path).postgresql(own_server))
    edit(database)
    own_server.stop()
    with pytest.raises(DatabaseUnavailable, match="PostgreSQL cannot be reached"):
        edit(database)
    own_server.start()
    edit(database)  # the connection from before is noticed and replaced
    assert sequence(database) == 2


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_postgresql_that_goes_in_the_middle_of_an_edit(
    own_server: postgresql.PostgreSQL, opened: Open, tmp_path: Path, how: signal.Signals
) -> None:
    database = opened(Databases(tmp_path).postgresql(own_server))
    with pytest.raises(DatabaseUnavailable, match=r"PostgreSQL (is|cannot be reached|took)|connection"):
        broken_off(database, own_server, how)
    own_server.start()
    assert sequence(database) == 0
    edit(database)
    assert sequence(database) == 1


def broken_off(database: SqlDatabase, server: postgresql.PostgreSQL, how: signal.Signals) -> None:
    with database.edit() as unit:
        unit.publication.take_sequences(5)
        server.stop(how)
        unit.publication.take_sequences(5)


def test_postgresql_that_goes_before_the_commit(
    own_server: postgresql.PostgreSQL, opened: Open, tmp_path: Path
) -> None:
    database = opened(Databases(tmp_path).postgresql(own_server))

    def broken_off() -> None:
        with database.edit() as unit:
            unit.publication.take_sequences(5)
            own_server.stop()

    with pytest.raises(DatabaseUnavailable):
        broken_off()
    own_server.start()
    assert sequence(database) == 0


def test_postgresql_without_that_database(postgresql_server: postgresql.PostgreSQL, opened: Open) -> None:
    with pytest.raises(DatabaseUnavailable, match="nowhere"):
        edit(opened(postgresql_server.url("nowhere")))


def test_a_standby(databases: Databases, postgresql_server: postgresql.PostgreSQL, opened: Open) -> None:
    url = databases.postgresql(postgresql_server)
    database = opened(f"{url}&options=-c%20default_transaction_read_only%3Don")
    with pytest.raises(DatabaseUnavailable, match="read-only: a standby"):
        edit(database)
    assert sequence(database) == 0


def test_a_password_is_in_no_sentence(opened: Open) -> None:
    with pytest.raises(DatabaseUnavailable) as told:
        edit(opened(f"postgresql+psycopg://authz:{PASSWORD}@127.0.0.1:1/authz"))
    assert "127.0.0.1" in str(told.value)
    assert PASSWORD not in "".join(traceback.format_exception(told.value))


def test_a_refusal_quotes_no_row(database: SqlDatabase) -> None:
    fill(database)
    with pytest.raises(NameTaken) as refused, database.edit() as unit:
        unit.clients.add(a_client_record("cl_2", name="name of cl_acme", description="confidential"))
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    with pytest.raises(DatabaseUnavailable, match="refuses") as told, database.edit() as unit:
        unit.clients.delete("cl_acme")  # its profiles are still there
    assert "cl_acme" not in str(told.value)
    assert sequence(database) == MANY
