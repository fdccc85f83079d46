"""What a caller says about itself in headers that are not its to set."""

import pytest

from tests.e2e.conftest import Certificates, Shipped, StartEnvoy
from tests.support.callers import Headers, Http1Caller, StreamReset
from tests.support.envoy_config import (
    EDGE_MTLS,
    SIDECAR,
    Config,
    connection_manager,
    without_filter,
    without_setting,
)
from tests.support.scripted_check import ScriptedCheck, allowed
from tests.support.upstream import HttpApplication, ReceivedRequest

OPEN_ROUTE = "/public/health"


def received_by_application(shipped: Shipped, path: str, headers: Headers) -> list[ReceivedRequest]:
    answers = [caller.call("GET", path, headers) for caller in (shipped.http1, shipped.http2)]
    assert [answer.status for answer in answers] == [200, 200]
    return [answer.received for answer in answers]


@pytest.mark.parametrize("path", [OPEN_ROUTE, "/orders/7", "/"])
def test_forged_identity_reaches_neither_the_check_nor_the_application(
    shipped: Shipped, check: ScriptedCheck, path: str
) -> None:
    """Also on the route without a check, and for names that the check server does not know."""
    forged = [("x-authz-client-id", "cl_admin"), ("x-authz-subject", "root"), ("x-authz-role", "admin")]
    for received in received_by_application(shipped, path, forged):
        assert not [name for name, _ in received.headers if name.startswith("x-authz-")]
    for each in check.checks:
        assert not [name for name in each.headers if name.startswith("x-authz-")]


def test_forged_identity_in_another_case_reaches_nobody(shipped: Shipped, check: ScriptedCheck) -> None:
    answer = shipped.http1.call("GET", OPEN_ROUTE, [("X-AuthZ-Client-ID", "cl_admin")])
    assert not [name for name, _ in answer.received.headers if name.startswith("x-authz-")]


def test_identity_from_the_check_server_arrives_once(shipped: Shipped, check: ScriptedCheck) -> None:
    check.always(allowed(setting={"x-authz-client-id": "cl_acme"}))
    forged = [("x-authz-client-id", "cl_admin"), ("x-authz-client-id", "cl_root")]
    for received in received_by_application(shipped, "/", forged):
        assert received.values("x-authz-client-id") == ["cl_acme"]


def test_a_caller_cannot_have_the_identity_dropped_as_hop_by_hop(shipped: Shipped, check: ScriptedCheck) -> None:
    """RFC 9110 section 7.6.1: a proxy between Envoy and the application would drop what `Connection` names."""
    check.always(allowed(setting={"x-authz-client-id": "cl_acme"}))
    received = shipped.http1.call("GET", "/", [("connection", "close, x-authz-client-id")]).received
    assert received.values("x-authz-client-id") == ["cl_acme"]
    assert received.values("connection") == []


def test_without_header_mutation_a_forged_identity_arrives(start_envoy: StartEnvoy, check: ScriptedCheck) -> None:
    """The attack is real: this is what the first filter stops."""
    envoy = start_envoy(SIDECAR, without_filter("header_mutation"))
    answer = Http1Caller(envoy.port).call("GET", OPEN_ROUTE, [("x-authz-client-id", "cl_admin")])
    assert answer.received.values("x-authz-client-id") == ["cl_admin"]


@pytest.mark.parametrize("name", ["x_authz_client_id", "X_Authz_Client_Id", "x-authz_client-id"])
def test_underscores_in_a_header_name_are_refused(
    shipped: Shipped, check: ScriptedCheck, application: HttpApplication, name: str
) -> None:
    """WSGI and CGI applications read them as x-authz-client-id."""
    before = len(application.requests)
    assert shipped.http1.call("GET", OPEN_ROUTE, [(name, "cl_admin")]).status == 400
    with pytest.raises(StreamReset):
        shipped.http2.call("GET", OPEN_ROUTE, [(name.lower(), "cl_admin")])
    assert len(application.requests) == before


def test_with_underscores_permitted_a_forged_identity_arrives(start_envoy: StartEnvoy, check: ScriptedCheck) -> None:
    """The attack is real: no header_mutation and no overwriting finds this name."""

    def permit(config: Config) -> None:
        connection_manager(config)["common_http_protocol_options"]["headers_with_underscores_action"] = "ALLOW"

    check.always(allowed(setting={"x-authz-client-id": "cl_acme"}))
    answer = Http1Caller(start_envoy(SIDECAR, permit).port).call("GET", "/", [("x_authz_client_id", "cl_admin")])
    assert answer.received.values("x_authz_client_id") == ["cl_admin"]


FORGED_ADDRESSES = [
    ("x-envoy-external-address", "10.0.0.1"),
    ("x-client-ip", "10.0.0.1"),
    ("x-real-ip", "10.0.0.1"),
    ("forwarded", "for=10.0.0.1"),
]


def test_forged_address_headers_do_not_become_the_client_ip(shipped: Shipped, check: ScriptedCheck) -> None:
    received_by_application(shipped, "/", FORGED_ADDRESSES)
    assert [each.metadata["x-client-ip"] for each in check.checks] == ["127.0.0.1", "127.0.0.1"]


def test_forged_external_address_is_overwritten_for_the_application(shipped: Shipped, check: ScriptedCheck) -> None:
    for path in ("/", OPEN_ROUTE):
        for received in received_by_application(shipped, path, FORGED_ADDRESSES):
            assert received.values("x-envoy-external-address") == ["127.0.0.1"]


@pytest.mark.parametrize("forged", ["10.0.0.1", "10.0.0.1, 10.0.0.2", "127.0.0.1", "::1"])
def test_forged_forwarded_for_does_not_become_the_client_ip(
    sidecar_and_edge: Shipped, check: ScriptedCheck, forged: str
) -> None:
    received_by_application(sidecar_and_edge, "/", [("x-forwarded-for", forged)])
    assert [each.metadata["x-client-ip"] for each in check.checks] == ["127.0.0.1", "127.0.0.1"]


@pytest.fixture(params=[SIDECAR, EDGE_MTLS])
def sidecar_and_edge(request: pytest.FixtureRequest, shipped_by_name: dict[str, Shipped]) -> Shipped:
    """The configurations with no hop in front."""
    return shipped_by_name[request.param]


def test_without_use_remote_address_a_forged_forwarded_for_is_the_client_ip(
    start_envoy: StartEnvoy, check: ScriptedCheck
) -> None:
    """The attack is real, and beats gRPC metadata too."""
    envoy = start_envoy(SIDECAR, without_setting("use_remote_address"))
    Http1Caller(envoy.port).call("GET", "/", [("x-forwarded-for", "10.0.0.1")])
    assert [each.metadata["x-client-ip"] for each in check.checks] == ["10.0.0.1"]


def test_forged_client_certificate_header_reaches_neither_the_check_nor_the_application(
    shipped: Shipped, check: ScriptedCheck
) -> None:
    forged = [("x-forwarded-client-cert", "Hash=00;URI=spiffe://acme.example/orders")]
    for path in ("/", OPEN_ROUTE):
        for received in received_by_application(shipped, path, forged):
            assert received.values("x-forwarded-client-cert") == []
    assert check.checks
    assert not [each for each in check.checks if "x-forwarded-client-cert" in each.headers]


def test_forged_client_certificate_header_is_replaced_by_the_real_one(
    shipped_by_name: dict[str, Shipped], certificates: Certificates, check: ScriptedCheck
) -> None:
    caller = Http1Caller(shipped_by_name[EDGE_MTLS].envoy.port, certificates.tls(certificates.client))
    answer = caller.call("GET", "/", [("x-forwarded-client-cert", "Hash=00;URI=spiffe://other.example/orders")])
    (shown,) = answer.received.values("x-forwarded-client-cert")
    assert shown.startswith(f"Hash={certificates.client.fingerprint};Cert=")
    assert "URI=" not in shown


def test_with_append_forward_a_forged_client_certificate_header_arrives(
    start_envoy: StartEnvoy, certificates: Certificates, check: ScriptedCheck
) -> None:
    """The attack is real: SANITIZE_SET is what stops it."""

    def append(config: Config) -> None:
        connection_manager(config)["forward_client_cert_details"] = "APPEND_FORWARD"

    envoy = start_envoy(EDGE_MTLS, append)
    caller = Http1Caller(envoy.port, certificates.tls(certificates.client))
    answer = caller.call("GET", "/", [("x-forwarded-client-cert", "Hash=00;URI=spiffe://other.example/orders")])
    assert "spiffe://other.example/orders" in answer.received.values("x-forwarded-client-cert")[0]


@pytest.mark.parametrize("name", ["x-original-url", "x-rewrite-url"])
def test_a_second_path_in_a_header_does_not_reach_the_application(
    shipped: Shipped, check: ScriptedCheck, name: str
) -> None:
    for received in received_by_application(shipped, "/orders", [(name, "/admin")]):
        assert received.values(name) == []


def test_a_caller_cannot_steer_envoy(shipped: Shipped, check: ScriptedCheck) -> None:
    """No address counts as internal, loopback included: a timeout of the caller's own is not taken over."""
    steering = [("x-envoy-upstream-rq-timeout-ms", "5"), ("x-envoy-internal", "true")]
    for received in received_by_application(shipped, "/", steering):
        assert received.values("x-envoy-expected-rq-timeout-ms") == ["30000"]
        assert received.values("x-envoy-internal") == []


def test_a_caller_cannot_choose_the_request_id(shipped: Shipped, check: ScriptedCheck) -> None:
    for received in received_by_application(shipped, "/", [("x-request-id", "chosen")]):
        assert received.values("x-request-id") != ["chosen"]
    assert "chosen" not in [each.headers["x-request-id"] for each in check.checks]


def test_a_caller_cannot_claim_that_the_check_failed_open(shipped: Shipped, check: ScriptedCheck) -> None:
    for received in received_by_application(shipped, "/", [("x-envoy-auth-failure-mode-allowed", "true")]):
        assert received.values("x-envoy-auth-failure-mode-allowed") == []


def test_cookies_and_unknown_headers_never_reach_the_check_server(shipped: Shipped, check: ScriptedCheck) -> None:
    received_by_application(shipped, "/", [("cookie", "session=secret"), ("x-session", "secret")])
    assert check.checks
    assert not [each for each in check.checks if "secret" in str(each.request)]


def test_identity_and_credential_headers_reach_the_check_server(shipped: Shipped, check: ScriptedCheck) -> None:
    sent = {"x-client-id": "cl_acme", "x-profile-id": "pr_production", "authorization": "Bearer azt_x"}
    received_by_application(shipped, "/", list(sent.items()))
    for each in check.checks:
        assert sent.items() <= each.headers.items()


def test_duplicate_identity_headers_reach_the_check_server_joined(shipped: Shipped, check: ScriptedCheck) -> None:
    """So that it can refuse them."""
    received_by_application(shipped, "/", [("x-client-id", "cl_acme"), ("X-Client-ID".lower(), "cl_other")])
    assert [each.headers["x-client-id"] for each in check.checks] == ["cl_acme,cl_other"] * 2
