"""The oracles, started once for each module of tests."""

import random
from collections.abc import Iterator

import pytest

from tests.conformance.oracle import Oracle

ORACLES = ("xds_oracle", "data_plane_oracle")


@pytest.fixture(scope="module")
def xds() -> Iterator[Oracle]:
    """The oracle that can also make messages of the whole API."""
    with Oracle("xds_oracle") as oracle:
        yield oracle


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
