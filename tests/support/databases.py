"""Databases of records with nothing in them, each a copy of one that was migrated."""

from __future__ import annotations

import shutil
from pathlib import Path

from authz_server.sealing.keys import SecretKeys
from authz_server.sealing.seal import Seal
from authz_server.sql.database import SqlDatabase
from tests.support.postgresql import PostgreSQL

SECRET_KEYS = SecretKeys((b"k" * 32,))
SEAL = Seal.of_documents(SECRET_KEYS)


def sqlite_url(file: Path) -> str:
    """The URL of a file."""
    return f"sqlite:///{file}"


class Databases:
    """Makes databases; the first one by the migrations, the others from that."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sqlite: Path | None = None
        self._postgresql: str | None = None

    def sqlite(self, folder: Path) -> str:
        """The URL of a new SQLite database in this folder."""
        if self._sqlite is None:
            self._sqlite = self._folder / "template.db"
            _migrate(sqlite_url(self._sqlite))
        file = folder / "authz.db"
        shutil.copy(self._sqlite, file)
        return sqlite_url(file)

    def postgresql(self, server: PostgreSQL) -> str:
        """The URL of a new database on this server."""
        if self._postgresql is None:
            self._postgresql = server.new_database()
            _migrate(server.url(self._postgresql))
        return server.url(server.new_database(self._postgresql))


def _migrate(url: str) -> None:
    database = SqlDatabase(url)
    database.upgrade()
    database.close()
