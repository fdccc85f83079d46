"""The stack's child processes: each with a log of its own, ended in the reverse order of their start."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from authz_server.dev.errors import StackError, StopRequested

PID_SUFFIX: Final = ".pid"  # beside the log, as long as the program runs

_STOP_SECONDS: Final = 10.0  # above the check server's drain
_POLL_SECONDS: Final = 0.05
_TAIL_LINES: Final = 12


class ChildProcess:
    """A program that runs until it is stopped."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self._log = log
        # Appending, as a program that opens /dev/stdout anew (Envoy) would otherwise write over its own lines.
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as output:
            # A session of its own: Ctrl-C reaches us alone, and we end the others in order.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )
        self._pid_file = log.with_suffix(PID_SUFFIX)
        self._pid_file.write_text(str(self._process.pid))

    @property
    def exit_code(self) -> int | None:
        """How it ended, or None."""
        return self._process.poll()

    def output(self) -> str:
        """All that it wrote."""
        return self._log.read_text(errors="replace")

    def tail(self) -> str:
        """The end of its log, and where the rest is."""
        lines = self.output().splitlines()[-_TAIL_LINES:] or ["(it wrote nothing)"]
        return "\n".join((*(f"  {line}" for line in lines), f"  (all of it: {os.path.relpath(self._log)})"))

    def stop(self) -> None:
        """Ask the program to end, and make it where it does not."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._pid_file.unlink(missing_ok=True)


class Children:
    """All of them. `stop_requested` is asked whenever the stack waits, so that it never waits for long."""

    def __init__(self, stop_requested: Callable[[], bool]) -> None:
        self._stop_requested = stop_requested
        self._running: list[ChildProcess] = []

    def start(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        """Start a program that has to run as long as the stack does."""
        self._running.append(ChildProcess(name, command, log, environment))

    def run(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        """Run a program to its end; its exit code and all that it wrote. StopRequested ends it, too."""
        child = ChildProcess(name, command, log, environment)
        try:
            while (code := child.exit_code) is None:
                self._pause()
        finally:
            child.stop()
        return code, child.output()

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for what was started last. Raises StackError where a program ends first or this takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            self._require_running()
            if time.monotonic() > deadline:
                last = self._running[-1]
                raise StackError(f"{last.name} is not ready after {seconds:.0f} s. Its log ends with:\n{last.tail()}")
            self._pause()

    def watch(self) -> None:
        """Return never; raise StackError when a program ends by itself, and StopRequested."""
        while True:
            self._require_running()
            self._pause()

    def stop(self) -> None:
        """End them, the last one first."""
        while self._running:
            self._running[-1].stop()
            self._running.pop()

    def _require_running(self) -> None:
        for child in self._running:
            if child.exit_code is not None:
                how = f"exit code {child.exit_code}" if child.exit_code >= 0 else f"signal {-child.exit_code}"
                raise StackError(f"{child.name} has ended ({how}). Its log ends with:\n{child.tail()}")

    def _pause(self) -> None:
        if self._stop_requested():
            raise StopRequested
        time.sleep(_POLL_SECONDS)
