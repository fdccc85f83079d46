"""What listens where Redis should be may do anything: no look-up hangs, nothing dies, nobody is let in."""

import asyncio

import pytest

from authz_server.cache.connection import RedisAddress, connect
from authz_server.cache.faults import CacheFault
from authz_server.cache.redis_source import RedisProfileSource
from authz_server.checking.ports import LoadedProfile
from authz_server.core.errors import CannotTell, LookupFailed
from tests.support.hostile_redis import (
    Behaviour,
    answering,
    closing,
    closing_when_asked,
    deaf,
    dribbling,
    half_closing,
    hostile,
    silent,
)
from tests.support.profiles import a_profile
from tests.support.redis_records import KEYS, Records

EXEC = b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
META = b"*8\r\n$1\r\n1\r\n$1\r\ne\r\n$1\r\n7\r\n$1\r\n1\r\n$1\r\n0\r\n$1\r\nw\r\n$1\r\n0\r\n$-1\r\n"

HOSTILE: dict[str, Behaviour] = {
    "silent": silent,
    "deaf": deaf,
    "closing": closing,
    "closing when asked": closing_when_asked,
    "half closed": half_closing,
    "another protocol": answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "random bytes": answering(bytes(range(256))),
    "a flood": answering(b"+OK\r\n" * 1_000, forever=True),
    "an endless line": answering(b"+" + b"x" * 65_536, forever=True),
    "zeros": answering(b"\0" * 4_096),
    "errors": answering(b"-ERR what?\r\n" * 5),
    "an error with control characters": answering(b"-\x1b[31mred\x07\r\n" * 5),
    "loading": answering(b"-LOADING Redis is loading the dataset in memory\r\n" * 5),
    "asks for a password": answering(b"-NOAUTH Authentication required.\r\n" * 5),
    "no transaction": answering(EXEC + b"*-1\r\n"),
    "too few answers": answering(EXEC + b"*1\r\n:1\r\n"),
    "too many answers": answering(EXEC + b"*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n"),
    "numbers for everything": answering(EXEC + b"*3\r\n:1\r\n:1\r\n:1\r\n"),
    "nothing for everything": answering(EXEC + b"*3\r\n$-1\r\n$-1\r\n$-1\r\n"),
    "lists of another length": answering(EXEC + b"*3\r\n*1\r\n$1\r\n1\r\n:1\r\n*0\r\n"),
    "a list inside": answering(EXEC + b"*3\r\n" + META + b":1\r\n*1\r\n*1\r\n:1\r\n"),
    "a huge length": answering(b"$2147483647\r\nx"),
    "a negative length": answering(b"*-7\r\n$-9\r\n"),
    "a deep nest": answering(b"*1\r\n" * 500),
    "a new epoch each time it is asked": answering(EXEC + b"*2\r\n" + META + b":1\r\n"),
    "one byte at a time": dribbling(EXEC),
}


@pytest.mark.parametrize("behaviour", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_redis_is_cannot_tell_and_never_a_hang(behaviour: Behaviour) -> None:
    told: list[tuple[CacheFault, str]] = []
    async with hostile(behaviour) as address:
        source = RedisProfileSource(
            connect(address), record_keys=KEYS, timeout=0.05, on_fault=lambda *fault: told.append(fault)
        )
        async with asyncio.timeout(30):
            for _ in range(2):
                outcomes = await asyncio.gather(*(_found(source, f"pr_{i}") for i in range(5)), return_exceptions=True)
                assert [type(outcome) for outcome in outcomes] == [CannotTell] * 5
            await source.start()
            assert not source.readiness().ready
            await source.close()
    assert told
    assert all(sentence.isascii() and sentence.isprintable() for _, sentence in told)


async def _found(source: RedisProfileSource, profile_id: str) -> LoadedProfile | None:
    found = source.find(profile_id)
    return found if found is None or isinstance(found, LoadedProfile) else await found


async def test_nobody_listens_there() -> None:
    async with hostile(closing) as address:
        pass
    source = RedisProfileSource(connect(address), record_keys=KEYS)
    with pytest.raises(CannotTell):
        await _found(source, "pr_1")
    await source.close()


class Relay:
    """Passes everything on to a real Redis, until it is told to stop passing answers on."""

    def __init__(self, address: RedisAddress) -> None:
        self._port = int(address.url.rpartition(":")[2].partition("/")[0])
        self.stalled = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.gather(self._pass(reader, upstream), self._pass(upstream_reader, writer, stalls=True))
        finally:
            upstream.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, stalls: bool = False) -> None:
        while data := await source.read(65_536):
            if stalls and self.stalled.is_set():
                await asyncio.sleep(3_600)
            target.write(data)
            await target.drain()
        target.close()


class Clock:
    """A clock that a test moves."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def test_what_a_stalled_redis_means_depends_on_when_it_last_answered(
    address: RedisAddress, records: Records
) -> None:
    records.publish(a_profile("pr_1"), a_profile("pr_2"))
    relay, clock = Relay(address), Clock()
    async with hostile(relay) as relayed:
        source = RedisProfileSource(connect(relayed), record_keys=KEYS, timeout=2.0, clock=clock)
        known = await _found(source, "pr_1")
        clock.now += 0.8
        await _found(source, "pr_2")
        relay.stalled.set()
        source._look_ups._timeout = 0.02  # noqa: SLF001 - what was to succeed has: from here on all fail

        # It answered within the last second: one request's own fault, and memory serves what is as fresh as that.
        clock.now += 0.1
        with pytest.raises(LookupFailed):
            await _found(source, "pr_3")
        assert await _found(source, "pr_1") is known
        clock.now += 0.2
        with pytest.raises(LookupFailed):
            await _found(source, "pr_1")

        # Now it is gone: nobody can be told to be unknown, and memory serves what is not too old.
        clock.now += 1.0
        with pytest.raises(CannotTell):
            await _found(source, "pr_3")
        assert await _found(source, "pr_1") is known
        clock.now += 298.0
        with pytest.raises(CannotTell):
            await _found(source, "pr_1")

        # And when it is back, so is everything.
        relay.stalled.clear()
        source._look_ups._timeout = 5.0  # noqa: SLF001 - as above
        assert await _found(source, "pr_1") is known
        assert await _found(source, "pr_3") is None
        await source.close()


async def test_an_answer_that_comes_too_late_is_never_given_to_the_next_look_up(
    address: RedisAddress, records: Records
) -> None:
    records.publish(a_profile("pr_1"), a_profile("pr_2", active=False))
    relay = Relay(address)
    async with hostile(relay) as relayed:
        source = RedisProfileSource(connect(relayed), record_keys=KEYS, timeout=2.0)
        await _found(source, "pr_1")
        for _ in range(3):
            relay.stalled.set()
            source._look_ups._timeout = 0.01  # noqa: SLF001 - this one is to be late
            await asyncio.gather(_found(source, "pr_3"), return_exceptions=True)
            relay.stalled.clear()
            source._look_ups._timeout = 5.0  # noqa: SLF001 - and this one is not
            found = await _found(source, "pr_2")
            assert found is not None
            assert found.profile.id == "pr_2"
        await source.close()


async def test_a_flood_of_unknown_ids_is_this_servers_own_fault(
    address: RedisAddress, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("authz_server.cache.look_ups.WAITERS", 10)
    records.publish(a_profile("pr_1"))
    told: list[CacheFault] = []
    source = RedisProfileSource(
        connect(address), record_keys=KEYS, timeout=5.0, on_fault=lambda kind, _: told.append(kind)
    )
    known = await _found(source, "pr_1")
    outcomes = await asyncio.gather(
        *(_found(source, f"pr_random_{i}") for i in range(50)), _found(source, "pr_1"), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes[:50]] == [type(None)] * 10 + [LookupFailed] * 40
    assert outcomes[50] is known
    assert told == [CacheFault.LOOKUPS_FULL] * 41
    await source.close()


async def test_a_redis_that_comes_back_is_used_again(address: RedisAddress, records: Records) -> None:
    records.publish(a_profile("pr_1"))
    source = RedisProfileSource(connect(address), record_keys=KEYS, timeout=5.0)
    await _found(source, "pr_1")
    records.client.client_kill_filter(_type="normal", skipme=True)
    async with asyncio.timeout(20):
        while True:
            try:
                assert await _found(source, "pr_2") is None
                break
            except LookupFailed:
                continue
    await source.close()
