"""The database itself keeps the audit trail, whoever asks it."""

import pytest
from sqlalchemy import exc

from authz_server.managing.ports import AuditFilter
from authz_server.sql.database import SqlDatabase
from tests.support import statements
from tests.support.records import NOW, an_entry

_COLUMNS = "id, at, actor_id, actor_name, action, changes"


@pytest.fixture(autouse=True)
def entries(database: SqlDatabase) -> None:
    with database.edit() as unit:
        unit.audit.append([an_entry(at=NOW + each) for each in range(3)])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor_name = 'nobody'",
        "UPDATE audit SET at = 0 WHERE id = 2",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 1",
    ],
)
def test_entries_are_neither_changed_nor_deleted(url: str, statement: str) -> None:
    with pytest.raises(exc.DBAPIError, match="the audit trail is append-only"):
        statements.run(url, statement)
    assert statements.run(url, "SELECT count(*), min(at), max(actor_name) FROM audit") == [(3, NOW, "deploy")]


def test_an_entry_is_not_replaced_by_another_of_its_id(url: str) -> None:
    insert = "INSERT OR REPLACE INTO audit" if url.startswith("sqlite") else "INSERT INTO audit"
    with pytest.raises(exc.DBAPIError, match=r"append-only|duplicate key"):
        statements.run(url, f"{insert} ({_COLUMNS}) VALUES (1, 0, 'x', 'x', 'x', '{{}}')")
    assert statements.run(url, "SELECT at FROM audit WHERE id = 1") == [(NOW,)]


def test_the_table_is_not_emptied_at_once_either(url: str) -> None:
    # SQLite has no TRUNCATE: a DELETE without WHERE is its fast way, unless there are triggers.
    with pytest.raises(exc.DBAPIError, match="append-only"):
        statements.run(url, "DELETE FROM audit" if url.startswith("sqlite") else "TRUNCATE audit")


def test_only_what_is_out_of_date_goes_and_ids_are_not_given_out_again(database: SqlDatabase, url: str) -> None:
    with database.edit() as unit:
        assert unit.audit.prune(NOW + 2) == 2
    with pytest.raises(exc.DBAPIError, match="append-only"):
        statements.run(url, "DELETE FROM audit")
    with database.edit() as unit:
        assert unit.audit.prune(NOW + 1) == 0
        assert unit.audit.prune(NOW + 3) == 1
        unit.audit.append([an_entry(at=NOW + 9)])
        assert [entry.id for entry in unit.audit.page(AuditFilter(), before=None, limit=9)] == [4]
