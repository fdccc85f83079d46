"""What a caller of Envoy waits longer: with the check, with a bare handler, and without ext_authz."""

import http.client
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.cases import Case, make_cases
from benchmarks.figures import Measured, table, together
from benchmarks.in_process import uvloop_runner
from benchmarks.over_grpc import answer_to
from benchmarks.servers import bare_server, real_server
from tests.support.envoy_config import (
    SIDECAR,
    Config,
    Surroundings,
    connection_manager,
    shipped,
    without_filter,
)
from tests.support.envoy_process import RunningEnvoy

_ROUNDS = 6
_CALLS = 300
_NO_PORT = 9  # nothing is forwarded


def report(directory: Path, share: float) -> Iterator[str]:
    """One connection, HTTP/1.1, one request at a time; Envoy answers by itself: no upstream's time is in it."""
    cases = make_cases(directory)
    case = cases["token"]
    yield "`envoy/sidecar.yaml`, answering by itself instead of forwarding; one connection, one request at a time, a"
    yield "`token` profile. Microseconds; the three take turns."
    yield ""
    with ExitStack() as running:
        real = running.enter_context(real_server(cases.document, directory / "real", AUTHZ_CLIENT_IP_FROM="metadata"))
        with (
            real_server(cases.document, directory / "peer", AUTHZ_CLIENT_IP_FROM="peer") as peer,
            uvloop_runner() as loop,
        ):
            answer = loop.run(answer_to(peer, case))
        bare = running.enter_context(bare_server(directory / "bare", answer))
        callers = {
            "without ext_authz": _caller(running, directory / "plain", real.socket, with_check=False),
            "bare grpc.aio handler": _caller(running, directory / "with-bare", bare.socket, with_check=True),
            "authz-server check": _caller(running, directory / "with-real", real.socket, with_check=True),
        }
        rounds: dict[str, list[Measured]] = {name: [] for name in callers}
        for _ in range(_ROUNDS):
            for name, caller in callers.items():
                rounds[name].append(_measured(caller, case, max(int(_CALLS * share), 10)))
    figures = {name: together(made[1:]) for name, made in rounds.items()}
    base = figures["without ext_authz"]
    yield from table(("Envoy", "p50", "p99", "added p50", "added p99"), (_row(*item, base) for item in figures.items()))


def _row(name: str, measured: Measured, base: Measured) -> list[str]:
    p50, p99 = measured.percentile_us(0.5), measured.percentile_us(0.99)
    added = [f"{p50 - base.percentile_us(0.5):.0f}", f"{p99 - base.percentile_us(0.99):.0f}"]
    return [name, f"{p50:.0f}", f"{p99:.0f}", *(added if measured is not base else ["-", "-"])]


def _caller(running: ExitStack, directory: Path, check: Path, *, with_check: bool) -> http.client.HTTPConnection:
    config = shipped(SIDECAR, Surroundings(check, _NO_PORT, _NO_PORT, directory))
    answer_directly(config)
    if not with_check:
        without_filter("ext_authz")(config)
        without_filter("rbac")(config)  # it wants the check's metadata
    envoy = RunningEnvoy(config, directory)
    running.callback(envoy.stop)
    caller = http.client.HTTPConnection("127.0.0.1", envoy.port, timeout=10)
    running.callback(caller.close)
    return caller


def answer_directly(config: Config) -> None:
    """Let Envoy answer 200 by itself where it would forward."""
    for host in connection_manager(config)["route_config"]["virtual_hosts"]:
        for route in host["routes"]:
            if route.pop("route", None) is not None:
                route["direct_response"] = {"status": 200, "body": {"inline_string": "ok"}}


def _measured(caller: http.client.HTTPConnection, case: Case, calls: int) -> Measured:
    headers = dict(case.headers)
    latencies = []
    begun = time.perf_counter()
    for _ in range(calls):
        started = time.perf_counter()
        caller.request("GET", "/orders/7", headers=headers)
        response = caller.getresponse()
        response.read()
        latencies.append(time.perf_counter() - started)
        if response.status != 200:
            raise AssertionError(f"Envoy answered {response.status}")
    return Measured(latencies, time.perf_counter() - begun, 0.0)
