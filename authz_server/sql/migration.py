"""Which tables a database has, and how it gets those that this program needs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from authz_server.managing.errors import DatabaseUnavailable
from authz_server.sql.engine import Engines

_HEAD: Final = "head"
_LOCK: Final = 0x61757468_7A646200  # PostgreSQL's advisory locks go by a number: this one is "authzdb"
_FILE_MODE: Final = 0o600  # sealed secrets and digests are nobody else's business


class NotMigrated(DatabaseUnavailable):
    """The tables are those of an older program, or not there."""


class DatabaseNewer(DatabaseUnavailable):
    """The tables are those of a newer program."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """Revisions, by their numbers; `before` is None where there was nothing."""

    before: str | None
    after: str


def upgrade(engines: Engines) -> Upgraded:
    """Run the migrations that are missing, all of them or none. Who comes second waits, and finds them done."""
    if engines.file is not None:
        _make_file(engines.file)
    config = _config()
    with engines.editing.begin() as connection:
        if not engines.is_sqlite:  # SQLite's transaction has the whole database
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        before = _revision(connection)
        _refuse_newer(before)
        config.attributes["connection"] = connection
        command.upgrade(config, _HEAD)
    return Upgraded(before, newest())


def _make_file(file: Path) -> None:
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDONLY, _FILE_MODE))
    except OSError as error:
        raise DatabaseUnavailable(f"{file}: {error.strerror}") from None


def verify(connection: Connection) -> None:
    """Raises `NotMigrated` and `DatabaseNewer`."""
    revision = _revision(connection)
    _refuse_newer(revision)
    if revision != newest():
        at = "has no tables of ours yet" if revision is None else f"is at revision {revision}"
        raise NotMigrated(f"the database {at}, and this program needs {newest()}: run `authz-server db upgrade`")


def newest() -> str:
    """The revision that this program needs."""
    return _known()[0]


@cache
def _known() -> tuple[str, ...]:
    """Every revision of this program, the newest one first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _refuse_newer(revision: str | None) -> None:
    if revision is not None and revision not in _known():
        raise DatabaseNewer(
            f"the database is at revision {revision}, which a newer program has made; this one knows up to {newest()}: "
            "use that program, or restore a backup from before"
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "authz_server.sql:migrations")
    config.set_main_option("path_separator", "os")
    return config
