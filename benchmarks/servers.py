"""The two servers under comparison, each a process of its own on a Unix socket, and the CPU they use."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.check_process import RunningCheck
from tests.support.processes import RunningProcess

ROOT: Final = Path(__file__).parents[1]


@contextmanager
def real_server(document: dict[str, Any] | None, directory: Path, **settings: str) -> Iterator[RunningCheck]:
    """`authz-server check` as shipped: log level info, metrics on; its log goes to a file.

    Without a document, `settings` say where Redis is.
    """
    server = RunningCheck(document, directory, AUTHZ_LOG_LEVEL="info", **settings)
    try:
        yield server
    finally:
        server.stop()


class BareServer:
    """`benchmarks.bare_server`."""

    def __init__(self, directory: Path, answer: bytes) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "answer").write_bytes(answer)
        self.socket = directory / "bare.sock"
        command = [sys.executable, "-m", "benchmarks.bare_server", str(self.socket), str(directory / "answer")]
        self._process = RunningProcess(command, directory, {"PYTHONPATH": str(ROOT)})
        self._process.wait_until_ready(self.socket.exists)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def stop(self) -> None:
        """End it."""
        self._process.stop()


@contextmanager
def bare_server(directory: Path, answer: bytes) -> Iterator[BareServer]:
    """The bare handler, answering these bytes."""
    server = BareServer(directory, answer)
    try:
        yield server
    finally:
        server.stop()


def cpu_seconds(pid: int) -> float:
    """What all threads of a process, and of its children, have run so far: `schedstat` counts nanoseconds."""
    nanoseconds = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        nanoseconds += int((task / "schedstat").read_text().split()[0])
        for child in (task / "children").read_text().split():
            nanoseconds += int(cpu_seconds(int(child)) * 1e9)
    return nanoseconds / 1e9
