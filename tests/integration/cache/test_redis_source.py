"""RedisProfileSource against a real Valkey that loses, replaces and alters what it holds."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from authz_server.cache.connection import RedisAddress, connect
from authz_server.cache.faults import CacheFault
from authz_server.cache.layout import MetaField
from authz_server.cache.redis_source import RecordsSigned, RedisProfileSource
from authz_server.checking.ports import LoadedProfile
from authz_server.core.errors import CannotTell, LookupFailed, ProfileUnusable
from authz_server.core.profile import Version
from authz_server.sealing.keys import RecordKeys
from tests.support.profiles import a_profile, hmac_auth
from tests.support.redis_records import KEYS, Records


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Source:
    """A source that polls only when the test says so, its clock and its faults."""

    def __init__(self, address: RedisAddress, **options: Any) -> None:
        self.clock = Clock()
        self.faults: list[tuple[CacheFault, str]] = []
        defaults: dict[str, Any] = {
            "record_keys": KEYS,
            "timeout": 5.0,
            "clock": self.clock,
            "on_fault": lambda kind, sentence: self.faults.append((kind, sentence)),
            "poll_seconds": 3_600.0,
        }
        self.source = RedisProfileSource(connect(address), **(defaults | options))

    async def find(self, profile_id: str) -> LoadedProfile | None:
        found = self.source.find(profile_id)
        return found if found is None or isinstance(found, LoadedProfile) else await found

    @property
    def fault_kinds(self) -> list[CacheFault]:
        return [kind for kind, _ in self.faults]


@pytest.fixture
async def source(address: RedisAddress, records: Records) -> AsyncIterator[Source]:
    source = Source(address)
    yield source
    await source.source.close()


async def test_a_published_profile_is_found_and_another_is_not(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1", auth=hmac_auth()))
    found = await source.find("pr_1")
    assert found is not None
    assert found.profile.id == "pr_1"
    assert await source.find("pr_2") is None


async def test_a_change_is_seen_at_the_next_look_up(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    await source.find("pr_1")
    records.publish(a_profile("pr_1", active=False))
    found = await source.find("pr_1")
    assert found is not None
    assert not found.profile.active


async def test_a_removal_is_seen_at_the_next_look_up(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    await source.find("pr_1")
    records.publish(prune=True)
    assert await source.find("pr_1") is None


async def test_a_new_epoch_is_followed_within_a_look_up(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    await source.find("pr_1")
    records.by("publish:other").publish(a_profile("pr_1", active=False), take_over=True)
    found = await source.find("pr_1")
    assert found is not None
    assert not found.profile.active


async def test_an_empty_redis_cannot_tell_until_something_is_published(source: Source, records: Records) -> None:
    with pytest.raises(CannotTell):
        await source.find("pr_1")
    records.publish()
    assert await source.find("pr_1") is None


async def test_after_flushall_an_unknown_profile_cannot_be_told(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    assert await source.find("pr_2") is None
    records.client.flushall()
    with pytest.raises(CannotTell):
        await source.find("pr_2")
    assert source.fault_kinds == [CacheFault.REDIS_INCOMPLETE]


async def test_after_flushall_what_was_read_serves_until_it_is_too_old(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    found = await source.find("pr_1")
    records.client.flushall()
    source.clock.now += 300.0
    assert await source.find("pr_1") is found
    source.clock.now += 0.1
    with pytest.raises(CannotTell):
        await source.find("pr_1")


def put_back(records: Records, epoch: str, held: dict[bytes, bytes], meta: dict[bytes, bytes]) -> None:
    """What a writer of Redis without keys can do: a whole epoch as it once was, and in force again."""
    records.client.flushall()
    records.client.hset(records.layout.profiles(epoch), mapping=held)  # type: ignore[arg-type] # bytes are taken too
    records.client.hset(records.layout.meta, mapping=meta)  # type: ignore[arg-type] # likewise


async def test_a_whole_older_epoch_that_is_put_back_is_taken_until_its_keys_are_gone(
    address: RedisAddress, source: Source, records: Records
) -> None:
    """The threat model says so: `meta` is not signed, and only other keys make old records worthless."""
    records.publish(a_profile("pr_1"))
    meta: Any = records.client.hgetall(records.layout.meta)
    before = (records.epoch, records.raw(), dict(meta))
    records.by("publish:new").publish(a_profile("pr_1", active=False), take_over=True)
    found = await source.find("pr_1")
    assert found is not None
    assert not found.profile.active
    put_back(records, *before)
    found = await source.find("pr_1")
    assert found is not None
    assert found.profile.active
    rotated = Source(address, record_keys=RecordKeys((b"n" * 32,)))
    with pytest.raises(ProfileUnusable):
        await rotated.find("pr_1")
    await rotated.source.close()


async def test_an_evicted_hash_is_cannot_tell_although_meta_is_there(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    records.client.delete(records.profiles)
    with pytest.raises(CannotTell):
        await source.find("pr_1")
    assert not source.source.readiness().ready


async def test_a_record_fewer_than_meta_counts_is_cannot_tell_for_what_is_missing_only(
    source: Source, records: Records
) -> None:
    records.publish(a_profile("pr_1"), a_profile("pr_2"))
    records.client.hdel(records.profiles, "pr_1")
    with pytest.raises(CannotTell):
        await source.find("pr_1")
    assert await source.find("pr_2") is not None


async def test_meta_of_a_future_schema_is_cannot_tell(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    records.client.hset(records.layout.meta, MetaField.SCHEMA, "2")
    with pytest.raises(CannotTell):
        await source.find("pr_1")


@pytest.mark.parametrize("position", range(0, 300, 23))
async def test_an_altered_record_is_unusable_and_told_once(source: Source, records: Records, position: int) -> None:
    records.publish(a_profile("pr_1"))
    record = bytearray(records.raw()[b"pr_1"])
    record[position % len(record)] ^= 1
    records.client.hset(records.profiles, "pr_1", bytes(record))
    for _ in range(2):
        with pytest.raises(ProfileUnusable):
            await source.find("pr_1")
    assert source.fault_kinds == [CacheFault.RECORD_UNUSABLE]


async def test_a_record_of_a_future_schema_is_unusable(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    records.client.hset(records.profiles, "pr_1", records.raw()[b"pr_1"].replace(b"authz1 ", b"authz2 "))
    with pytest.raises(ProfileUnusable):
        await source.find("pr_1")


async def test_a_record_copied_to_another_id_is_unusable(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_open"), a_profile("pr_strict"))
    records.client.hset(records.profiles, "pr_strict", records.raw()[b"pr_open"])
    with pytest.raises(ProfileUnusable):
        await source.find("pr_strict")


async def test_an_unsigned_record_is_unusable_where_there_are_keys(source: Source, records: Records) -> None:
    Records(records.client, None).publish(a_profile("pr_1"))
    with pytest.raises(ProfileUnusable):
        await source.find("pr_1")
    assert "not signed" in source.source.readiness().warnings[0]


async def test_an_older_record_that_is_put_back_does_not_replace_the_newer(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    old = records.raw()[b"pr_1"]
    records.publish(a_profile("pr_1", active=False))
    await source.find("pr_1")
    records.client.hset(records.profiles, "pr_1", old)
    found = await source.find("pr_1")
    assert found is not None
    assert not found.profile.active
    assert source.fault_kinds == [CacheFault.RECORD_WENT_BACK]


async def test_an_unknown_id_of_bytes_that_are_no_record_is_only_its_own_trouble(
    source: Source, records: Records
) -> None:
    records.publish(a_profile("pr_1"), a_profile("pr_2"))
    records.client.hset(records.profiles, "pr_2", b"\xff\x00")
    good, bad = await asyncio.gather(source.find("pr_1"), source.find("pr_2"), return_exceptions=True)
    assert isinstance(good, LoadedProfile)
    assert isinstance(bad, ProfileUnusable)


@pytest.mark.parametrize("key", ["profiles", "meta"])
async def test_a_key_of_another_type_is_a_failed_look_up(source: Source, records: Records, key: str) -> None:
    records.publish(a_profile("pr_1"))
    await source.find("pr_1")
    name = records.profiles if key == "profiles" else records.layout.meta
    records.client.delete(name)
    records.client.set(name, "text")
    source.clock.now += 0.5
    with pytest.raises(LookupFailed):
        await source.find("pr_2")
    source.clock.now += 1.0
    with pytest.raises(CannotTell):
        await source.find("pr_2")
    assert await source.find("pr_1") is not None
    assert set(source.fault_kinds) == {CacheFault.REDIS_UNREACHABLE}


async def test_a_reader_sees_all_of_a_prune_or_nothing(address: RedisAddress, records: Records) -> None:
    """Two profiles, never both there: a reader in between sees one of them, always."""
    one, other = a_profile("pr_one"), a_profile("pr_other")
    records.publish(one)
    source = Source(address)
    seen: set[tuple[bool, bool]] = set()

    async def read_on() -> None:
        while True:
            found = await asyncio.gather(source.find("pr_one"), source.find("pr_other"))
            seen.add((found[0] is None, found[1] is None))

    reading = asyncio.ensure_future(read_on())
    for number in range(40):
        await asyncio.to_thread(records.publish, (other, one)[number % 2], prune=True)
        if number % 10 == 9:
            # every tenth time by a new epoch
            name = ("publish:test", "publish:other")[number // 10 % 2 == 0]
            records = records.by(name)
            await asyncio.to_thread(records.publish, (other, one)[number % 2], prune=True, take_over=True)
    reading.cancel()
    await asyncio.wait((reading,))
    await source.source.close()
    assert reading.cancelled()
    assert seen == {(True, False), (False, True)}


async def test_start_is_refused_where_records_are_signed_and_there_are_no_keys(
    address: RedisAddress, records: Records
) -> None:
    records.publish(a_profile("pr_1"))
    source = Source(address, record_keys=None)
    with pytest.raises(RecordsSigned, match="AUTHZ_RECORD_KEYS or AUTHZ_SECRET_KEYS"):
        await source.source.start()


async def test_signed_records_that_come_later_are_unusable_without_keys(
    address: RedisAddress, records: Records
) -> None:
    source = Source(address, record_keys=None)
    await source.source.start()
    records.publish(a_profile("pr_1"))
    with pytest.raises(ProfileUnusable):
        await source.find("pr_1")
    assert "are signed and are refused" in source.source.readiness().warnings[0]
    await source.source.close()


async def test_started_it_is_ready_and_knows_how_many_profiles_there_are(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1"), a_profile("pr_2"))
    await source.source.start()
    assert source.source.readiness().ready
    assert source.source.readiness().warnings == ()
    assert (source.source.count, source.source.age) == (2, 0.0)
    source.clock.now += 3.5
    assert source.source.readiness().reasons == ("Redis does not answer any more",)


async def test_on_an_empty_redis_it_starts_and_is_not_ready(source: Source) -> None:
    assert source.source.readiness().reasons == ("Redis has not answered yet",)
    await source.source.start()
    assert source.source.readiness().reasons == (
        "Redis holds no complete set of profiles: `authz-server publish` writes one",
    )
    assert (source.source.count, source.source.age) == (None, None)


async def test_it_becomes_ready_by_itself(address: RedisAddress, records: Records) -> None:
    source = Source(address, poll_seconds=0.01)
    await source.source.start()
    records.publish(a_profile("pr_1"))
    async with asyncio.timeout(20):
        while not source.source.readiness().ready:  # noqa: ASYNC110 - readiness is asked for, it does not call
            await asyncio.sleep(0.01)
    await source.source.close()


async def test_a_redis_that_may_evict_profiles_is_a_warning(address: RedisAddress, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    records.client.config_set("maxmemory", "100mb")
    records.client.config_set("maxmemory-policy", "allkeys-lru")
    source = Source(address)
    try:
        await source.source.start()
    finally:
        records.client.config_set("maxmemory-policy", "noeviction")
        records.client.config_set("maxmemory", "0")
    assert source.source.readiness().ready
    assert "allkeys-lru" in source.source.readiness().warnings[0]
    assert source.fault_kinds == [CacheFault.REDIS_MEMORY_POLICY]
    await source.source.close()


async def test_a_reader_that_may_only_read_is_enough(address: RedisAddress, records: Records) -> None:
    """The rights that the documentation gives to `check`."""
    records.publish(a_profile("pr_1"))
    records.client.acl_setuser(
        "reader",
        enabled=True,
        passwords=["+word"],
        keys=["%R~{authz}:*"],
        commands=["+hmget", "+hlen", "+multi", "+exec"],
        reset=True,
    )
    source = Source(RedisAddress(url=address.url.replace("redis://", "redis://reader:word@")))
    await source.source.start()
    assert await source.find("pr_1") is not None
    assert source.faults == []
    await source.source.close()
    records.client.acl_deluser("reader")


async def test_record_keys_of_another_operator_verify_nothing(address: RedisAddress, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    source = Source(address, record_keys=RecordKeys((b"x" * 32,)))
    with pytest.raises(ProfileUnusable):
        await source.find("pr_1")
    await source.source.close()


async def test_a_version_is_the_epoch_and_the_sequence_of_the_write(source: Source, records: Records) -> None:
    records.publish(a_profile("pr_1"), now=lambda: 5.0)
    found = await source.find("pr_1")
    assert found is not None
    assert found.profile.version == Version(records.epoch, 5_001)
