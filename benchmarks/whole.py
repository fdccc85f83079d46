"""Everything that a credential passes: records in SQLite, `manage`, a real Valkey, `check` and a real Envoy."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import redis

from authz_server.cache.connection import connect_blocking
from authz_server.compose.records import records
from authz_server.sealing.keys import KEY_BYTES, as_text
from authz_server.settings import load
from authz_server.sql.database import SqlDatabase
from benchmarks.servers import real_server
from benchmarks.through_envoy import answer_directly
from tests.support.envoy_config import SIDECAR, Surroundings, shipped
from tests.support.envoy_process import RunningEnvoy
from tests.support.manage_process import RunningManage, environment, new_key
from tests.support.processes import wait_until
from tests.support.redis_records import valkey

_NO_PORT: Final = 9  # nothing is forwarded
_IN_STEP_SECONDS: Final = 300.0  # a hundred thousand profiles, on a busy machine


@dataclass(frozen=True, slots=True)
class Whole:
    """What a measurement needs of it."""

    manage: RunningManage
    key: str
    envoy_port: int
    client: redis.Redis


@contextmanager
def whole(directory: Path, fill: Callable[[SqlDatabase], None] = lambda _database: None) -> Iterator[Whole]:
    """All of it, running, over a database that `fill` has filled. Envoy answers by itself what it lets through."""
    keys = as_text(b"k" * KEY_BYTES)
    with ExitStack() as running:
        address = running.enter_context(valkey(directory / "valkey"))
        settings = environment(directory, address.url, AUTHZ_SECRET_KEYS=keys)
        key = new_key(settings)
        with records(load(settings)) as opened:
            fill(opened.database)
        manage = RunningManage(directory / "manage", settings, start_seconds=_IN_STEP_SECONDS)
        running.callback(manage.stop)
        wait_until(manage.in_step, "in step with Redis", _IN_STEP_SECONDS)
        check = running.enter_context(
            real_server(None, directory / "check", AUTHZ_REDIS_URL=address.url, AUTHZ_SECRET_KEYS=keys)
        )
        config = shipped(SIDECAR, Surroundings(check.socket, _NO_PORT, _NO_PORT, directory, patience=None))
        answer_directly(config)
        envoy = RunningEnvoy(config, directory / "envoy")
        running.callback(envoy.stop)
        client = connect_blocking(address, timeout=10.0)
        running.callback(client.close)
        yield Whole(manage, key, envoy.port, client)
