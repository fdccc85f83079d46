"""SQLite's files and a real PostgreSQL, with the tables in them or with nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from authz_server.sql.database import SqlDatabase
from tests.support import postgresql
from tests.support.databases import SEAL, Databases, sqlite_url

Open = Callable[[str], SqlDatabase]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.PostgreSQL]:
    with postgresql.running() as server:
        yield server


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("databases"))


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens databases that are closed after the test."""
    made: list[SqlDatabase] = []

    def open_database(url: str) -> SqlDatabase:
        made.append(SqlDatabase(url, SEAL))
        return made[-1]

    yield open_database
    for database in made:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is nothing yet."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "authz.db")
    server: postgresql.PostgreSQL = request.getfixturevalue("postgresql_server")
    return server.url(server.new_database())


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> str:
    """A database with its tables."""
    if request.param == "sqlite":
        return databases.sqlite(tmp_path)
    return databases.postgresql(request.getfixturevalue("postgresql_server"))


@pytest.fixture
def database(url: str, opened: Open) -> SqlDatabase:
    """The same, opened."""
    return opened(url)


@pytest.fixture
def file(databases: Databases, tmp_path: Path) -> Path:
    """SQLite's file, with its tables."""
    return Path(databases.sqlite(tmp_path).removeprefix("sqlite:///"))
