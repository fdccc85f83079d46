"""Browsers: a preflight cannot carry our headers, and a refusal without CORS headers cannot be read."""

import pytest

from tests.e2e.conftest import Shipped, StartEnvoy
from tests.support.callers import Http1Caller
from tests.support.envoy_config import SIDECAR, without_filter
from tests.support.scripted_check import ScriptedCheck, refused
from tests.support.upstream import HttpApplication

ORIGIN = ("origin", "https://app.example.com")
PREFLIGHT = [("access-control-request-method", "DELETE"), ("access-control-request-headers", "x-client-id")]


def names(value: str | None) -> set[str]:
    return {name.strip() for name in (value or "").lower().split(",")}


def test_preflight_is_answered_without_a_check_and_without_the_application(
    shipped: Shipped, check: ScriptedCheck, application: HttpApplication
) -> None:
    check.always(refused(403, "identity_missing"))
    before = len(application.requests)
    for caller in (shipped.http1, shipped.http2):
        answer = caller.call("OPTIONS", "/orders", [ORIGIN, *PREFLIGHT])
        assert answer.status == 200
        assert answer.value("access-control-allow-origin") == ORIGIN[1]
        permitted = names(answer.value("access-control-allow-headers"))
        assert {"x-client-id", "x-profile-id", "authorization", "x-api-key"} <= permitted
        assert "delete" in names(answer.value("access-control-allow-methods"))
    assert not check.checks
    assert len(application.requests) == before


@pytest.mark.parametrize("status", [401, 403, 405, 503])
def test_refusal_can_be_read_by_a_browser(shipped: Shipped, check: ScriptedCheck, status: int) -> None:
    check.always(refused(status, "some_code", {"www-authenticate": "Bearer", "allow": "GET"}))
    for caller in (shipped.http1, shipped.http2):
        answer = caller.call("GET", "/orders", [ORIGIN])
        assert (answer.status, answer.body) == (status, b"some_code")
        assert answer.value("access-control-allow-origin") == ORIGIN[1]
        assert {"www-authenticate", "allow", "retry-after"} <= names(answer.value("access-control-expose-headers"))


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "http://app.example.com",
        "https://app.example.com:8443",
        "null",
        "https://APP.example.com",
    ],
)
def test_another_origin_gets_no_cors_headers_and_its_preflight_is_checked(
    shipped: Shipped, check: ScriptedCheck, origin: str
) -> None:
    check.always(refused(403, "identity_missing"))
    for caller in (shipped.http1, shipped.http2):
        answer = caller.call("OPTIONS", "/orders", [("origin", origin), *PREFLIGHT])
        assert answer.status == 403
        assert answer.value("access-control-allow-origin") is None
    assert len(check.checks) == 2


def test_options_that_is_no_preflight_is_checked(shipped: Shipped, check: ScriptedCheck) -> None:
    check.always(refused(403, "identity_missing"))
    for headers in ([ORIGIN], [PREFLIGHT[0]], []):
        assert shipped.http1.call("OPTIONS", "/orders", headers).status == 403
    assert len(check.checks) == 3


def test_without_the_cors_filter_every_preflight_is_refused(start_envoy: StartEnvoy, check: ScriptedCheck) -> None:
    check.always(refused(403, "identity_missing"))
    envoy = start_envoy(SIDECAR, without_filter("cors"))
    answer = Http1Caller(envoy.port).call("OPTIONS", "/orders", [ORIGIN, *PREFLIGHT])
    assert (answer.status, answer.value("access-control-allow-origin")) == (403, None)
