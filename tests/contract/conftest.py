"""Every database of records that there is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from authz_server.managing.ports import Database
from authz_server.sql.database import SqlDatabase
from tests.support import postgresql
from tests.support.databases import SEAL, Databases
from tests.support.memory_database import MemoryDatabase


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.PostgreSQL]:
    with postgresql.running() as server:
        yield server


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("databases"))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Database]:
    """An empty database, of every kind in turn."""
    match request.param:
        case "memory":
            yield MemoryDatabase()
            return
        case "sqlite":
            url = databases.sqlite(tmp_path)
        case _:
            url = databases.postgresql(request.getfixturevalue("postgresql_server"))
    made = SqlDatabase(url, SEAL)
    yield made
    made.close()
