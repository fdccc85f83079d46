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
def seed() -> int:
    """Another seed for each run; it is printed, so a failure shows what to put here to see it again."""
    chosen = random.SystemRandom().getrandbits(32)
    print(f"seed {chosen}")
    return chosen
