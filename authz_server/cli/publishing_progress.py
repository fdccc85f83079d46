"""How far a publish is: a bar on a terminal, a line for each step elsewhere, and nothing where it is over at once."""

from __future__ import annotations

import sys
from typing import Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from authz_server.cache.publish import Progress

LARGE: Final = 5_000  # profiles; fewer take less than a second


class Lines(Progress):
    """One line for each step."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def begin(self, step: str, total: int | None) -> None:
        """Tell that it begins."""
        counted = "" if total is None else f": {total} profiles"
        print(f"{step}{counted}", file=self._stream, flush=True)


class Bar(Progress):
    """A bar for each step, gone when all is done."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def begin(self, step: str, total: int | None) -> None:
        """The next bar."""
        self._bars.start()
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(step, total=total)

    def advance(self, by: int) -> None:
        """Fill it."""
        if self._task is not None:
            self._bars.advance(self._task, by)

    def end(self) -> None:
        """Take it away."""
        self._bars.stop()


def progress_for(profiles: int) -> Progress:
    """What suits standard error and a publish of so many profiles."""
    if profiles < LARGE:
        return Progress()
    if not sys.stderr.isatty():
        return Lines(sys.stderr)
    return Bar(bars())


def bars() -> Bars:
    """Bars on standard error, gone when all is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Bars(*columns, console=Console(stderr=True), transient=True)
