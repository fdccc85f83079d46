"""A real Valkey of its own for each module, and control planes over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from authz_server.cache.connection import RedisAddress
from tests.support.manage_process import RunningManage, environment, new_key
from tests.support.redis_records import connected, valkey


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisAddress]:
    with valkey(tmp_path_factory.mktemp("valkey")) as address:
        yield address


@pytest.fixture
def settings(address: RedisAddress, tmp_path: Path) -> dict[str, str]:
    """Those of a control plane with nothing in it, over an empty Redis."""
    connected(address).close()
    return environment(tmp_path, address.url)


@pytest.fixture
def key(settings: dict[str, str]) -> str:
    """An admin's API key."""
    return new_key(settings)


@pytest.fixture
def manage(settings: dict[str, str], key: str, tmp_path: Path) -> Iterator[RunningManage]:
    """A running control plane, in step with Redis."""
    running = RunningManage(tmp_path / "manage", settings)
    running.wait_until_in_step()
    yield running
    if running.running:
        assert running.stop() == 0, running.log_tail()
