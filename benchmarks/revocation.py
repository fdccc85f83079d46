"""For how long an old token is still let in after it was asked to be replaced, and when the new one is.

    python -m benchmarks.revocation [ROTATIONS]

The token of one profile is rotated over REST. Meanwhile the old one calls through the real Envoy, over several
connections, and each answer is noted. Times are from the moment at which the rotation was sent.
"""

import asyncio
import json
import math
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.connection import Connection, call_with, request
from benchmarks.figures import table
from benchmarks.in_process import uvloop_runner
from benchmarks.whole import Whole, whole

ROTATIONS: Final = 200
CONNECTIONS: Final = 6
CALLS_A_SECOND: Final = 1_800.0  # aimed at; what was reached is printed
BEFORE_CALLS: Final = 30  # let in before the rotation is sent
BEFORE_SECONDS: Final = 0.03  # and at most so much later
QUIET_SECONDS: Final = 0.15  # without an allowed answer: then no other is waited for
LONGEST_SECONDS: Final = 10.0
ENOUGH_CALLS_A_SECOND: Final = 1_000.0
BROKEN: Final = 0  # in place of a status: no answer
CLIENT: Final = "cl_rotated"
PROFILE: Final = "pr_rotated"


class Polled(NamedTuple):
    """One call with the old token."""

    sent: float
    answered: float
    status: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was seen of one rotation; seconds after it was sent."""

    published: bool
    answered: float
    last_allowed: float
    new_allowed: float
    allowed_after_answer: int  # old token, call sent when the rotation had been answered already
    rate: float
    statuses: Counter[int]


def main(rotations: int) -> None:
    """Rotate, poll, print."""
    with tempfile.TemporaryDirectory() as name, whole(Path(name)) as running, uvloop_runner() as loop:
        api = running.manage.api(running.key)
        api.must("POST", "/clients", {"id": CLIENT, "name": "rotated"})
        made = api.must("POST", f"/clients/{CLIENT}/profiles", {"id": PROFILE, "name": "a", "auth": {"type": "token"}})
        seen = loop.run(_rotate(running, made["credential"]["value"], rotations))
    for line in report(seen):
        print(line)


async def _rotate(running: Whole, token: str, rotations: int) -> list[Rotation]:
    callers = [Connection(running.envoy_port) for _ in range(CONNECTIONS)]
    newcomer, rest = Connection(running.envoy_port), Connection(running.manage.port)
    rotate = request("POST", f"/api/v1/profiles/{PROFILE}/rotate", {"authorization": f"Bearer {running.key}"}, {})
    seen = []
    for _ in range(rotations):
        stop = asyncio.Event()
        polled: list[Polled] = []
        call = call_with(CLIENT, PROFILE, token)
        polling = [asyncio.create_task(_poll(each, call, polled, stop)) for each in callers]
        await _until_let_in(polled)
        await asyncio.sleep(random.random() * BEFORE_SECONDS)
        sent = time.perf_counter()
        status, body = await rest.answer(rotate)
        answered = time.perf_counter()
        assert status == 200, body
        edited: dict[str, Any] = json.loads(body)
        token = edited["credential"]["value"]
        new_allowed = await _first_allowed(newcomer, call_with(CLIENT, PROFILE, token))
        await _until_quiet(polled, answered)
        stop.set()
        await asyncio.gather(*polling)
        allowed = [each for each in polled if each.status == 200]
        seen.append(
            Rotation(
                published=edited["propagation"] == "published",
                answered=answered - sent,
                last_allowed=max(each.answered for each in allowed) - sent,
                new_allowed=new_allowed - sent,
                allowed_after_answer=sum(each.sent > answered for each in allowed),
                rate=len(polled) / (max(each.answered for each in polled) - min(each.sent for each in polled)),
                statuses=Counter(each.status for each in polled),
            )
        )
    for each in (*callers, newcomer, rest):
        each.close()
    return seen


async def _poll(connection: Connection, call: bytes, polled: list[Polled], stop: asyncio.Event) -> None:
    """Call at an even pace; late ones are made up for at once, but not for more than a little while."""
    pace = CONNECTIONS / CALLS_A_SECOND
    at = time.perf_counter() + random.random() * pace
    while not stop.is_set():
        await asyncio.sleep(max(at - time.perf_counter(), 0))
        sent = time.perf_counter()
        try:
            status = await connection.status(call)
        except (OSError, EOFError):
            status = BROKEN
        polled.append(Polled(sent, time.perf_counter(), status))
        at = max(at + pace, sent - 5 * pace)


async def _first_allowed(connection: Connection, call: bytes) -> float:
    deadline = time.perf_counter() + LONGEST_SECONDS
    while await connection.status(call) != 200:
        assert time.perf_counter() < deadline, "the new token is not let in"
    return time.perf_counter()


async def _until_let_in(polled: Sequence[Polled]) -> None:
    deadline = time.perf_counter() + LONGEST_SECONDS
    while sum(each.status == 200 for each in polled) < BEFORE_CALLS:
        assert time.perf_counter() < deadline, "the token is not let in"
        await asyncio.sleep(0.005)


async def _until_quiet(polled: Sequence[Polled], since: float) -> None:
    deadline = time.perf_counter() + LONGEST_SECONDS
    while time.perf_counter() - max([since, *(each.answered for each in polled if each.status == 200)]) < QUIET_SECONDS:
        assert time.perf_counter() < deadline, "the old token is still let in"
        await asyncio.sleep(0.01)


def report(seen: Sequence[Rotation]) -> list[str]:
    """The table, and what has to be known besides. Pending answers are counted apart: no promise was given."""
    published = [each for each in seen if each.published]
    rates = [each.rate for each in seen]
    enough = [each.last_allowed for each in published if each.rate >= ENOUGH_CALLS_A_SECOND]
    rows = (
        _row("last allowed answer with the old token", [each.last_allowed for each in published]),
        _row(f"the same, the {len(enough)} that were polled at 1 kHz or more", enough),
        _row("answer to the rotation", [each.answered for each in published]),
        _row("first allowed answer with the new token", [each.new_allowed for each in published]),
    )
    pending = [each.last_allowed for each in seen if not each.published]
    late = sum(each.allowed_after_answer for each in published)
    statuses = sum((each.statuses for each in seen), Counter[int]())
    told = (
        f"{len(seen)} rotations: {len(published)} published, {len(pending)} pending"
        + (f" (old token allowed until {max(pending) * 1e3:.1f} ms at most)" if pending else ""),
        f"old token let in on a call that was sent after `published` was answered: {late} times",
        f"calls with the old token: {sum(rates) / len(rates):.0f}/s on average, {min(rates):.0f}/s at the slowest; "
        + ", ".join(f"{count} answers {status or 'broken off'}" for status, count in sorted(statuses.items())),
    )
    return [*told, "", *table(("ms after the rotation was sent", "p50", "p99", "max"), rows)]


def _row(name: str, seconds: Sequence[float]) -> list[str]:
    ordered = sorted(seconds)
    if not ordered:
        return [name, "-", "-", "-"]
    picked = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.99, 1.0))
    return [name, *(f"{each * 1e3:.1f}" for each in picked)]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROTATIONS)
