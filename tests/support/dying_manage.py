"""`authz-server manage` that kills itself, as `kill -9` would, in a window of the nth edit: `… WINDOW N ARMED`.

The composition is the real one; only the steps around the window are wrapped. Edits count once the file `ARMED` is
there: at the start, what an earlier process has left over is published.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from authz_server.cache.profile_publisher import RedisProfilePublisher
from authz_server.cli.manage import manage
from authz_server.managing.publisher import Change
from authz_server.managing.records import OutboxEvent
from authz_server.sql.database import SqlDatabase, SqlUnitOfWork
from authz_server.sql.publishing import SqlOutbox

BEFORE_COMMIT: Final = "before-commit"
COMMIT_TO_PUBLISH: Final = "commit-to-publish"
PUBLISH_TO_MARK: Final = "publish-to-mark"
WINDOWS: Final = (BEFORE_COMMIT, COMMIT_TO_PUBLISH, PUBLISH_TO_MARK)


class Countdown:
    """Kills the process when its window is reached for the nth time."""

    def __init__(self, window: str, edits: int, armed: Path) -> None:
        self._window = window
        self._left = edits
        self._armed = armed

    def reached(self, window: str) -> None:
        """The process is in this window now."""
        if window != self._window or not self._armed.exists():
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def plant(countdown: Countdown) -> None:
    """Put the countdown into the windows."""
    _before_commit(countdown, SqlDatabase.edit, SqlOutbox.append)
    _around_publish(countdown, RedisProfilePublisher.publish)


def _before_commit(
    countdown: Countdown, edit: Callable[..., AbstractContextManager[SqlUnitOfWork]], append: Callable[..., None]
) -> None:
    edits: set[int] = set()

    def noted(outbox: SqlOutbox, events: Sequence[OutboxEvent]) -> None:
        append(outbox, events)
        if events:
            edits.add(id(outbox))

    @contextmanager
    def watched(database: SqlDatabase) -> Iterator[SqlUnitOfWork]:
        with edit(database) as unit:
            yield unit
            if id(unit.outbox) in edits:
                edits.discard(id(unit.outbox))
                countdown.reached(BEFORE_COMMIT)

    _replace(SqlOutbox, "append", noted)
    _replace(SqlDatabase, "edit", watched)


def _around_publish(countdown: Countdown, publish: Callable[..., int]) -> None:
    def watched(publisher: RedisProfilePublisher, epoch: str, changes: Sequence[Change]) -> int:
        countdown.reached(COMMIT_TO_PUBLISH)
        shown = publish(publisher, epoch, changes)
        countdown.reached(PUBLISH_TO_MARK)
        return shown

    _replace(RedisProfilePublisher, "publish", watched)


def _replace(kind: type, name: str, method: Callable[..., object]) -> None:
    setattr(kind, name, method)


if __name__ == "__main__":
    plant(Countdown(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
    manage()
