"""Real processes, started and stopped within bounds, their output kept for the failure report."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.02
_TAIL_BYTES: Final = 2_000


class StartFailure(AssertionError):
    """The process ended, or did not become ready in time; the message holds its last output."""


def script(name: str) -> Path:
    """A console script of the environment that runs the tests."""
    return Path(sys.executable).parent / name


def wait_until(ready: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Poll `ready`; raise TimeoutError that names `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(_POLL_SECONDS)


class RunningProcess:
    """One child process with its standard output and error in files."""

    def __init__(
        self,
        command: Sequence[str | Path],
        directory: Path,
        environment: Mapping[str, str] | None = None,
        working_directory: Path | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.output = directory / "stdout.log"
        self.errors = directory / "stderr.log"
        with self.output.open("wb") as output, self.errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=working_directory or directory,
                env={**os.environ, **(environment or {})},
            )

    def wait_until_ready(self, ready: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Wait for `ready`; raise StartFailure when the process ends before, or never gets there."""

        def ready_or_ended() -> bool:
            return self._process.poll() is not None or ready()

        try:
            wait_until(ready_or_ended, "start", seconds)
        except TimeoutError as error:
            self.stop()
            raise StartFailure(f"{error}\n{self.log_tail()}") from None
        if self._process.poll() is not None:
            raise StartFailure(f"ended with {self._process.returncode}\n{self.log_tail()}")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.poll() is None

    def stop(self) -> int:
        """Ask it to end (SIGTERM), then make it; the exit code."""
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait(STOP_SECONDS)

    def kill(self) -> int:
        """End it as `kill -9` does, where it has not ended yet; the exit code."""
        self._process.kill()
        return self._process.wait(STOP_SECONDS)

    def log_tail(self) -> str:
        """The end of what it wrote, for people who look at a failed test."""
        return "\n".join(
            f"--- {path.name}\n{path.read_bytes()[-_TAIL_BYTES:].decode(errors='replace')}"
            for path in (self.output, self.errors)
        )
