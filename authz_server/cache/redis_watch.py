"""Watches how Redis is: read `meta` each second, and remember when it last answered for everything."""

from __future__ import annotations

import asyncio
from typing import Final

from authz_server.cache.deadline import within
from authz_server.cache.faults import CacheFault, OnFault
from authz_server.cache.layout import SCHEMA, Meta
from authz_server.cache.outcome import described
from authz_server.cache.reading import Reader, Reading
from authz_server.checking.ports import Clock, Readiness

POLL_SECONDS: Final = 1.0
POLL_TIMEOUT_SECONDS: Final = 1.0
LATE_SECONDS: Final = 3.0  # two polls in a row were missed
_POLICY_EVERY: Final = 60  # polls


class Watch:
    """What is known of Redis as a whole. Look-ups tell it what they saw too."""

    __slots__ = (
        "_clock",
        "_complete",
        "_good_at",
        "_meta",
        "_on_fault",
        "_policy",
        "_poll_seconds",
        "_reader",
        "_signs",
        "_task",
    )

    def __init__(
        self, reader: Reader, *, signs: bool, clock: Clock, on_fault: OnFault, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._reader = reader
        self._signs = signs
        self._clock = clock
        self._on_fault = on_fault
        self._poll_seconds = poll_seconds
        self._meta: Meta | None = None
        self._complete = True  # until seen otherwise, so that the first sight of something else is told
        self._good_at: float | None = None
        self._policy: str | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def meta(self) -> Meta | None:
        """What the last answer said of all records."""
        return self._meta

    @property
    def age(self) -> float | None:
        """Seconds since Redis last answered for everything, None before it first did."""
        return None if self._good_at is None else self._clock() - self._good_at

    def saw(self, reading: Reading) -> None:
        """Redis has answered."""
        self._meta = reading.meta
        if reading.complete:
            self._good_at = self._clock()
        elif self._complete:
            self._on_fault(CacheFault.REDIS_INCOMPLETE, _incomplete(reading))
        self._complete = reading.complete

    async def start(self) -> None:
        """Look once, then each second."""
        await self._poll()
        await self._look_at_policy()
        self._task = asyncio.get_running_loop().create_task(self._keep_polling())

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    def readiness(self) -> Readiness:
        """Ready while a profile that is not there can be told from one that cannot be seen."""
        age = self.age
        if not self._complete:
            reasons: tuple[str, ...] = ("Redis holds no complete set of profiles: `authz-server publish` writes one",)
        elif age is None:
            reasons = ("Redis has not answered yet",)
        elif age > LATE_SECONDS:
            reasons = ("Redis does not answer any more",)
        else:
            reasons = ()
        return Readiness(reasons, tuple(self._warnings()))

    def _warnings(self) -> list[str]:
        warnings = []
        if self._policy is not None:
            warnings.append(_risky(self._policy))
        if self._meta is not None and self._meta.signed != self._signs:
            warnings.append(
                "the records in Redis are not signed and are refused: publish them with AUTHZ_SECRET_KEYS"
                if self._signs
                else "the records in Redis are signed and are refused: set AUTHZ_RECORD_KEYS or AUTHZ_SECRET_KEYS"
            )
        return warnings

    async def _keep_polling(self) -> None:
        polls = 0
        while True:
            await asyncio.sleep(self._poll_seconds)
            await self._poll()
            polls += 1
            if polls % _POLICY_EVERY == 0:
                await self._look_at_policy()

    async def _poll(self) -> None:
        try:
            self.saw(await within(POLL_TIMEOUT_SECONDS, self._reader.read(())))
        except Exception as error:  # noqa: BLE001 - whatever a broken or hostile server provokes ends here
            self._on_fault(CacheFault.REDIS_UNREACHABLE, described(error))

    async def _look_at_policy(self) -> None:
        if self._good_at is None:
            return
        try:
            policy = await within(POLL_TIMEOUT_SECONDS, self._reader.memory_policy())
        except Exception:  # noqa: BLE001 - a right that is missing or an answer of another form: then nothing is known
            return
        risky = None if policy == "noeviction" else policy
        if risky is not None and self._policy is None:
            self._on_fault(CacheFault.REDIS_MEMORY_POLICY, _risky(risky))
        self._policy = risky


def _incomplete(reading: Reading) -> str:
    if reading.meta is None:
        return f"Redis holds no set of profiles of schema {SCHEMA}"
    return f"Redis holds {reading.fields} records instead of {reading.meta.fields}: some were lost"


def _risky(policy: str) -> str:
    return f"Redis may evict profiles (maxmemory-policy {ascii(policy)[1:-1][:40]}): set noeviction"
