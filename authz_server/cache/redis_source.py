"""Profiles read from Redis on each call."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from authz_server.cache.faults import OnFault, ignore
from authz_server.checking.ports import Clock, LoadedProfile, Readiness
from authz_server.sealing.keys import RecordKeys

if TYPE_CHECKING:
    from redis.asyncio import Redis


class RedisProfileSource:
    """A ProfileSource over Redis."""

    def __init__(
        self,
        client: Redis,
        *,
        prefix: str = "authz",
        record_keys: RecordKeys | None = None,
        timeout: float = 0.1,
        max_staleness: float = 300.0,
        clock: Clock = time.monotonic,
        on_fault: OnFault = ignore,
    ) -> None:
        raise NotImplementedError

    def find(self, profile_id: str) -> LoadedProfile | None | Awaitable[LoadedProfile | None]:
        """See `ProfileSource`."""
        raise NotImplementedError

    async def start(self) -> None:
        """Begin to watch `meta`. Raises `RecordsSigned` where the records are signed and there are no keys."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop watching, and close the client."""
        raise NotImplementedError

    def readiness(self) -> Readiness:
        """Whether an unknown profile can be told truthfully."""
        raise NotImplementedError

    @property
    def count(self) -> int | None:
        """How many profiles there are, None while unknown."""
        raise NotImplementedError

    @property
    def age(self) -> float | None:
        """Seconds since Redis last answered completely, None before it first did."""
        raise NotImplementedError
