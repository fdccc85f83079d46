"""Start, wait, stop: in every order in which the end can come."""

import asyncio

import pytest

from authz_server.compose.refusal import CannotServe
from authz_server.supervisor import serve


class Recorded:
    """A process that notes what is done with it."""

    def __init__(self, start: asyncio.Future[None] | None = None, problem: Exception | None = None) -> None:
        self.done: list[str] = []
        self._start = start
        self._problem = problem

    async def start(self) -> None:
        """Start, or wait for ever, or fail."""
        self.done.append("starting")
        if self._problem is not None:
            raise self._problem
        if self._start is not None:
            await self._start
        self.done.append("started")

    async def stop(self) -> bool:
        """Stop."""
        self.done.append("stopped")
        return True


def told_later() -> "asyncio.Future[int]":
    """Nobody has been told to end yet."""
    return asyncio.get_running_loop().create_future()


async def test_it_serves_until_it_is_told_to_end() -> None:
    process, told = Recorded(), told_later()
    serving = asyncio.ensure_future(serve(process, told))
    await asyncio.sleep(0.01)
    assert process.done == ["starting", "started"]
    told.set_result(130)
    assert await serving == 130
    assert process.done == ["starting", "started", "stopped"]


async def test_a_start_under_way_is_given_up() -> None:
    process, told = Recorded(asyncio.get_running_loop().create_future()), told_later()
    serving = asyncio.ensure_future(serve(process, told))
    await asyncio.sleep(0.01)
    told.set_result(0)
    assert await serving == 0
    assert process.done == ["starting"]


async def test_a_start_that_is_refused_is_not_stopped() -> None:
    process = Recorded(problem=CannotServe("no", is_setting=True))
    with pytest.raises(CannotServe, match="no"):
        await serve(process, told_later())
    assert process.done == ["starting"]
