"""The stack's child processes: each with a log of its own, ended in the reverse order of their start."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from authz_server.dev.errors import StackError

_STOP_SECONDS: Final = 35.0  # above the check server's AUTHZ_DRAIN_SECONDS
_POLL_SECONDS: Final = 0.05
_TAIL_LINES: Final = 12


class ChildProcess:
    """A program that runs until it is stopped."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as output:
            # A session of its own: Ctrl-C reaches us alone, and we end the others in order.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for `ready`. Raises StackError where the program ends first or takes longer than `seconds`."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.require_running()
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} is not ready after {seconds:.0f} s\n{self._tail()}")
            time.sleep(_POLL_SECONDS)

    def require_running(self) -> None:
        """Raise StackError with the end of its log where the program has ended."""
        code = self._process.poll()
        if code is not None:
            raise StackError(f"{self.name} ended with {code}\n{self._tail()}")

    def stop(self) -> None:
        """Ask the program to end, and make it where it does not."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join((*(f"  {line}" for line in lines), f"  (all of it: {os.path.relpath(self._log)})"))
