"""What stands in SQLite's file, and what is found where somebody else wrote to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from authz_server.core.secret import Secret
from authz_server.managing.records import Credential
from authz_server.sql.database import SqlDatabase
from tests.integration.sql.conftest import Open
from tests.support.databases import sqlite_url
from tests.support.profiles import hmac_auth, token_auth
from tests.support.records import NOW, a_client_record, a_profile_record

KEPT = Credential(id="cr_1", created_at=NOW, issued=True, token=Secret("azt_kept"))


@pytest.fixture
def content(file: Path, opened: Open) -> bytes:
    """The file, with two secrets in it."""
    database = opened(sqlite_url(file))
    with database.edit() as unit:
        unit.publication.take_sequences(1)
        unit.clients.add(a_client_record())
        unit.profiles.add((a_profile_record("pr_1", auth=hmac_auth("a-secret-of-hmac-" + "x" * 20)),))
        unit.profiles.add((a_profile_record("pr_2", auth=token_auth(), credential=KEPT),))
    database.close()
    return file.read_bytes()


@pytest.fixture
def database(content: bytes, file: Path, opened: Open) -> SqlDatabase:
    return opened(sqlite_url(file))


def test_secrets_are_nowhere_in_the_file(content: bytes) -> None:
    assert b"name of pr_1" in content
    assert b"a-secret-of-hmac" not in content
    assert b"azt_kept" not in content


def test_damage_is_found(content: bytes, file: Path, database: SqlDatabase) -> None:
    last = content.rindex(b"name of pr_1")  # the table has it, and after that an index
    file.write_bytes(content[:last] + b"another" + content[last + 7 :])
    problems = database.inspect().problems
    assert problems
    assert all(problem.startswith("the file is damaged: ") for problem in problems)


def test_profiles_whose_client_is_gone_are_found(content: bytes, file: Path, database: SqlDatabase) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as careless:  # it does not look at foreign keys
        careless.execute("DELETE FROM clients")
    gone = "a row of profiles belongs to a row of clients that is not there"
    assert database.inspect().problems == (gone, gone)
