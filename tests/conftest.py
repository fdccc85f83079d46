"""Settings for all tests, and what more than one room's tests stand on."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long an example takes depends on what else the machine does; no test may fail by that.
settings.register_profile("untimed", deadline=None, print_blob=True)
settings.load_profile("untimed")


@pytest.fixture
def root_logger_as_it_was() -> Iterator[None]:
    """For tests of what makes a log: it takes the root logger over."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
