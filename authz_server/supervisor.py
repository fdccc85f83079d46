"""Runs what `compose` puts together until a signal ends it. One process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from typing import Final, Protocol

import uvloop

from authz_server.observability.lines import LineWriter

_EXIT_CODES: Final = {signal.SIGTERM: 0, signal.SIGINT: 130}


class Process(Protocol):
    """What can be run; `CheckProcess` and `ManageProcess` are such."""

    async def start(self) -> None:
        """Serve. Raises what says why it cannot, `CannotServe` above all."""

    async def stop(self) -> bool:
        """Finish what is begun. Whether all of it finished."""


def run(make: Callable[[LineWriter], Process]) -> int:
    """Serve until SIGTERM (returns 0) or SIGINT (130); a second signal ends it at once.

    Raises what `make` and the start of the process raise.
    """
    lines = LineWriter(sys.stderr.fileno())
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(until_signal(make(lines)))
    finally:
        lines.close()


async def until_signal(process: Process) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[int] = loop.create_future()

    def end(exit_code: int) -> None:
        for number in _EXIT_CODES:
            loop.remove_signal_handler(number)  # whoever asks twice does not want to wait
        told.set_result(exit_code)

    for number, exit_code in _EXIT_CODES.items():
        loop.add_signal_handler(number, end, exit_code)
    return await serve(process, told)


async def serve(process: Process, told: asyncio.Future[int]) -> int:
    """Start, wait until `told` to end, stop; the exit code that was told. A start that is under way is given up."""
    starting = asyncio.ensure_future(process.start())
    await asyncio.wait((starting, told), return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        return await told
    starting.result()
    exit_code = await told
    await process.stop()
    return exit_code
