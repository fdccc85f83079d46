"""`authz-server db`, as a process."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from authz_server.sealing.keys import as_text
from authz_server.sql import migration
from authz_server.sql.database import SqlDatabase
from tests.support import postgresql, statements
from tests.support.databases import SEAL, Databases, sqlite_url
from tests.support.processes import script
from tests.support.profiles import hmac_auth
from tests.support.records import a_client_record, a_profile_record

KEYS = as_text(b"k" * 32)


class Shell:
    """Runs the command in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith("AUTHZ_")}
        self._folder = folder

    def run(self, *arguments: str, url: str | None = None) -> tuple[int, str, str]:
        """Its exit code, output and errors."""
        environment = self.environment | ({} if url is None else {"AUTHZ_DATABASE_URL": url})
        command = [str(script("authz-server")), "db", *arguments]
        ran = subprocess.run(command, cwd=self._folder, env=environment, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_database_is_made_backed_up_and_checked(shell: Shell, tmp_path: Path) -> None:
    assert shell.run("upgrade") == (0, f"sqlite:///authz.db: revision none -> {migration.newest()}\n", "")
    assert shell.run("upgrade") == (0, f"sqlite:///authz.db: at revision {migration.newest()}, nothing to do\n", "")
    code, output, errors = shell.run("backup", "copy.db")
    assert (code, errors) == (0, "")
    assert output == f"sqlite:///authz.db: {(tmp_path / 'copy.db').stat().st_size} bytes -> copy.db\n"
    assert shell.run("backup", "copy.db") == (1, "", "authz-server db backup: copy.db is there already\n")
    assert shell.run("check", url="sqlite:///copy.db") == (0, "sqlite:///copy.db: fine, 0 clients, 0 profiles\n", "")


def test_every_secret_has_to_open(shell: Shell, file: Path) -> None:
    database = SqlDatabase(sqlite_url(file), SEAL)
    with database.edit() as unit:
        unit.publication.take_sequences(1)
        unit.clients.add(a_client_record())
        unit.profiles.add((a_profile_record(auth=hmac_auth()),))
    database.close()
    code, output, errors = shell.run("check")
    assert (code, output) == (1, "")
    assert errors == "sqlite:///authz.db: profile pr_1 holds a sealed secret, and there is no key to open it\n"
    shell.environment["AUTHZ_SECRET_KEYS"] = KEYS
    assert shell.run("check") == (0, "sqlite:///authz.db: fine, 1 clients, 1 profiles\n", "")


def test_a_newer_database_is_refused(shell: Shell, file: Path) -> None:
    statements.run(sqlite_url(file), "UPDATE alembic_version SET version_num = '9999'")
    for command in ("upgrade", "check"):
        code, output, errors = shell.run(command)
        assert (code, output) == (1, "")
        assert re.match(
            rf"authz-server db {command}: sqlite:///authz\.db: the database is at revision 9999, which a newer", errors
        )


def test_what_cannot_be_reached_exits_with_3_and_shows_no_password(shell: Shell) -> None:
    code, output, errors = shell.run("check", url="postgresql+psycopg://authz:s3cret@127.0.0.1:1/authz")
    assert (code, output) == (3, "")
    assert errors.startswith(
        "authz-server db check: postgresql+psycopg://authz:********@127.0.0.1:1/authz: PostgreSQL cannot be reached"
    )
    assert "s3cret" not in errors
    assert shell.run("check")[0] == 3


def test_a_wrong_url_is_a_usage_error(shell: Shell) -> None:
    code, output, errors = shell.run("upgrade", url="mysql://authz:s3cret@127.0.0.1/authz")
    assert (code, output) == (2, "")
    assert "accepted: sqlite:///path or postgresql+psycopg://" in errors
    assert "s3cret" not in errors


def test_postgresql(shell: Shell, databases: Databases, postgresql_server: postgresql.PostgreSQL) -> None:
    url = databases.postgresql(postgresql_server)
    assert shell.run("check", url=url) == (0, f"{url}: fine, 0 clients, 0 profiles\n", "")
    code, output, errors = shell.run("backup", "copy.db", url=url)
    assert (code, output) == (1, "")
    assert "pg_dump" in errors
