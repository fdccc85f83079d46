"""What a publisher says of a Redis that is not as it should be; what every publisher does is in the contract suite."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from authz_server.cache.connection import RedisAddress, connect_blocking
from authz_server.cache.layout import MetaField
from authz_server.cache.profile_publisher import RedisProfilePublisher
from authz_server.cache.record import RecordCodec
from authz_server.managing.errors import PublishConflict, PublisherUnavailable
from authz_server.managing.publisher import Change
from tests.support.profiles import a_profile
from tests.support.redis_records import Records, start_valkey

E1 = "1" * 32
A_CHANGE = Change("pr_1", 3, a_profile("pr_1"))


@pytest.fixture
def publisher(address: RedisAddress, records: Records) -> Iterator[RedisProfilePublisher]:
    publisher = publisher_of(address, records.codec)
    yield publisher
    publisher.close()


def publisher_of(address: RedisAddress, codec: RecordCodec, timeout: float = 5.0) -> RedisProfilePublisher:
    return RedisProfilePublisher(lambda: connect_blocking(address, timeout=timeout), "authz", codec, "db")


def begin(publisher: RedisProfilePublisher) -> None:
    publisher.replace_all(E1, iter((A_CHANGE,)), over=publisher.in_force(), sequence=7)


def test_the_heartbeat_is_written_in_milliseconds(publisher: RedisProfilePublisher, records: Records) -> None:
    begin(publisher)
    publisher.beat(E1, 1_700_000_000.25)
    assert records.client.hget(records.layout.meta, MetaField.HEARTBEAT) == b"1700000000250"
    publisher.beat("2" * 32, 1_700_000_001.0)
    assert records.client.hget(records.layout.meta, MetaField.HEARTBEAT) == b"1700000000250"


def test_another_schema_is_another_writers_and_can_be_taken_over(
    publisher: RedisProfilePublisher, records: Records
) -> None:
    records.client.hset(records.layout.meta, mapping={"schema": "2", "epoch": "x", "sequence": "first"})
    shown = publisher.in_force()
    assert shown is not None
    assert not shown.ours
    begin(publisher)
    taken = publisher.in_force()
    assert taken is not None
    assert (taken.epoch, taken.ours) == (E1, True)


def test_records_that_are_signed_otherwise_count_as_lacking(
    publisher: RedisProfilePublisher, address: RedisAddress
) -> None:
    begin(publisher)
    unsigned = publisher_of(address, RecordCodec("authz", None))
    shown = unsigned.in_force()
    assert shown is not None
    assert shown.ours
    assert not shown.complete
    unsigned.close()


def test_what_is_no_meta_of_ours_is_unavailable(publisher: RedisProfilePublisher, records: Records) -> None:
    records.client.set(records.layout.meta, "text")
    with pytest.raises(PublisherUnavailable, match="WRONGTYPE"):
        publisher.in_force()


def test_a_broken_publish_leaves_nothing_behind(publisher: RedisProfilePublisher, records: Records) -> None:
    begin(publisher)
    with pytest.raises(PublishConflict):
        publisher.replace_all("2" * 32, iter((A_CHANGE,)), over=None, sequence=7)
    assert not records.client.exists(records.layout.profiles("2" * 32))


def test_nothing_that_listens_is_unavailable_until_it_does(tmp_path: Path, records: Records) -> None:
    server = start_valkey(tmp_path / "gone")
    address = RedisAddress(url=f"redis://127.0.0.1:{server.port}/0")
    publisher = publisher_of(address, records.codec)
    assert publisher.in_force() is None
    server.stop()
    with pytest.raises(PublisherUnavailable):
        publisher.in_force()
    with pytest.raises(PublisherUnavailable):
        publisher.publish(E1, (A_CHANGE,))
    publisher.close()


def test_a_connection_that_cannot_be_made_is_unavailable_and_made_later(
    address: RedisAddress, records: Records
) -> None:
    """A Cluster is looked up when its client is made."""
    attempts: list[None] = []

    def connect_at_the_second_attempt() -> redis.Redis:
        attempts.append(None)
        if len(attempts) == 1:
            raise ConnectionRefusedError("nobody there")
        return connect_blocking(address)

    publisher = RedisProfilePublisher(connect_at_the_second_attempt, "authz", records.codec, "db")
    with pytest.raises(PublisherUnavailable, match="nobody there"):
        publisher.in_force()
    assert publisher.in_force() is None
    publisher.close()


def test_a_redis_that_hangs_is_unavailable(tmp_path: Path, records: Records) -> None:
    server = start_valkey(tmp_path / "hanging", pidfile=str(tmp_path / "pid"), daemonize="no")
    address = RedisAddress(url=f"redis://127.0.0.1:{server.port}/0")
    publisher = publisher_of(address, records.codec, timeout=0.2)
    begin(publisher)
    with connect_blocking(address) as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(PublisherUnavailable, match="TimeoutError"):
            publisher.publish(E1, (A_CHANGE,))
    finally:
        os.kill(pid, signal.SIGCONT)
    publisher.close()
    server.stop()
