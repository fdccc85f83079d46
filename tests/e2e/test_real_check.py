"""The shipped configurations with the real check server, beyond the decision table."""

import datetime as dt
import http.client
import json
import time

import pytest

from tests.e2e.conftest import Certificates, Checked, StartEnvoy
from tests.support.callers import Http1Caller, Http2Caller, connect, http1_exchange
from tests.support.decision_profiles import TOKEN
from tests.support.envoy_config import BEHIND_LOAD_BALANCER, EDGE_MTLS, NAMES, SIDECAR, with_passed_on_header
from tests.support.envoy_process import RunningEnvoy
from tests.support.upstream import HttpApplication


def test_certificate_that_expires_on_a_live_connection_is_refused(checked: Checked, certificates: Certificates) -> None:
    """Envoy verifies once, at the handshake; the check looks at the dates of every call."""
    brief = certificates.client_ca.issue("brief", ends_in=dt.timedelta(seconds=4))
    headers = [("x-client-id", "cl_acme"), ("x-profile-id", "pr_mtls_any")]
    connection = http.client.HTTPConnection("localhost", checked.envoy.port)
    connection.sock = connect(checked.envoy.port, certificates.tls(brief), "http/1.1")
    assert http1_exchange(connection, "GET", "/orders", headers).status == 200
    expires = brief.certificate.not_valid_after_utc
    time.sleep((expires - dt.datetime.now(dt.UTC)).total_seconds() + 1.1)
    answer = http1_exchange(connection, "GET", "/orders", headers)
    connection.close()
    assert (answer.status, answer.problem["code"]) == (401, "certificate_expired")


def test_forged_identity_of_an_allowed_call_is_replaced(checked: Checked, certificates: Certificates) -> None:
    """Names that are not in use are gone, the others say who is calling."""
    forged = [("x-authz-client-id", "cl_admin"), ("x-authz-subject", "root"), ("x-authz-role", "admin")]
    headers = [("x-client-id", "cl_acme"), ("x-profile-id", "pr_open"), *forged]
    answer = Http2Caller(checked.envoy.port, certificates.tls()).call("GET", "/orders", headers)
    told = {name: value for name, value in answer.received.headers if name.startswith("x-authz-")}
    assert told == {
        "x-authz-client-id": "cl_acme",
        "x-authz-profile-id": "pr_open",
        "x-authz-auth-type": "none",
    }


@pytest.mark.parametrize("header", ["x-http-method-override", "x-http-method", "x-method-override"])
def test_method_override_does_not_reach_the_application_of_a_restricted_profile(
    checked: Checked, certificates: Certificates, header: str
) -> None:
    headers = [("x-client-id", "cl_acme"), ("x-profile-id", "pr_get_and_post"), (header, "DELETE")]
    answer = Http1Caller(checked.envoy.port, certificates.tls()).call("POST", "/orders", headers)
    assert answer.status == 200
    assert answer.received.values(header) == []


def test_access_log_tells_who_was_let_in_and_why_not(checked: Checked, certificates: Certificates) -> None:
    caller = Http1Caller(checked.envoy.port, certificates.tls())
    headers = [("x-client-id", "cl_acme"), ("x-profile-id", "pr_token")]
    caller.call("POST", "/orders/log/let-in", [*headers, ("authorization", f"Bearer {TOKEN}")])
    caller.call("POST", "/orders/log/refused", headers)
    caller.call("POST", "/orders/log/unproven", [("x-client-id", "cl_other"), ("x-profile-id", "pr_token")])
    proven = ("cl_acme", "pr_token", "token")
    for path, code, ids in (
        ("/orders/log/let-in", "allowed", proven),
        ("/orders/log/refused", "credential_missing", proven),
        ("/orders/log/unproven", "profile_unknown", (None, None, None)),
    ):
        entry = checked.envoy.access_log_of(path)
        assert entry["authz_code"] == code
        assert (entry["client_id"], entry["profile_id"], entry["auth_type"]) == ids
        assert TOKEN not in json.dumps(entry)


def test_token_header_that_envoy_was_not_told_of_lets_nobody_in(
    start_envoy: StartEnvoy, checked: Checked, application: HttpApplication
) -> None:
    """What envoy/README.md says of each line that a header needs: 401 where it is not passed on, else 500."""
    sent = [("x-client-id", "cl_acme"), ("x-profile-id", "pr_service_token"), ("x-service-token", TOKEN)]
    before = len(application.requests)
    hidden = start_envoy(SIDECAR, around=checked.surroundings)
    answer = Http2Caller(hidden.port).call("GET", "/orders", sent)
    assert (answer.status, answer.problem["code"]) == (401, "credential_missing")
    kept = start_envoy(SIDECAR, with_passed_on_header("x-service-token"), around=checked.surroundings)
    assert Http2Caller(kept.port).call("GET", "/orders", sent).status == 500
    assert len(application.requests) == before


@pytest.fixture(scope="module")
def every_configuration(start_envoy: StartEnvoy, checked: Checked) -> dict[str, RunningEnvoy]:
    """The other shipped configurations with the same check server."""
    others = [name for name in NAMES if name != EDGE_MTLS]
    return {EDGE_MTLS: checked.envoy} | {name: start_envoy(name, around=checked.surroundings) for name in others}


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_configuration_works_with_the_real_check_server(
    every_configuration: dict[str, RunningEnvoy], certificates: Certificates, name: str
) -> None:
    """200, 403, 405 and 401 in turn."""
    tls = certificates.tls() if name == EDGE_MTLS else None
    caller = Http2Caller(every_configuration[name].port, tls)
    token = ("authorization", f"Bearer {TOKEN}")
    for profile, method, headers, status in (
        ("pr_token", "GET", [token], 200),
        ("pr_elsewhere", "GET", [], 403),
        ("pr_token", "DELETE", [token], 405),
        ("pr_token", "GET", [], 401),
    ):
        sent = [("x-client-id", "cl_acme"), ("x-profile-id", profile), *headers]
        assert caller.call(method, "/orders", sent).status == status


@pytest.mark.parametrize(
    ("forwarded_for", "status"), [("10.1.2.3", 200), ("10.1.2.3, 192.0.2.9", 403), ("nonsense", 403)]
)
def test_address_list_applies_to_the_address_that_the_balancer_appended(
    every_configuration: dict[str, RunningEnvoy], forwarded_for: str, status: int
) -> None:
    caller = Http1Caller(every_configuration[BEHIND_LOAD_BALANCER].port)
    ids = [("x-client-id", "cl_acme"), ("x-profile-id", "pr_elsewhere")]
    assert caller.call("GET", "/orders", [*ids, ("x-forwarded-for", forwarded_for)]).status == status


def test_mtls_profile_is_refused_where_no_tls_ends(every_configuration: dict[str, RunningEnvoy]) -> None:
    """However well X-Forwarded-Client-Cert is forged."""
    forged = ("x-forwarded-client-cert", 'By=a;Hash=00;Subject="CN=acme";URI=spiffe://acme.example/orders')
    for name in (SIDECAR, BEHIND_LOAD_BALANCER):
        sent = [("x-client-id", "cl_acme"), ("x-profile-id", "pr_mtls_spiffe"), forged]
        answer = Http1Caller(every_configuration[name].port).call("GET", "/orders", sent)
        assert (answer.status, answer.problem["code"]) == (401, "certificate_missing")
