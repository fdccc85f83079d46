"""A copy of SQLite's database, as of one moment, while others read and write it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from authz_server.sql.engine import open_file


class CannotBackUp(Exception):
    """No backup was made, and why."""


def back_up(file: Path, target: Path) -> int:
    """Write a new file that is a whole database, readable by its owner alone; returns its size in bytes.

    Raises `CannotBackUp`, and leaves no half a file; what was there before stays as it is.
    """
    if target.exists():
        raise CannotBackUp(f"{target} is there already")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # of mode 0600
    except OSError as error:
        raise CannotBackUp(f"{target}: {error.strerror}") from None
    partial = Path(name)
    try:
        _copy(file, partial)
        os.fsync(descriptor)
        partial.rename(target)
    except OSError as error:
        raise CannotBackUp(f"{target}: {error.strerror}") from None
    finally:
        os.close(descriptor)
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(file: Path, partial: Path) -> None:
    with closing(open_file(file)) as source, closing(sqlite3.connect(partial, isolation_level=None)) as copy:
        source.backup(copy)  # in one step: a reader, as others see it, of one moment
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
