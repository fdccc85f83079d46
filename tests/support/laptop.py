"""`authz-server dev` as a process, on ports that the system chose, with what it printed taken apart."""

import contextlib
import itertools
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.processes import RunningProcess, script

READY = "Ready."
_START_SECONDS = 90.0  # six processes on a machine that does other things too
_END_SECONDS = 30.0


def free_ports(count: int) -> list[int]:
    """Different ports that the system says are free now."""
    with contextlib.ExitStack() as probes:
        opened = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in opened:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in opened]


class Example(NamedTuple):
    """One example as it was printed."""

    status: int
    code: str
    command: str


class RunningLaptop(RunningProcess):
    """The stack, started in `directory`, which is its working directory; what it prints is kept in `logs`."""

    def __init__(
        self,
        directory: Path,
        logs: Path,
        arguments: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.http, self.https, self.check, self.metrics, self.manage = free_ports(5)
        self.chosen_ports = (
            f"--port-http={self.http}",
            f"--port-https={self.https}",
            f"--port-check={self.check}",
            f"--port-metrics={self.metrics}",
            f"--port-manage={self.manage}",
        )
        command: list[str | Path] = [
            script("authz-server"),
            "dev",
            *(self.chosen_ports if arguments is None else arguments),
        ]
        super().__init__(command, logs, {"PYTHONUNBUFFERED": "", **(environment or {})}, working_directory=directory)

    def wait_for_line(self, line: str) -> None:
        """Wait until a line has been printed as a whole."""
        self.wait_until_ready(lambda: line in self.printed(), _START_SECONDS)

    def printed(self) -> list[str]:
        """The lines on standard output."""
        return self.output.read_text().splitlines()

    def complaints(self) -> str:
        """All of standard error."""
        return self.errors.read_text()

    def examples(self) -> Iterator[Example]:
        """Every example, in the order of their appearance."""
        lines = self.printed()
        for comment, command in itertools.pairwise(lines):
            if comment.startswith("# "):
                status, _, code = comment.removeprefix("# ").partition(" ")
                yield Example(int(status), code, command)

    def descendants(self) -> dict[int, str]:
        """Every process below this one: its id and its name."""
        parents: dict[int, tuple[int, str]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                head, _, rest = stat.read_text().rpartition(")")
                pid, _, name = head.partition(" (")
                parents[int(pid)] = (int(rest.split()[1]), name)
        found: dict[int, str] = {}
        wanted = {self.pid}
        while wanted:
            below = {pid: name for pid, (parent, name) in parents.items() if parent in wanted}
            found |= below
            wanted = set(below)
        return found

    def wait_until_ended(self) -> int:
        """Wait for the end; the exit code."""
        return self._process.wait(_END_SECONDS)

    def end(self, number: int) -> int:
        """Send it a signal and wait for its end; the exit code."""
        self._process.send_signal(number)
        return self.wait_until_ended()


def is_running(pid: int) -> bool:
    """Whether a process of that id exists, other than as a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
