"""Deadlines that hold whatever the awaited code does with being cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")
_abandoned: Final[set[asyncio.Task[Any]]] = set()  # referenced until they end, or they might be collected half-way


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, or its exception; TimeoutError after `seconds`, without waiting for it to wind up."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait((task,), timeout=max(seconds, 0.0))
    finally:
        if not task.done():
            _abandon(task)
    if task.done() and not task.cancelled():
        return task.result()
    raise TimeoutError(f"no answer within {seconds:.3f} s")


def _abandon(task: asyncio.Task[Any]) -> None:
    _abandoned.add(task)
    task.add_done_callback(_ended)
    task.cancel()


def _ended(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, or asyncio complains that nobody did
