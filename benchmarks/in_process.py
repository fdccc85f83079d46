"""From bytes to bytes, without a server: decode, decide, encode, count; profiles from a file and from Redis."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvloop

from authz_server.cache.connection import connect, connect_blocking
from authz_server.cache.file_source import FileProfileSource
from authz_server.cache.redis_source import RedisProfileSource
from authz_server.checking.checker import Checker
from authz_server.checking.ports import ProfileSource
from authz_server.core.facts import CertificateForm
from authz_server.core.profile import Profile
from authz_server.documents.document import read_document
from authz_server.ext_authz.decode import ClientIpFrom, Decoder
from authz_server.ext_authz.encode import Encoder
from authz_server.ext_authz.service import CheckService
from authz_server.observability.decisions import Observer
from authz_server.observability.lines import LineWriter
from authz_server.observability.logs import make_log
from authz_server.observability.metrics import Metrics
from benchmarks.cases import Case, Cases, make_cases, write_document
from benchmarks.figures import table
from tests.support.redis_records import KEYS, Records, valkey

_ROUNDS = 5
_CALLS = 4_000
_REDIS_CALLS = 2_000
_AT_ONCE = 16


def report(directory: Path, share: float) -> Iterator[str]:
    """Microseconds of one check; best of five rounds for what has no noise of its own."""
    cases = make_cases(directory)
    path = write_document(cases, directory / "profiles.yaml")
    yield "Microseconds for one check, log level `info` to /dev/null, metrics on. Redis: Valkey on loopback."
    yield ""
    with uvloop_runner() as runner:
        rows = runner.run(_measure(cases, read_document(path.read_bytes()).profiles, path, share))
    head = ("case", "profiles in memory", "from Redis, one at a time", f"from Redis, {_AT_ONCE} at once")
    yield from table(head, rows)


def uvloop_runner() -> asyncio.Runner:
    """The loop that the server runs on."""
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


async def _measure(cases: Cases, profiles: Sequence[Profile], path: Path, share: float) -> list[list[str]]:
    lines = LineWriter(os.open(os.devnull, os.O_WRONLY))
    file_source = FileProfileSource(path, resolve_env=lambda _name: None)
    await file_source.start()
    with valkey(path.parent / "valkey") as address:
        Records(connect_blocking(address)).publish(*profiles)
        redis_source = RedisProfileSource(
            connect(address), prefix="authz", record_keys=KEYS, timeout=1.0, max_staleness=300.0
        )
        await redis_source.start()
        in_memory, from_redis = _service(file_source, lines), _service(redis_source, lines)
        rows = []
        for case in cases.all:
            case.must_be_right(in_memory)
            rows.append(
                [
                    case.name,
                    f"{_at_once(in_memory, case, int(_CALLS * share)):.1f}",
                    f"{await _awaited(from_redis, case, int(_REDIS_CALLS * share), 1):.0f}",
                    f"{await _awaited(from_redis, case, int(_REDIS_CALLS * share), _AT_ONCE):.0f}",
                ]
            )
        await redis_source.close()
    await file_source.close()
    lines.close()
    return rows


def _service(source: ProfileSource, lines: LineWriter) -> CheckService:
    observer = Observer(Metrics(), lines, make_log(lines, "json", "info"))
    decoder = Decoder(ClientIpFrom.PEER, CertificateForm.PEER)
    return CheckService(decoder, Checker(source, time.time), Encoder("authz"), observer)


def _at_once(service: CheckService, case: Case, calls: int) -> float:
    check, request = service.check, case.request
    best = float("inf")
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        for _ in range(calls):
            check(request, ())
        best = min(best, time.perf_counter() - started)
    return best / calls * 1e6


async def _awaited(service: CheckService, case: Case, calls: int, at_once: int) -> float:
    async def some(count: int) -> None:
        for _ in range(count):
            asked = service.check(case.request, ())
            answer = asked if isinstance(asked, bytes) else await asked
            assert answer

    asked = service.check(case.request, ())
    case.must_be_answered_by(asked if isinstance(asked, bytes) else await asked)
    started = time.perf_counter()
    await asyncio.gather(*(some(calls // at_once) for _ in range(at_once)))
    return (time.perf_counter() - started) / calls * 1e6
