"""The stack's child processes, and its ports: what is said when they do not behave."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from authz_server.dev import processes
from authz_server.dev.errors import StackError, StopRequested
from authz_server.dev.ports import Ports
from authz_server.dev.processes import ChildProcess, Children
from tests.support.laptop import free_ports
from tests.support.processes import wait_until

SLEEPER = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); " + SLEEPER


def never() -> bool:
    return False


@pytest.fixture(name="children")
def some_children() -> Children:
    return Children(stop_requested=never)


def start(children: Children, log: Path, code: str) -> None:
    children.start("sample", [sys.executable, "-c", code], log, os.environ)


def test_what_is_never_ready_is_given_up_with_the_end_of_its_log(children: Children, tmp_path: Path) -> None:
    start(children, tmp_path / "log", "print('warming up', flush=True); " + SLEEPER)
    wait_until(lambda: bool((tmp_path / "log").read_text()), "its first line")
    with pytest.raises(StackError, match=r"sample is not ready after 0 s\. Its log ends with:\n  warming up\n"):
        children.wait_until(never, 0.0)
    children.stop()


def test_what_ends_before_it_is_ready_is_told_with_its_exit_code(children: Children, tmp_path: Path) -> None:
    start(children, tmp_path / "log", "raise SystemExit(7)")
    with pytest.raises(StackError, match=r"sample has ended \(exit code 7\)\. .*\n  \(it wrote nothing\)\n"):
        children.wait_until(never, 20.0)
    children.stop()


def test_only_the_last_lines_of_a_log_are_shown(children: Children, tmp_path: Path) -> None:
    start(children, tmp_path / "log", "[print(f'line {n}.') for n in range(100)]")
    with pytest.raises(StackError) as told:
        children.wait_until(never, 20.0)
    assert "line 88." in str(told.value)
    assert "line 87." not in str(told.value)


def test_a_stop_is_heard_wherever_the_stack_waits(tmp_path: Path) -> None:
    children = Children(stop_requested=lambda: True)
    start(children, tmp_path / "log", SLEEPER)
    waits: tuple[Callable[[], object], ...] = (
        lambda: children.wait_until(never, 20.0),
        children.watch,
        lambda: children.run("other", [sys.executable, "-c", SLEEPER], tmp_path / "other", os.environ),
    )
    for wait in waits:
        with pytest.raises(StopRequested):
            wait()
    children.stop()


def test_a_program_that_does_not_end_is_made_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_STOP_SECONDS", 0.1)
    child = ChildProcess("stubborn", [sys.executable, "-c", STUBBORN], tmp_path / "log", os.environ)
    wait_until(lambda: "ready" in child.output(), "the child")
    child.stop()
    assert child.exit_code == -signal.SIGKILL


def test_a_port_that_is_named_twice_is_refused_by_both_names() -> None:
    first, second, third = free_ports(3)
    with pytest.raises(StackError, match=f"^port {first} is named twice: by --port-http and --port-metrics$"):
        Ports(first, second, third, first).require_free()


def test_every_port_that_is_taken_is_named() -> None:
    first, second = free_ports(2)
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
            each.listen()
        taken = [each.getsockname()[1] for each in (one, other)]
        with pytest.raises(StackError) as told:
            Ports(first, taken[0], second, taken[1]).require_free()
    assert [line.split()[1] for line in str(told.value).splitlines()] == [str(port) for port in taken]
    assert "--port-https" in str(told.value)
    Ports(first, taken[0], second, taken[1]).require_free()
