"""The route that was checked is the route that is served, and the method is checked as it was sent."""

import pytest

from tests.e2e.conftest import Shipped, StartEnvoy
from tests.support.callers import Http1Caller
from tests.support.envoy_config import SIDECAR, Config, connection_manager
from tests.support.scripted_check import Check, ScriptedCheck, allowed, refused
from tests.support.upstream import HttpApplication

REFUSED = refused(403, "route_not_allowed")


def only_orders(check: Check) -> bytes:
    """The answer for a profile with `allowed_routes: [orders]`."""
    return allowed() if check.request.attributes.context_extensions.get("route") == "orders" else REFUSED


@pytest.mark.parametrize(
    "path",
    [
        "/public/../secret",
        "/public/health/../../secret",
        "/public/health/..",
        "/public/./health/x",
        "/public/%2e%2e/secret",
        "/public/health/%2E%2E/%2e%2e/secret",
        "/public/healthy",
        "/public/health/",
        "/public/",
        "/PUBLIC/health",
        "/orders/../secret",
        "/orders/%2e%2e/secret",
        "/orders/./../secret",
        "/ordersecret",
        "//secret",
    ],
)
def test_no_spelling_of_a_path_rides_on_another_route(
    shipped: Shipped, check: ScriptedCheck, application: HttpApplication, path: str
) -> None:
    """Neither on the open route nor on a route with a label."""
    check.answer = only_orders
    before = len(application.requests)
    for caller in (shipped.http1, shipped.http2):
        assert caller.call("GET", path).status == 403
    assert len(application.requests) == before


@pytest.mark.parametrize(
    "path", ["/public%2Fhealth", "/orders/..%2fsecret", "/orders/..%5Csecret", "/public/health%2f"]
)
def test_escaped_slashes_are_refused_before_the_check(shipped: Shipped, check: ScriptedCheck, path: str) -> None:
    for caller in (shipped.http1, shipped.http2):
        assert caller.call("GET", path).status == 400
    assert not check.checks


def test_application_is_given_the_path_that_was_routed(shipped: Shipped, check: ScriptedCheck) -> None:
    answer = shipped.http1.call("GET", "//orders/./a/../7?q=..%2F")
    assert answer.received.path == "/orders/7?q=..%2F"
    assert check.checks[0].request.attributes.context_extensions["route"] == "orders"


def test_without_normalisation_a_label_is_had_for_another_path(start_envoy: StartEnvoy, check: ScriptedCheck) -> None:
    """The attack is real: the check says orders, the application reads /secret."""

    def as_sent(config: Config) -> None:
        connection_manager(config)["normalize_path"] = False

    check.answer = only_orders
    answer = Http1Caller(start_envoy(SIDECAR, as_sent).port).call("GET", "/orders/../secret")
    assert (answer.status, answer.received.path) == (200, "/orders/../secret")


def test_open_route_is_served_without_a_check(shipped: Shipped, check: ScriptedCheck) -> None:
    for caller in (shipped.http1, shipped.http2):
        assert caller.call("GET", "/public/health?deep=1").status == 200
    assert not check.checks


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "TRACE", "get", "FOO!", "PROPFIND"])
def test_any_method_over_http2_reaches_the_check_as_it_was_sent(
    shipped: Shipped, check: ScriptedCheck, method: str
) -> None:
    check.always(refused(405, "method_not_allowed", {"allow": "GET, POST"}))
    answer = shipped.http2.call(method, "/orders")
    assert (answer.status, answer.value("allow")) == (405, "GET, POST")
    assert [each.request.attributes.request.http.method for each in check.checks] == [method]


@pytest.mark.parametrize("header", ["x-http-method-override", "x-http-method", "x-method-override"])
def test_method_override_can_be_removed_by_the_check_server(
    shipped: Shipped, check: ScriptedCheck, header: str
) -> None:
    check.always(allowed(removing=["x-http-method-override", "x-http-method", "x-method-override"]))
    for caller in (shipped.http1, shipped.http2):
        received = caller.call("POST", "/orders", [(header, "DELETE")]).received
        assert received.method == "POST"
        assert received.values(header) == []


def test_connect_opens_no_tunnel(shipped: Shipped, check: ScriptedCheck, application: HttpApplication) -> None:
    """CONNECT has no route, and without a route Envoy asks no check server: the seat belt refuses."""
    before = len(application.requests)
    for caller in (shipped.http1, shipped.http2):
        answer = caller.call("CONNECT", f"localhost:{application.port}")
        assert (answer.status, answer.body) == (403, b"RBAC: access denied")
    assert not check.checks
    assert len(application.requests) == before


def test_websocket_upgrade_is_refused(shipped: Shipped, check: ScriptedCheck, application: HttpApplication) -> None:
    """No upgrade is configured, so a connection cannot outlive its check unseen."""
    before = len(application.requests)
    upgrade = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    assert shipped.http1.call("GET", "/orders", upgrade).status == 403
    assert len(application.requests) == before
