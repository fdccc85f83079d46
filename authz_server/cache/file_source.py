"""Profiles served straight from a declarative file, which is read again when it changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from authz_server.cache.faults import CacheFault, OnFault, ignore
from authz_server.checking.ports import Clock, LoadedProfile, Readiness
from authz_server.core.errors import CannotTell
from authz_server.core.profile import Profile
from authz_server.core.secret import Secret
from authz_server.documents.document import read_document
from authz_server.documents.errors import DocumentInvalid

POLL_SECONDS: Final = 1.0
_TOLD_ERRORS: Final = 5
_START_ATTEMPTS: Final = 5

OnState = Callable[[bool], None]
"""Told whether the file, as it is now, is what is served, each time that changes."""


class Fingerprint(NamedTuple):
    """Tells one state of the file from another: a rewrite, a rename onto it, a link turned to another target."""

    target: str
    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        """Look at the file. Raises OSError."""
        target = path.resolve(strict=True)
        stat = target.stat()
        return cls(str(target), stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


class _Moved(Exception):
    """The file changed while it was read."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    fingerprint: Fingerprint
    profiles: dict[str, Profile]
    warnings: tuple[str, ...]


class FileProfileSource:
    """A ProfileSource over a file. Polled, since notifications miss network file systems and swapped links.

    A change is taken once two looks in a row have seen it, so that a file that is being written is not read half done.
    """

    __slots__ = (
        "_clock",
        "_compiled",
        "_loaded",
        "_ok",
        "_on_fault",
        "_on_state",
        "_open_sealed",
        "_path",
        "_poll_seconds",
        "_problem",
        "_resolve_env",
        "_seen",
        "_seen_good_at",
        "_task",
    )

    def __init__(
        self,
        path: Path,
        *,
        resolve_env: Callable[[str], str | None],
        open_sealed: Callable[[str, str], tuple[str, Secret]] | None = None,
        poll_seconds: float = POLL_SECONDS,
        clock: Clock = time.monotonic,
        on_fault: OnFault = ignore,
        on_state: OnState = lambda _ok: None,
    ) -> None:
        self._path = path
        self._resolve_env = resolve_env
        self._open_sealed = open_sealed
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._on_fault = on_fault
        self._on_state = on_state
        self._loaded: _Loaded | None = None
        self._compiled: dict[str, LoadedProfile] = {}
        self._seen: Fingerprint | None = None
        self._seen_good_at: float | None = None
        self._problem: str | None = None
        self._ok: bool | None = None
        self._task: asyncio.Task[None] | None = None

    def find(self, profile_id: str) -> LoadedProfile | None:
        """See `ProfileSource`. Never waits; a profile is compiled at its first check."""
        compiled = self._compiled.get(profile_id)
        if compiled is not None:
            return compiled
        if self._loaded is None:
            raise CannotTell("the profiles file has not been read yet")
        profile = self._loaded.profiles.get(profile_id)
        if profile is None:
            return None
        compiled = self._compiled[profile_id] = LoadedProfile.of(profile)
        return compiled

    async def start(self) -> None:
        """Read the file, then watch it. Raises `DocumentInvalid`, or OSError where it cannot be read."""
        self._serve(await self._read_until_still())
        self._task = asyncio.get_running_loop().create_task(self._keep_looking())

    async def close(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    def readiness(self) -> Readiness:
        """Ready once read. A later state of the file that cannot be served is a warning: what was good serves on."""
        if self._loaded is None:
            return Readiness(reasons=("the profiles file has not been read yet",))
        problem = () if self._problem is None else (self._problem,)
        return Readiness(warnings=(*problem, *self._loaded.warnings))

    @property
    def count(self) -> int | None:
        """How many profiles there are, None before the first was read."""
        return None if self._loaded is None else len(self._loaded.profiles)

    @property
    def age(self) -> float | None:
        """Seconds since the file was last seen to be what is served."""
        return None if self._seen_good_at is None else self._clock() - self._seen_good_at

    async def look(self) -> None:
        """Look at the file once, and take what has changed."""
        try:
            fingerprint = await asyncio.to_thread(Fingerprint.of, self._path)
        except OSError as error:
            self._refuse(None, (self._unreadable(error),))
            return
        if self._loaded is not None and fingerprint == self._loaded.fingerprint:
            self._is_served(fingerprint)
        elif fingerprint != self._seen:
            self._seen, self._problem = fingerprint, None
        elif self._problem is None:
            await self._reload(fingerprint)

    async def _reload(self, fingerprint: Fingerprint) -> None:
        try:
            self._serve(await asyncio.to_thread(self._load))
        except _Moved:
            self._seen = None
        except DocumentInvalid as invalid:
            self._refuse(fingerprint, [f"{self._path}:{error}" for error in invalid.errors])
        except OSError as error:
            self._refuse(fingerprint, (self._unreadable(error),))

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the watch outlives a surprise, and what is served stays
                self._refuse(self._seen, (f"{self._path}: {type(error).__name__}",))

    async def _read_until_still(self) -> _Loaded:
        for _ in range(_START_ATTEMPTS - 1):
            try:
                return await asyncio.to_thread(self._load)
            except _Moved:
                await asyncio.sleep(self._poll_seconds)
        return await asyncio.to_thread(self._load)

    def _load(self) -> _Loaded:
        """In a thread: a large file takes seconds, and checks go on meanwhile."""
        fingerprint = Fingerprint.of(self._path)
        data = self._path.read_bytes()
        if Fingerprint.of(self._path) != fingerprint:
            raise _Moved
        document = read_document(data, resolve_env=self._resolve_env, open_sealed=self._open_sealed)
        profiles = {profile.id: profile for profile in document.profiles}
        return _Loaded(fingerprint, profiles, tuple(map(str, document.warnings)))

    def _serve(self, loaded: _Loaded) -> None:
        self._loaded = loaded
        self._compiled = {}
        self._is_served(loaded.fingerprint)

    def _is_served(self, fingerprint: Fingerprint) -> None:
        self._seen, self._problem = fingerprint, None
        self._seen_good_at = self._clock()
        self._tell(ok=True)

    def _refuse(self, fingerprint: Fingerprint | None, errors: Sequence[str]) -> None:
        """Serve on what was good, and say so once."""
        told = "; ".join(errors[:_TOLD_ERRORS])
        more = f" (and {len(errors) - _TOLD_ERRORS} more)" if len(errors) > _TOLD_ERRORS else ""
        problem = f"the profiles file cannot be taken, the last good one is served: {told}{more}"
        self._tell(ok=False)
        if (self._seen, self._problem) == (fingerprint, problem):
            return
        self._seen, self._problem = fingerprint, problem
        self._on_fault(CacheFault.PROFILES_FILE, problem)

    def _tell(self, *, ok: bool) -> None:
        if ok is not self._ok:
            self._ok = ok
            self._on_state(ok)

    def _unreadable(self, error: OSError) -> str:
        return f"{self._path}: {error.strerror}"
