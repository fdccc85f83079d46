"""A check server that is wrong, silent, late or gone lets nobody in."""

import threading
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from tests.e2e.conftest import Shipped, StartEnvoy
from tests.support.callers import Http1Caller
from tests.support.envoy_config import (
    BEHIND_LOAD_BALANCER,
    EDGE_MTLS,
    NAMES,
    SIDECAR,
    Surroundings,
    with_check_setting,
    without_check_setting,
    without_filter,
    without_tls,
)
from tests.support.envoy_process import RunningEnvoy
from tests.support.processes import wait_until
from tests.support.scripted_check import Check, Fault, ScriptedCheck, allowed, refused, wrong
from tests.support.upstream import HttpApplication

FAIL_OPEN = with_check_setting("failure_mode_allow", True)


def unavailable(_: Check) -> bytes:
    raise Fault(grpc.StatusCode.UNAVAILABLE)


def statuses(shipped: Shipped) -> list[int]:
    return [caller.call("GET", "/orders").status for caller in (shipped.http1, shipped.http2)]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="empty CheckResponse"),
        pytest.param(wrong(), id="OK without metadata"),
        pytest.param(wrong(denied=403), id="OK beside a denied_response"),
        pytest.param(wrong(error=503), id="OK beside an error_response"),
        pytest.param(wrong(outcome="denied"), id="OK with outcome denied"),
        pytest.param(wrong(outcome="Allowed"), id="OK with outcome Allowed"),
        pytest.param(wrong(outcome=True), id="OK with outcome true"),
    ],
)
def test_an_ok_that_does_not_say_allowed_is_refused(
    shipped: Shipped, check: ScriptedCheck, application: HttpApplication, answer: bytes
) -> None:
    """Envoy takes each of these for an OK; the seat belt does not."""
    check.always(answer)
    before = len(application.requests)
    assert statuses(shipped) == [403, 403]
    assert len(check.checks) == 2
    assert len(application.requests) == before


@pytest.fixture(scope="module")
def without_seat_belt(start_envoy: StartEnvoy) -> Http1Caller:
    """The sidecar without its RBAC filter."""
    return Http1Caller(start_envoy(SIDECAR, without_filter("rbac")).port)


@pytest.mark.parametrize("answer", [b"", wrong(denied=403), wrong(error=503), wrong(outcome="denied")])
def test_without_the_seat_belt_the_same_answers_are_entries(
    without_seat_belt: Http1Caller, check: ScriptedCheck, answer: bytes
) -> None:
    """The fault is real."""
    check.always(answer)
    assert without_seat_belt.call("GET", "/orders").status == 200


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_a_grpc_error_of_the_check_server_is_503(
    shipped: Shipped, check: ScriptedCheck, application: HttpApplication, code: grpc.StatusCode
) -> None:
    def fail(_: Check) -> bytes:
        raise Fault(code)

    check.answer = fail
    before = len(application.requests)
    assert statuses(shipped) == [503, 503]
    assert len(application.requests) == before


@pytest.mark.parametrize("answer", [b"\xff\xff\xff\xff", b"\x12", b"<html>"])
def test_an_answer_that_is_not_a_check_response_is_503(shipped: Shipped, check: ScriptedCheck, answer: bytes) -> None:
    check.always(answer)
    assert statuses(shipped) == [503, 503]


def test_an_answer_above_the_receive_limit_is_503(shipped: Shipped, check: ScriptedCheck) -> None:
    check.always(allowed(setting={"x-authz-subject": "s" * 70_000}))
    assert statuses(shipped) == [503, 503]


@pytest.mark.parametrize("name", NAMES)
def test_a_check_that_takes_too_long_is_503(
    start_envoy: StartEnvoy,
    surroundings: Surroundings,
    check: ScriptedCheck,
    application: HttpApplication,
    name: str,
) -> None:
    """With the timeout of the file."""
    envoy = start_envoy(name, without_tls, around=replace(surroundings, patience=None))
    refused_already = threading.Event()

    def wait(_: Check) -> bytes:
        refused_already.wait(10)
        return allowed()

    check.answer = wait
    before = len(application.requests)
    try:
        assert Http1Caller(envoy.port).call("GET", "/orders").status == 503
    finally:
        refused_already.set()
    assert len(application.requests) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_check_server_that_is_not_there_is_503(
    start_envoy: StartEnvoy,
    surroundings: Surroundings,
    application: HttpApplication,
    tmp_path: Path,
    name: str,
) -> None:
    envoy = start_envoy(name, without_tls, around=replace(surroundings, check=tmp_path / "nobody.sock"))
    before = len(application.requests)
    assert Http1Caller(envoy.port).call("GET", "/orders").status == 503
    assert Http1Caller(envoy.port).call("GET", "/public/health").status == 200
    assert len(application.requests) == before + 1


def test_a_check_server_that_comes_back_is_asked_again(
    start_envoy: StartEnvoy, surroundings: Surroundings, application: HttpApplication
) -> None:
    first = ScriptedCheck()
    caller = Http1Caller(start_envoy(SIDECAR, around=replace(surroundings, check=first.port)).port)
    assert caller.call("GET", "/orders").status == 200
    first.stop()
    before = len(application.requests)
    assert caller.call("GET", "/orders").status == 503
    assert len(application.requests) == before
    second = ScriptedCheck(port=first.port)
    wait_until(lambda: caller.call("GET", "/orders").status == 200, "a check after the restart")
    second.stop()


@pytest.fixture(scope="module")
def failing_open(start_envoy: StartEnvoy) -> dict[str, RunningEnvoy]:
    """Every shipped configuration in which somebody has set failure_mode_allow."""
    return {name: start_envoy(name, without_tls, FAIL_OPEN) for name in (SIDECAR, EDGE_MTLS, BEHIND_LOAD_BALANCER)}


@pytest.mark.parametrize("name", NAMES)
def test_failure_mode_allow_lets_nobody_in(
    failing_open: dict[str, RunningEnvoy], check: ScriptedCheck, application: HttpApplication, name: str
) -> None:
    """The seat belt holds: no word "allowed" from the check server, no entry."""
    check.answer = unavailable
    before = len(application.requests)
    assert Http1Caller(failing_open[name].port).call("GET", "/orders").status == 403
    check.always(allowed())
    assert Http1Caller(failing_open[name].port).call("GET", "/orders").status == 200
    assert len(application.requests) == before + 1


def test_failure_mode_allow_without_the_seat_belt_lets_everybody_in(
    start_envoy: StartEnvoy, check: ScriptedCheck
) -> None:
    """The fault is real, and its forged identity was stopped by the first filter only."""
    envoy = start_envoy(SIDECAR, without_filter("rbac"), FAIL_OPEN)
    check.answer = unavailable
    answer = Http1Caller(envoy.port).call("GET", "/orders", [("x-authz-client-id", "cl_admin")])
    assert answer.status == 200
    assert answer.received.values("x-authz-client-id") == []


def test_shadow_mode_lets_no_refused_call_in(start_envoy: StartEnvoy, check: ScriptedCheck) -> None:
    envoy = start_envoy(SIDECAR, with_check_setting("shadow_mode", True))
    check.always(refused(401, "token_invalid"))
    assert Http1Caller(envoy.port).call("GET", "/orders").status == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (":path", "/admin"),
        (":method", "DELETE"),
        (":authority", "other.example"),
        ("host", "other.example"),
        ("cookie", "session=admin"),
        ("x-client-id", "cl_other"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-envoy-retry-on", "5xx"),
        ("x-authz-client-id", "cl_acme\r\nx-admin: 1"),
        ("x-authz-client-id", "cl_acme\0"),
    ],
)
def test_a_header_that_the_check_server_may_not_set_ends_as_500(
    shipped: Shipped, check: ScriptedCheck, application: HttpApplication, name: str, value: str
) -> None:
    check.always(allowed(setting={name: value}))
    before = len(application.requests)
    assert statuses(shipped) == [500, 500]
    assert len(application.requests) == before


@pytest.mark.parametrize("name", ["cookie", "content-type", "x-forwarded-for", "x-envoy-external-address", ":path"])
def test_a_header_that_the_check_server_may_not_remove_ends_as_500(
    shipped: Shipped, check: ScriptedCheck, application: HttpApplication, name: str
) -> None:
    check.always(allowed(removing=[name]))
    before = len(application.requests)
    for caller in (shipped.http1, shipped.http2):
        assert caller.call("GET", "/orders", [("cookie", "a=b"), ("content-type", "text/plain")]).status == 500
    assert len(application.requests) == before


def test_without_mutation_rules_the_check_server_chooses_the_path(
    start_envoy: StartEnvoy, check: ScriptedCheck
) -> None:
    """The power is real: it is taken away by decoder_header_mutation_rules."""
    envoy = start_envoy(SIDECAR, without_check_setting("decoder_header_mutation_rules"))
    check.always(allowed(setting={":path": "/admin"}))
    assert Http1Caller(envoy.port).call("GET", "/orders").received.path == "/admin"


@pytest.mark.parametrize("status", [401, 403, 405, 503])
def test_a_refusal_reaches_the_caller_with_its_headers(shipped: Shipped, check: ScriptedCheck, status: int) -> None:
    headers = {"content-type": "application/problem+json", "cache-control": "no-store", "allow": "GET"}
    check.always(refused(status, "some_code", headers | {"www-authenticate": 'Bearer realm="authz"'}))
    for caller in (shipped.http1, shipped.http2):
        answer = caller.call("GET", "/orders")
        assert (answer.status, answer.body) == (status, b"some_code")
        assert {name: answer.value(name) for name in headers} == headers
        assert answer.value("www-authenticate") == 'Bearer realm="authz"'
