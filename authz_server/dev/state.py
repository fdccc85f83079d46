"""The folder `.authz-dev/`: everything the laptop stack keeps, readable by its owner only."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from authz_server.dev.errors import StackError

STATE_FOLDER: Final = Path(".authz-dev")


@dataclass(frozen=True, slots=True)
class State:
    """Where in the folder each thing is."""

    root: Path

    @property
    def database(self) -> Path:
        """The clients and profiles, samples and others."""
        return self.root / "authz.db"

    @property
    def secrets(self) -> Path:
        """The secrets behind the samples."""
        return self.root / "secrets.json"

    @property
    def environment(self) -> Path:
        """Settings for other terminals: `set -a; . .authz-dev/env; set +a`."""
        return self.root / "env"

    @property
    def envoy_config(self) -> Path:
        """The configuration that Envoy runs with."""
        return self.root / "envoy.yaml"

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.root / f"{name}.log"

    def left_running(self) -> dict[str, int]:
        """Programs, with their process ids, of an earlier stack that was killed and could not end them."""
        found = {path.stem: path.read_text() for path in sorted(self.root.glob("*.pid"))}
        return {name: int(pid) for name, pid in found.items() if pid.isdecimal() and _is_running(int(pid))}

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Make the folder where it is missing, and keep every other stack out of it. Raises StackError.

        The lock goes with the process, however that ends.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StackError(
                f"{error.filename}: {error.strerror}. The folder must be ours to write; choose another with --state"
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise StackError(
                f"another `authz-server dev` uses {self.root}: end it first, or choose another folder with --state"
                " (and other ports with --port-...)"
            ) from None
        try:
            yield
        finally:
            os.close(lock)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # the id is somebody else's now
        return False
    return True


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
