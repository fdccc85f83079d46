"""Look-ups that wait: those of one moment travel together, those of one id share an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from authz_server.cache.deadline import within
from authz_server.cache.outcome import Failure, Outcome, described
from authz_server.checking.ports import LoadedProfile

BATCH: Final = 256  # ids in one round trip
WAITERS: Final = 4_096  # calls that wait, in all

Ask = Callable[[Sequence[str]], Coroutine[Any, Any, Sequence[Outcome]]]
GiveUp = Callable[[str], Outcome]
Answered = asyncio.Future[LoadedProfile | None]


@dataclass(slots=True)
class _Waiting:
    since: float
    callers: list[Answered] = field(default_factory=list)


class LookUps:
    """Asks for one batch at a time; what comes meanwhile is the next one, so load makes batches larger, not more.

    `ask` answers for a batch, `give_up` for each id of one that was not answered within `timeout` seconds of its first
    call. Every caller has a future of its own, so that one who leaves takes nobody along.
    """

    __slots__ = ("_ask", "_give_up", "_on_error", "_queue", "_running", "_timeout", "_waiters", "_waiting")

    def __init__(self, ask: Ask, give_up: GiveUp, on_error: Callable[[str], None], timeout: float) -> None:
        self._ask = ask
        self._give_up = give_up
        self._on_error = on_error
        self._timeout = timeout
        self._queue: list[str] = []
        self._waiting: dict[str, _Waiting] = {}
        self._waiters = 0
        self._running: asyncio.Task[None] | None = None

    def join(self, profile_id: str) -> Answered | None:
        """A future of the profile; None where too many wait already."""
        if self._waiters >= WAITERS:
            return None
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(profile_id)
        if waiting is None:
            waiting = self._waiting[profile_id] = _Waiting(loop.time())
            self._queue.append(profile_id)
            if self._running is None:
                self._running = loop.create_task(self._run())  # it begins when this round of the loop is over
        caller: Answered = loop.create_future()
        waiting.callers.append(caller)
        self._waiters += 1
        return caller

    async def close(self) -> None:
        """Give up everything that still waits."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait((self._running,))
        self._queue.clear()
        self._settle({profile_id: self._give_up(profile_id) for profile_id in self._waiting})

    async def _run(self) -> None:
        try:
            while self._queue:
                batch, self._queue = self._queue[:BATCH], self._queue[BATCH:]
                self._settle(await self._answers(batch))
        finally:
            self._running = None

    async def _answers(self, batch: Sequence[str]) -> dict[str, Outcome]:
        left = self._waiting[batch[0]].since + self._timeout - asyncio.get_running_loop().time()
        try:
            return dict(zip(batch, await within(left, self._ask(batch)), strict=True))
        except Exception as error:  # noqa: BLE001 - whatever a broken or hostile server provokes ends here
            self._on_error(described(error))
            return {profile_id: self._give_up(profile_id) for profile_id in batch}

    def _settle(self, outcomes: dict[str, Outcome]) -> None:
        for profile_id, outcome in outcomes.items():
            callers = self._waiting.pop(profile_id).callers
            self._waiters -= len(callers)
            for caller in callers:
                if caller.done():  # its call was cancelled
                    continue
                if isinstance(outcome, Failure):
                    caller.set_exception(outcome.exception())
                else:
                    caller.set_result(outcome)
