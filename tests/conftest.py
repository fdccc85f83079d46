"""Settings for all tests, and what more than one room's tests stand on."""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# gRPC's handlers for fork can break a child of ours before it has become the program that it is to be.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

# How long an example takes depends on what else the machine does; no test may fail by that.
settings.register_profile("untimed", deadline=None, print_blob=True)
# The same examples in each run: what CI says of a change is about the change. New ones are looked for by people.
settings.register_profile("ci", settings.get_profile("untimed"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "untimed")


_NO_BROWSER = "Skipped: no browser: "


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud that tests were not run, and what to install: nobody should take this for a whole run."""
    reasons = [
        str(each.longrepr[2]) for each in terminalreporter.getreports("skipped") if isinstance(each.longrepr, tuple)
    ]
    lacking = [each for each in reasons if each.startswith(_NO_BROWSER)]
    if lacking:
        terminalreporter.section("THE PAGES WERE NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(lacking)} tests were not run: {lacking[0].removeprefix('Skipped: ')}")


@pytest.fixture
def root_logger_as_it_was() -> Iterator[None]:
    """For tests of what makes a log: it takes the root logger over."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
