"""What callers are answered while Redis is emptied under load, until `manage` has published everything anew.

    python -m benchmarks.flush [PROFILES ...]

Two sorts of callers, all of whom should be let in, call through the real Envoy at an even pace: some who were let in
shortly before, and newcomers, each of whom calls once and was never seen by this `check`. In the middle: FLUSHALL.
"""

import asyncio
import datetime as dt
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import republish
from benchmarks.connection import Connection, call_with
from benchmarks.figures import table
from benchmarks.in_process import uvloop_runner
from benchmarks.whole import Whole, whole

PROFILES: Final = (10, 20_000)
REGULARS: Final = 200  # at most
REGULAR_CONNECTIONS: Final = 4
REGULAR_CALLS_A_SECOND: Final = 400.0
NEWCOMERS_A_SECOND: Final = 100.0
BEFORE_SECONDS: Final = 1.5
AFTER_SECONDS: Final = 1.5  # when everything is published
LONGEST_SECONDS: Final = 180.0
BIN_SECONDS: Final = 0.05
KNOWN: Final = "known callers"
NEW: Final = "newcomers"
KINDS: Final = ("allowed", "401, 403", "503, cannot tell", "503 by check", "503, too late", "other")
PATIENCE_SECONDS: Final = 0.25  # Envoy's, with `check`; only a machine that is too busy needs it
BROKEN: Final = 0  # in place of a status: no answer


class Answered(NamedTuple):
    """One answer; `at` in seconds since the epoch, as in the log."""

    sent: float
    at: float
    status: int
    body: bytes  # a problem document where `check` has answered; Envoy's own 503 has none

    @property
    def kind(self) -> str:
        """One of KINDS."""
        match self.status:
            case 200:
                return "allowed"
            case 401 | 403:
                return "401, 403"
            case 503 if self.body:
                return "503 by check"
            case 503 if self.at - self.sent >= PATIENCE_SECONDS:
                return "503, too late"
            case 503:
                return "503, cannot tell"
        return "other"


class Seen(NamedTuple):
    """One FLUSHALL. The log tells when `manage` has noticed, when all was in force, and how long that took."""

    profiles: int
    flushed: float
    noticed: float
    in_force: float
    republish_seconds: float
    answers: dict[str, list[Answered]]  # by sort of caller


def main(sizes: Sequence[int]) -> None:
    """Flush and print, once for each size."""
    for profiles in sizes:
        fill = partial(republish.fill, profiles=profiles)
        with tempfile.TemporaryDirectory() as name, whole(Path(name), fill) as running, uvloop_runner() as loop:
            seen = loop.run(_flush(running, profiles))
        print("\n".join(report(seen)), flush=True)


async def _flush(running: Whole, profiles: int) -> Seen:
    numbers = [number for number in range(profiles) if republish.has_token(number)]
    regulars, newcomers = numbers[:REGULARS], numbers[REGULARS:]
    answers: dict[str, list[Answered]] = {KNOWN: [], NEW: []}
    stop = asyncio.Event()
    await _call(running.envoy_port, iter(regulars), 0.0, [], stop)
    pace = REGULAR_CONNECTIONS / REGULAR_CALLS_A_SECOND
    loads: list[tuple[str, Iterator[int], float]] = [
        (KNOWN, itertools.cycle(regulars[each:] + regulars[:each]), pace) for each in range(REGULAR_CONNECTIONS)
    ]
    loads.append((NEW, iter(newcomers), 1 / NEWCOMERS_A_SECOND))
    calling = [
        asyncio.create_task(_call(running.envoy_port, numbers, each_seconds, answers[sort], stop))
        for sort, numbers, each_seconds in loads
    ]
    await asyncio.sleep(BEFORE_SECONDS)
    before = len(running.manage.events("republished"))
    flushed = time.time()
    await asyncio.to_thread(running.client.flushall)
    deadline = flushed + LONGEST_SECONDS
    while len(running.manage.events("republished")) == before:
        assert time.time() < deadline, "nothing was published again"
        await asyncio.sleep(0.1)
    await asyncio.sleep(AFTER_SECONDS)
    stop.set()
    await asyncio.gather(*calling)
    began = next(line for line in running.manage.events("republishing") if _at(line["timestamp"]) > flushed)
    ended = running.manage.events("republished")[before]
    return Seen(profiles, flushed, _at(began["timestamp"]), _at(ended["timestamp"]), float(ended["seconds"]), answers)


async def _call(port: int, numbers: Iterator[int], pace: float, answers: list[Answered], stop: asyncio.Event) -> None:
    """One connection; a new call each `pace` seconds, as long as there are callers."""
    connection = Connection(port)
    at = time.time()
    for number in numbers:
        if stop.is_set():
            break
        await asyncio.sleep(max(at - time.time(), 0))
        call = call_with(republish.client_id(number), republish.profile_id(number), republish.token(number))
        sent = time.time()
        try:
            status, body = await connection.answer(call)
        except (OSError, EOFError):
            status, body = BROKEN, b""
        answers.append(Answered(sent, time.time(), status, body))
        at = max(at + pace, sent)
    connection.close()


def _at(timestamp: str) -> float:
    return dt.datetime.fromisoformat(timestamp).timestamp()


def report(seen: Seen) -> Iterator[str]:
    """What happened, and what each sort of callers was answered meanwhile."""
    yield f"## {seen.profiles} profiles"
    yield ""
    yield (
        f"FLUSHALL; `manage` noticed after {seen.noticed - seen.flushed:.2f} s, published for "
        f"{seen.republish_seconds:.2f} s, all in force after {seen.in_force - seen.flushed:.2f} s."
    )
    for sort, answers in seen.answers.items():
        if answers:
            yield ""
            yield f"{sort}: {_in_short(answers, seen)}"
            yield ""
            yield from table(
                ("ms after FLUSHALL", "times 50 ms", *KINDS, "allowed in each 50 ms"),
                _rows(answers, seen.flushed),
            )
    yield ""


def _in_short(answers: Sequence[Answered], seen: Seen) -> str:
    counts = Counter(each.kind for each in answers)
    others = [each for each in answers if each.status != 200]
    told = "; ".join(f"{counts[kind]} {kind}" for kind in KINDS)
    if not others:
        return f"{told}."
    first, last = min(each.at for each in others), max(each.at for each in others)
    return (
        f"{told}; something else than allowed from {(first - seen.flushed) * 1e3:.0f} to "
        f"{(last - seen.flushed) * 1e3:.0f} ms, {(last - seen.in_force) * 1e3:.0f} ms after all was in force."
    )


def _rows(answers: Sequence[Answered], flushed: float) -> Iterable[list[str]]:
    """Each 50 ms counted; those next to each other in which the same kinds of answers were given are one row."""
    bins: dict[int, Counter[str]] = {}
    for each in answers:
        bins.setdefault(int((each.at - flushed) // BIN_SECONDS), Counter())[each.kind] += 1
    for _, group in itertools.groupby(_alike(bins), key=lambda each: each[0]):
        row = [(number, counts) for _, number, counts in group]
        together = sum((counts for _, counts in row), Counter[str]())
        allowed = [counts["allowed"] for _, counts in row]
        begin, end = row[0][0] * BIN_SECONDS * 1e3, (row[-1][0] + 1) * BIN_SECONDS * 1e3
        yield [
            f"{begin:.0f} to {end:.0f}",
            str(len(row)),
            *(str(together[kind]) for kind in KINDS),
            f"{min(allowed)} to {max(allowed)}",
        ]


def _alike(bins: Mapping[int, Counter[str]]) -> Iterator[tuple[tuple[bool, frozenset[str]], int, Counter[str]]]:
    """What a row has in common, then number and counts; one without an answer belongs to that before it."""
    kinds: frozenset[str] = frozenset()
    for number in range(min(bins) + 1, max(bins)):  # the outermost are not whole
        counts = bins.get(number, Counter[str]())
        kinds = frozenset(counts) or kinds
        yield (number < 0, kinds), number, counts


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or PROFILES)
