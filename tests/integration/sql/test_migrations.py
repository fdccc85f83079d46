"""Migrations: from nothing to the tables of this program, once, and never backwards."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import exc

from authz_server.managing.errors import DatabaseUnavailable
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import FieldChange
from authz_server.sql import migration
from authz_server.sql.database import SqlDatabase
from authz_server.sql.engine import connect
from authz_server.sql.inspection import Inspected
from authz_server.sql.migrations import audit_triggers
from authz_server.sql.tables import metadata
from tests.integration.sql.conftest import Open
from tests.support import statements
from tests.support.databases import sqlite_url
from tests.support.records import a_session, an_account, an_entry


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


AT_0001 = (
    """
    INSERT INTO clients VALUES ('cl_1', 'Acme', '', true, '{"team": "a"}', 1, 1700000000.5, 1700000000.5, 'cl_1 acme')
    """,
    """
    INSERT INTO profiles VALUES (
        'pr_1', 'cl_1', 'main', true, '["GET"]', '[]', '[]', '{}', '{"kind":"none"}', 'none', NULL, 2, 1700000001,
        1700000001, NULL, NULL, NULL, NULL, 'pr_1 main'
    )
    """,
    """
    INSERT INTO audit (at, actor_id, actor_name, action, client_id, changes)
    VALUES (1700000000.5, 'ak_1', 'deploy', 'client.create', 'cl_1', '{"name": [null, "Acme"]}')
    """,
    "INSERT INTO outbox VALUES (2, 2, 'pr_1', 1700000001, NULL)",
    "UPDATE publication SET sequence = 2, epoch = 'e'",
)


@pytest.fixture
def url_at_0001(empty_url: str, opened: Open, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database as the program before accounts has made it, with something in each table that matters."""
    with monkeypatch.context() as patched:
        patched.setattr(migration, "_HEAD", "0001")
        opened(empty_url).upgrade()
    statements.run(empty_url, *AT_0001)
    return empty_url


def test_accounts_are_added_beside_what_is_there(url_at_0001: str, opened: Open) -> None:
    database = opened(url_at_0001)
    with pytest.raises(
        migration.NotMigrated, match=f"is at revision 0001, and this program needs {migration.newest()}"
    ):
        database.verify()
    with database.read() as unit:
        before = unit.publication.get()
    upgraded = database.upgrade()
    assert (upgraded.before, upgraded.after) == ("0001", migration.newest())
    assert database.inspect() == Inspected(clients=1, profiles=1, problems=())
    with database.edit() as unit:
        assert unit.publication.get() == before
        client, profile = unit.clients.get("cl_1"), unit.profiles.get("pr_1")
        assert client is not None
        assert (client.client.name, client.client.labels, client.created_at) == ("Acme", {"team": "a"}, 1_700_000_000.5)
        assert profile is not None
        assert (profile.profile.allowed_methods, profile.version) == (("GET",), 2)
        assert [event.profile_id for event in unit.outbox.pending(10)] == ["pr_1"]
        unit.accounts.add(an_account())
        unit.sessions.add(a_session())
        unit.audit.append((an_entry("account.create", account_id="ac_1"),))
    with database.read() as unit:
        new, old = unit.audit.page(AuditFilter(), before=None, limit=10)
    assert (old.action, old.account_id, old.changes) == ("client.create", None, {"name": FieldChange(None, "Acme")})
    assert (new.account_id, new.id > old.id) == ("ac_1", True)


def test_an_upgraded_database_has_the_tables_of_a_new_one_and_a_trail_that_is_kept(
    url_at_0001: str, opened: Open
) -> None:
    opened(url_at_0001).upgrade()
    engines = connect(url_at_0001)
    with engines.reading.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engines.reading.dispose()
    for statement in ("UPDATE audit SET account_id = 'ac_1'", "DELETE FROM audit"):
        with pytest.raises(exc.DBAPIError, match="append-only"):
            statements.run(url_at_0001, statement)


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
