"""Backups: whole, of one moment, made while others write."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from authz_server.managing.errors import DatabaseUnavailable
from authz_server.sql.backup import CannotBackUp
from tests.integration.sql.conftest import Open
from tests.support import postgresql
from tests.support.databases import Databases, sqlite_url
from tests.support.profiles import hmac_auth
from tests.support.records import a_client_record, a_profile_record, an_event


def test_a_backup_is_the_database_as_of_one_moment_while_others_write(file: Path, opened: Open, tmp_path: Path) -> None:
    database = opened(sqlite_url(file))
    with database.edit() as unit:
        unit.clients.add(a_client_record(version=unit.publication.take_sequences(1)[0]))
        unit.profiles.add([a_profile_record(f"pr_{each}", auth=hmac_auth()) for each in range(2_000)])
    begun, enough = threading.Event(), threading.Event()

    def write() -> None:
        while not enough.is_set():
            with database.edit() as unit:
                (sequence,) = unit.publication.take_sequences(1)
                unit.outbox.append((an_event(sequence),))
                unit.profiles.save((a_profile_record("pr_0", auth=hmac_auth(), version=sequence),))
            begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    copies = [tmp_path / f"copy{number}.db" for number in range(3)]
    sizes = [database.back_up(copy) for copy in copies]
    enough.set()
    writer.join()

    for copy, size in zip(copies, sizes, strict=True):
        assert (copy.stat().st_size, copy.stat().st_mode & 0o777) == (size, 0o600)
        restored = opened(sqlite_url(copy))
        assert restored.inspect().problems == ()
        with restored.read() as unit:
            sequence = unit.publication.get().sequence
            assert [event.sequence for event in unit.outbox.since(0, 10**6)] == list(range(2, sequence + 1))
            assert unit.profiles.find(("pr_0",))["pr_0"].version == sequence
    assert database.inspect().problems == ()


def test_a_backup_is_one_file_and_nothing_else_is_left(file: Path, opened: Open, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    opened(sqlite_url(file)).back_up(folder / "copy.db")
    with closing(sqlite3.connect(folder / "copy.db")) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert [each.name for each in folder.iterdir()] == ["copy.db"]


def test_a_file_that_is_there_is_not_overwritten(file: Path, opened: Open, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(CannotBackUp, match=r"copy\.db is there already"):
        opened(sqlite_url(file)).back_up(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_a_folder_that_is_not_there_is_told(file: Path, opened: Open, tmp_path: Path) -> None:
    with pytest.raises(CannotBackUp, match=r"nowhere/copy\.db: No such file or directory"):
        opened(sqlite_url(file)).back_up(tmp_path / "nowhere" / "copy.db")


def test_a_database_that_is_not_there_leaves_no_backup(opened: Open, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        opened(sqlite_url(tmp_path / "authz.db")).back_up(tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_postgresql_has_its_own_means(
    databases: Databases, postgresql_server: postgresql.PostgreSQL, opened: Open, tmp_path: Path
) -> None:
    database = opened(databases.postgresql(postgresql_server))
    with pytest.raises(CannotBackUp, match="pg_dump"):
        database.back_up(tmp_path / "copy.db")
