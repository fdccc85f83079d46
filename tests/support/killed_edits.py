"""`kill -9` of `manage` in the middle of edits, and whether database, audit trail and Redis agree afterwards.

    python -m tests.support.killed_edits 34

kills it that often in each window, and prints a table.
"""

import contextlib
import http.client
import random
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from authz_server.cache.connection import RedisAddress, connect_blocking
from authz_server.managing.ports import AuditFilter
from authz_server.sql.database import SqlDatabase
from tests.support import dying_manage
from tests.support.dying_manage import BEFORE_COMMIT, PUBLISH_TO_MARK, WINDOWS
from tests.support.manage_process import Api, RunningManage, environment, new_key
from tests.support.redis_records import Records, valkey

MOST_EDITS: Final = 4  # of one process, the last of which kills it
PROFILES: Final = 5

Shown = Mapping[str, tuple[int, bytes]]
"""Sequence and content of each profile, by id."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the database holds."""

    profiles: Shown
    audited: int
    pending: int


class Kill(NamedTuple):
    """One kill: what was done before it, and what was seen after it."""

    window: str
    edit: str
    edits: int
    is_committed: bool
    pending: int


class KilledEdits:
    """A control plane that is killed again and again; each next one finds what the last one left."""

    def __init__(self, directory: Path, address: RedisAddress, seed: int = 1) -> None:
        self._directory = directory
        self._settings = environment(directory, address.url)
        self._key = new_key(self._settings)
        self._database = SqlDatabase(self._settings["AUTHZ_DATABASE_URL"])
        self._client = connect_blocking(address)
        self._records = Records(self._client, keys=None)
        self._random = random.Random(seed)
        self._numbers = count(1)
        self._begin()

    def close(self) -> None:
        """Give back what it holds."""
        self._database.close()
        self._client.close()

    def kill(self, window: str) -> Kill:
        """Start it, find all as it should be, and edit until it is killed in the window; then look at what is left."""
        edits = self._random.randint(1, MOST_EDITS)
        armed = self._directory / "armed"
        armed.unlink(missing_ok=True)
        program: list[str | Path] = [sys.executable, dying_manage.__file__, window, str(edits), armed]
        manage = RunningManage(self._directory / "dying", self._settings, program)
        try:
            manage.wait_until_in_step()
            self.require_agreement()
            armed.touch()
            name, before, shown = self._edit_until_killed(manage, edits)
        finally:
            manage.kill()
        after = self.found()
        committed = window != BEFORE_COMMIT
        assert after.audited == before.audited + committed, (window, name, before.audited, after.audited)
        assert (after.profiles != before.profiles) == committed, (window, name)
        assert bool(after.pending) == committed, (window, name, after.pending)
        assert self.shown() == (after.profiles if window == PUBLISH_TO_MARK else shown), (window, name)
        return Kill(window, name, edits, committed, after.pending)

    def require_agreement(self) -> None:
        """Redis shows what the database holds, and nothing waits."""
        found = self.found()
        assert found.pending == 0
        assert self.shown() == found.profiles

    def finish(self) -> None:
        """Start the control plane once more, as it is, and find all as it should be."""
        manage = RunningManage(self._directory / "last", self._settings)
        try:
            manage.wait_until_in_step()
            self.require_agreement()
        finally:
            assert manage.stop() == 0

    def found(self) -> Found:
        """What the database holds."""
        with self._database.read() as unit:
            return Found(
                {
                    each.profile.id: (each.version, self._records.codec.content(each.profile))
                    for each in unit.profiles.batch("", 1_000)
                },
                len(unit.audit.page(AuditFilter(), before=None, limit=1_000_000)),
                unit.outbox.pending_count(),
            )

    def shown(self) -> Shown:
        """What Redis shows."""
        records, epoch = self._records, self._records.epoch
        opened = [records.codec.open(each.decode(), epoch, record) for each, record in records.raw().items()]
        return {each.profile_id: (each.version.sequence, each.content) for each in opened if not each.deleted}

    def _begin(self) -> None:
        manage = RunningManage(self._directory / "first", self._settings)
        try:
            api = manage.api(self._key)
            api.must("POST", "/clients", {"id": "cl_1", "name": "one"})
            for each in range(PROFILES):
                api.must("POST", "/clients/cl_1/profiles", self._new_profile(f"pr_{each}"))
            manage.wait_until_in_step()
        finally:
            assert manage.stop() == 0

    def _edit_until_killed(self, manage: RunningManage, edits: int) -> tuple[str, Found, Shown]:
        """The edit that was not answered; the database and Redis before it."""
        api = manage.api(self._key)
        for _ in range(edits - 1):
            self._edit(api, self._random.choice(EDITS))
        before, shown = self.found(), self.shown()
        name = self._random.choice(EDITS)
        with contextlib.suppress(OSError, http.client.HTTPException):
            self._edit(api, name)
            raise AssertionError(f"{name} was answered")
        assert manage.wait_until_ended() == -signal.SIGKILL
        return name, before, shown

    def _edit(self, api: Api, name: str) -> None:
        number = next(self._numbers)
        profile = f"/profiles/pr_{self._random.randrange(PROFILES)}"
        match name:
            case "update":
                api.must("PATCH", profile, {"name": f"name {number}"})
            case "rotate":
                api.must("POST", f"{profile}/rotate", {"grace_seconds": 60})
            case "create":
                api.must("POST", "/clients/cl_1/profiles", self._new_profile(f"pr_new_{number}"))
            case _:
                api.must("PATCH", "/clients/cl_1", {"description": f"description {number}"})

    def _new_profile(self, profile_id: str) -> dict[str, Any]:
        return {"id": profile_id, "name": profile_id, "auth": {"type": "token"}}


EDITS: Final = ("update", "rotate", "create", "update client")


@contextlib.contextmanager
def killed_edits(directory: Path, address: RedisAddress, seed: int = 1) -> Iterator[KilledEdits]:
    """A control plane to be killed; at the end all is as it should be."""
    killed = KilledEdits(directory, address, seed)
    try:
        yield killed
        killed.finish()
    finally:
        killed.close()


def main(times: int) -> None:
    """Kill it in each window, in turns; print what was found."""
    kills = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with valkey(directory / "valkey") as address, killed_edits(directory, address) as killed:
            for _ in range(times):
                kills += [killed.kill(window) for window in WINDOWS]
    print(f"{'window':<20}{'kills':>6}{'committed':>11}{'events left':>13}  edits that were killed")
    for window in WINDOWS:
        of_window = [each for each in kills if each.window == window]
        by_edit = ", ".join(f"{sum(each.edit == edit for each in of_window)} {edit}" for edit in EDITS)
        committed, pending = sum(each.is_committed for each in of_window), sum(each.pending for each in of_window)
        print(f"{window:<20}{len(of_window):>6}{committed:>11}{pending:>13}  {by_edit}")
    print(f"{len(kills)} kills; database, audit trail and Redis agreed after each, no event was lost")


if __name__ == "__main__":
    main(int(sys.argv[1]))
