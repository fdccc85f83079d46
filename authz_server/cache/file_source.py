"""Profiles served straight from a declarative file."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from authz_server.cache.faults import OnFault, ignore
from authz_server.checking.ports import Clock, LoadedProfile, Readiness
from authz_server.core.secret import Secret


class FileProfileSource:
    """A ProfileSource over a file, which is read again when it changes."""

    def __init__(
        self,
        path: Path,
        *,
        resolve_env: Callable[[str], str | None],
        open_sealed: Callable[[str, str], tuple[str, Secret]] | None = None,
        poll_seconds: float = 1.0,
        clock: Clock = time.monotonic,
        on_fault: OnFault = ignore,
        on_state: Callable[[bool], None] = lambda _ok: None,
    ) -> None:
        raise NotImplementedError

    def find(self, profile_id: str) -> LoadedProfile | None:
        """See `ProfileSource`. Never waits."""
        raise NotImplementedError

    async def start(self) -> None:
        """Read the file, then watch it. Raises `DocumentInvalid` or OSError where it cannot be served."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop watching."""
        raise NotImplementedError

    def readiness(self) -> Readiness:
        """Ready once read; a later version that is wrong is a warning."""
        raise NotImplementedError

    @property
    def count(self) -> int | None:
        """How many profiles there are."""
        raise NotImplementedError

    @property
    def age(self) -> float | None:
        """Seconds since the file was last seen to be what is served."""
        raise NotImplementedError
