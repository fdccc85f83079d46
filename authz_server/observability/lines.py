"""LineWriter: lines of text to a file descriptor, from a thread of its own.

A check must not wait for whoever reads the log: a full pipe would stop every decision of the process. So lines are
gathered, written together a few times a second, and beyond a limit dropped and counted.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import Final, Protocol

GATHER_SECONDS: Final = 0.05
LINES_HELD: Final = 50_000  # some 20 MB


class Lines(Protocol):
    """Where finished lines go. Never raises, never waits."""

    def write(self, line: bytes) -> None:
        """Take one line, without its line break."""


class LineWriter:
    """Lines for one file descriptor. `close` writes what is left."""

    def __init__(self, descriptor: int, *, held: int = LINES_HELD, gather_seconds: float = GATHER_SECONDS) -> None:
        self.dropped = 0  # lines that found no room, ever
        self._descriptor = descriptor
        self._held = held
        self._gather_seconds = gather_seconds
        self._pending: deque[bytes] = deque()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log lines", daemon=True)
        self._thread.start()

    def write(self, line: bytes) -> None:
        """Take one line. Where nobody reads the lines for long, it is dropped."""
        pending = self._pending
        if len(pending) >= self._held:
            self.dropped += 1
            return
        pending.append(line)
        if len(pending) == 1:
            self._wake.set()

    def close(self, seconds: float = 1.0) -> None:
        """Write what is left, and wait at most so long for it."""
        self._closing.set()
        self._wake.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._closing.wait(self._gather_seconds)
            self._flush()
        self._flush()

    def _flush(self) -> None:
        # Cleared before the first line is taken: whoever appends to an empty queue from here on wakes us again.
        self._wake.clear()
        taken: list[bytes] = []
        while self._pending:
            taken.append(self._pending.popleft())
        if not taken:
            return
        text = memoryview(b"\n".join(taken) + b"\n")
        while text:
            try:
                text = text[os.write(self._descriptor, text) :]
            except BlockingIOError:  # whoever shares the terminal may have made it so
                time.sleep(self._gather_seconds)
            except OSError:  # the reader is gone, and there is nobody left to tell
                self.dropped += len(taken)
                return
