"""Profiles read from Redis on each call, with what was read kept in memory for when Redis is gone."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Sequence
from typing import Final

from redis.asyncio import Redis

from authz_server.cache.faults import CacheFault, OnFault, ignore
from authz_server.cache.held import HeldProfiles
from authz_server.cache.layout import Layout
from authz_server.cache.look_ups import LookUps
from authz_server.cache.outcome import Failure, Outcome
from authz_server.cache.reading import Reader, Reading
from authz_server.cache.record import RecordCodec
from authz_server.cache.redis_watch import POLL_SECONDS, Watch
from authz_server.checking.ports import Clock, LoadedProfile, Readiness
from authz_server.core.errors import CannotTell, LookupFailed
from authz_server.sealing.keys import RecordKeys

HELD_ENTRIES: Final = 10_000
# A flood of random ids can make look-ups fail, but not make Redis fall silent: for this long after a good answer a
# failed look-up is one request's own fault (503), and memory serves only what it has read within this time.
ALIVE_SECONDS: Final = 1.0


class RecordsSigned(Exception):
    """The records in Redis are signed, and there is no key to verify them with: nothing could ever be served."""


class RedisProfileSource:
    """A ProfileSource over Redis."""

    __slots__ = ("_clock", "_held", "_look_ups", "_max_staleness", "_on_fault", "_reader", "_signs", "_watch")

    def __init__(
        self,
        client: Redis,
        *,
        prefix: str = "authz",
        record_keys: RecordKeys | None = None,
        timeout: float = 0.1,
        max_staleness: float = 300.0,
        entries: int = HELD_ENTRIES,
        poll_seconds: float = POLL_SECONDS,
        clock: Clock = time.monotonic,
        on_fault: OnFault = ignore,
    ) -> None:
        """`timeout` is one look-up's, in seconds; `max_staleness` how long memory may serve while Redis is gone."""
        codec = RecordCodec(prefix, record_keys)
        self._signs = codec.signs
        self._max_staleness = max_staleness
        self._clock = clock
        self._on_fault = on_fault
        self._reader = Reader(client, Layout(prefix))
        self._held = HeldProfiles(codec, entries, on_fault)
        self._look_ups = LookUps(self._ask, self._give_up, self._unreachable, timeout)
        self._watch = Watch(self._reader, signs=codec.signs, clock=clock, on_fault=on_fault, poll_seconds=poll_seconds)

    def find(self, profile_id: str) -> LoadedProfile | Awaitable[LoadedProfile | None] | None:
        """See `ProfileSource`."""
        answer = self._look_ups.join(profile_id)
        if answer is not None:
            return answer
        self._on_fault(CacheFault.LOOKUPS_FULL, "too many look-ups wait already")
        outcome = self._give_up(profile_id)
        if isinstance(outcome, Failure):
            raise outcome.exception()
        return outcome

    async def start(self) -> None:
        """Begin to watch Redis. Raises `RecordsSigned`; a Redis that does not answer is no error, but not ready."""
        await self._watch.start()
        meta = self._watch.meta
        if meta is not None and meta.signed and not self._signs:
            await self.close()
            raise RecordsSigned(
                "the records in Redis are signed: set AUTHZ_RECORD_KEYS or AUTHZ_SECRET_KEYS to the keys they were "
                "published with"
            )

    async def close(self) -> None:
        """Give up what waits, stop watching, close every connection."""
        await self._look_ups.close()
        await self._watch.close()
        await self._reader.close()

    def readiness(self) -> Readiness:
        """Ready while a profile that is not there can be told from one that cannot be seen."""
        return self._watch.readiness()

    @property
    def count(self) -> int | None:
        """How many profiles there are, None while unknown."""
        meta = self._watch.meta
        return None if meta is None else meta.count

    @property
    def age(self) -> float | None:
        """Seconds since Redis last answered for everything, None before it first did."""
        return self._watch.age

    async def _ask(self, profile_ids: Sequence[str]) -> Sequence[Outcome]:
        reading = await self._reader.read(profile_ids)
        self._watch.saw(reading)
        return [
            self._outcome(profile_id, record, reading)
            for profile_id, record in zip(profile_ids, reading.records, strict=True)
        ]

    def _outcome(self, profile_id: str, record: bytes | None, reading: Reading) -> Outcome:
        if reading.meta is not None and record is not None:
            return self._held.take(profile_id, reading.meta.epoch, record, self._clock())
        if reading.complete:
            self._held.forget(profile_id)
            return None
        return self._remembered(profile_id, "Redis does not hold every profile")

    def _give_up(self, profile_id: str) -> Outcome:
        age = self._watch.age
        if age is None or age > ALIVE_SECONDS:
            return self._remembered(profile_id, "Redis is gone")
        recent = self._held.recall(profile_id, self._clock() - min(ALIVE_SECONDS, self._max_staleness))
        return recent or Failure(LookupFailed, "the look-up failed although Redis answers")

    def _remembered(self, profile_id: str, sentence: str) -> Outcome:
        return self._held.recall(profile_id, self._clock() - self._max_staleness) or Failure(CannotTell, sentence)

    def _unreachable(self, sentence: str) -> None:
        self._on_fault(CacheFault.REDIS_UNREACHABLE, sentence)
