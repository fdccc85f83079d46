"""The oracles, started once for each module of tests."""

import random
from collections.abc import Iterator
from typing import Final

import pytest

from tests.conformance.oracle import Oracle

ORACLES: Final = ("xds_oracle", "data_plane_oracle")
# Google's reader and writer in C, which the product has too, and their other one, written in Python.
IMPLEMENTATIONS: Final = ("upb", "python")


@pytest.fixture(scope="module")
def xds() -> Iterator[Oracle]:
    """The oracle that can also make messages of the whole API."""
    with Oracle("xds_oracle") as oracle:
        yield oracle


@pytest.fixture(scope="module", params=IMPLEMENTATIONS)
def merging_oracle(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    """xds-protos by each implementation; betterproto2 does not merge a field that comes twice."""
    with Oracle("xds_oracle", {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": request.param}) as running:
        assert running.ask("implementation") == request.param
        yield running


@pytest.fixture(scope="module", params=ORACLES)
def oracle(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    """Each oracle in turn."""
    with Oracle(request.param) as running:
        yield running


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Another seed for each run; the report of a failure shows it, to be put here to see the failure again."""
    chosen = random.SystemRandom().getrandbits(32)
    request.node.add_report_section("setup", "seed", str(chosen))
    return chosen
