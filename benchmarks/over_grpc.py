"""The server beside a bare handler: the same calls, in turn, at 1 and at 32 calls in flight."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import grpc.aio

from authz_server.ext_authz.server import CHECK
from benchmarks.cases import Case, Cases, make_cases
from benchmarks.figures import Measured, table, together
from benchmarks.in_process import uvloop_runner
from benchmarks.servers import bare_server, cpu_seconds, real_server

_ROUNDS = 4
_CALLS = {1: 400, 32: 1_600}
_WARM_UP = 64

Ask = grpc.aio.UnaryUnaryMultiCallable


class Server(Protocol):
    """Where a server is, and who."""

    socket: Path

    @property
    def pid(self) -> int:
        """Its process id."""


def report(directory: Path, share: float) -> Iterator[str]:
    """One table for each number of calls in flight."""
    cases = make_cases(directory)
    yield "`authz-server check` as shipped (log level `info` to a file, metrics on, profiles from a file) beside a bare"
    yield "grpc.aio handler (same options, constant bytes). CPU is the server process's, all threads, microseconds a"
    yield "call. Client: grpc.aio in a process of its own, over a Unix socket; the two servers take turns."
    with (
        real_server(cases.document, directory / "real", AUTHZ_CLIENT_IP_FROM="peer") as real,
        uvloop_runner() as runner,
    ):
        answer = runner.run(answer_to(real, cases["token"]))
        with bare_server(directory / "bare", answer) as bare:
            for in_flight, calls in _CALLS.items():
                rows = runner.run(_rows(cases, real, bare, in_flight, max(int(calls * share), in_flight)))
                yield f"\n{in_flight} in flight\n"
                yield from table(
                    (
                        "case",
                        "CPU µs",
                        "bare",
                        "ratio",
                        "checks/s",
                        "bare",
                        "p50 µs",
                        "bare",
                        "ratio",
                        "p99 µs",
                        "bare",
                    ),
                    rows,
                )


async def answer_to(server: Server, case: Case) -> bytes:
    async with grpc.aio.insecure_channel(f"unix:{server.socket}") as channel:
        ask: Ask[bytes, bytes] = channel.unary_unary(CHECK)
        return await ask(case.request)


async def _rows(cases: Cases, real: Server, bare: Server, in_flight: int, calls: int) -> list[list[str]]:
    async with (
        grpc.aio.insecure_channel(f"unix:{real.socket}") as to_real,
        grpc.aio.insecure_channel(f"unix:{bare.socket}") as to_bare,
    ):
        servers: list[tuple[Server, Ask[bytes, bytes]]] = [
            (real, to_real.unary_unary(CHECK)),
            (bare, to_bare.unary_unary(CHECK)),
        ]
        rows = []
        for case in cases.all:
            for _, ask in servers:
                await _throw(ask, case, in_flight, _WARM_UP)
            case.must_be_answered_by(await servers[0][1](case.request))
            rounds: list[list[Measured]] = [[], []]
            for _ in range(_ROUNDS):
                for made, (server, ask) in zip(rounds, servers, strict=True):
                    made.append(await _measured(server, ask, case, in_flight, calls))
            rows.append(_row(case.name, *map(together, rounds)))
        return rows


async def _measured(server: Server, ask: Ask[bytes, bytes], case: Case, in_flight: int, calls: int) -> Measured:
    cpu, started = cpu_seconds(server.pid), time.perf_counter()
    latencies = await _throw(ask, case, in_flight, calls)
    return Measured(latencies, time.perf_counter() - started, cpu_seconds(server.pid) - cpu)


async def _throw(ask: Ask[bytes, bytes], case: Case, in_flight: int, calls: int) -> list[float]:
    latencies: list[float] = []

    async def some() -> None:
        for _ in range(calls // in_flight):
            started = time.perf_counter()
            await ask(case.request)
            latencies.append(time.perf_counter() - started)

    await asyncio.gather(*(some() for _ in range(in_flight)))
    return latencies


def _row(name: str, real: Measured, bare: Measured) -> list[str]:
    p50, bare_p50 = real.percentile_us(0.5), bare.percentile_us(0.5)
    return [
        name,
        f"{real.cpu_us:.0f}",
        f"{bare.cpu_us:.0f}",
        f"{real.cpu_us / bare.cpu_us:.2f}",
        f"{real.rate:.0f}",
        f"{bare.rate:.0f}",
        f"{p50:.0f}",
        f"{bare_p50:.0f}",
        f"{p50 / bare_p50:.2f}",
        f"{real.percentile_us(0.99):.0f}",
        f"{bare.percentile_us(0.99):.0f}",
    ]
