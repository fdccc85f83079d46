"""One real Valkey for all tests of the cache, empty at the start of each."""

from collections.abc import Iterator

import pytest

from authz_server.cache.connection import RedisAddress
from tests.support.redis_records import Records, connected, valkey


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisAddress]:
    with valkey(tmp_path_factory.mktemp("valkey")) as address:
        yield address


@pytest.fixture
def records(address: RedisAddress) -> Iterator[Records]:
    client = connected(address)
    yield Records(client)
    client.close()
