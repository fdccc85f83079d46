"""Migrations: from nothing to the tables of this program, once, and never backwards."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import exc

from authz_server.managing.errors import DatabaseUnavailable
from authz_server.sql import migration
from authz_server.sql.database import SqlDatabase
from authz_server.sql.engine import connect
from authz_server.sql.migrations import audit_triggers
from authz_server.sql.tables import metadata
from tests.integration.sql.conftest import Open
from tests.support import statements
from tests.support.databases import sqlite_url


def test_migrations_make_the_tables_that_the_program_uses(empty_url: str, opened: Open) -> None:
    upgraded = opened(empty_url).upgrade()
    assert (upgraded.before, upgraded.after) == (None, migration.newest())
    engines = connect(empty_url)
    with engines.reading.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engines.reading.dispose()


def test_upgrading_once_more_changes_nothing(url: str, opened: Open) -> None:
    database = opened(url)
    with database.read() as unit:
        before = unit.publication.get()
    upgraded = database.upgrade()
    assert upgraded.before == upgraded.after
    database.verify()
    with database.read() as unit:
        assert unit.publication.get() == before


def test_each_database_has_an_id_of_its_own(tmp_path: Path, opened: Open) -> None:
    ids = set()
    for name in ("one.db", "other.db"):
        database = opened(sqlite_url(tmp_path / name))
        database.upgrade()
        with database.read() as unit:
            ids.add(unit.publication.get().database_id)
    assert len(ids) == 2


def test_of_several_that_upgrade_at_once_one_does_it_and_the_others_find_it_done(empty_url: str, opened: Open) -> None:
    found: list[str | None] = []
    start = threading.Barrier(3)

    def upgrade() -> None:
        database = opened(empty_url)
        start.wait()
        found.append(database.upgrade().before)

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=str) == [migration.newest(), migration.newest(), None]


def test_a_database_that_a_newer_program_made_is_refused_and_left_alone(url: str, opened: Open) -> None:
    statements.run(url, "UPDATE alembic_version SET version_num = '9999'")
    database = opened(url)
    for use in (database.upgrade, database.verify, database.inspect):
        with pytest.raises(migration.DatabaseNewer, match="at revision 9999, which a newer program has made"):
            use()
    assert statements.run(url, "SELECT version_num FROM alembic_version") == [("9999",)]


def use(database: SqlDatabase) -> None:
    with database.edit() as unit:
        unit.publication.get()


def test_a_database_without_tables_is_told_apart(empty_url: str, opened: Open) -> None:
    if empty_url.startswith("sqlite"):
        Path(empty_url.removeprefix("sqlite:///")).touch()
    database = opened(empty_url)
    with pytest.raises(migration.NotMigrated, match=r"has no tables of ours yet.*run `authz-server db upgrade`"):
        database.verify()
    with pytest.raises(DatabaseUnavailable, match=r"has no tables of ours yet; `authz-server db upgrade` makes them"):
        use(database)


def test_an_older_database_is_told_apart(url: str, opened: Open) -> None:
    statements.run(url, "DELETE FROM alembic_version")
    with pytest.raises(migration.NotMigrated):
        opened(url).verify()


def test_a_migration_that_fails_midway_leaves_nothing(
    empty_url: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {name: (*made, "CREATE nonsense") for name, made in audit_triggers.MAKE.items()}
    monkeypatch.setattr(audit_triggers, "MAKE", broken)
    database = opened(empty_url)
    with pytest.raises(DatabaseUnavailable, match=r"refuses: .*syntax error"):
        database.upgrade()
    with pytest.raises(exc.DBAPIError):
        statements.run(empty_url, "SELECT * FROM clients")
    monkeypatch.undo()
    assert database.upgrade().before is None


def test_the_file_is_its_owners_alone(tmp_path: Path, opened: Open) -> None:
    file = tmp_path / "authz.db"
    database = opened(sqlite_url(file))
    database.upgrade()
    with database.edit() as unit:
        unit.publication.take_sequences(1)
        assert {each.stat().st_mode & 0o777 for each in tmp_path.glob("authz.db*")} == {0o600}


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path, opened: Open) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"nowhere/authz\.db: No such file or directory"):
        opened(sqlite_url(tmp_path / "nowhere" / "authz.db")).upgrade()
