"""The decision table through the real Envoy and the real check server: every row over HTTP/1.1, HTTP/2 and gRPC."""

import datetime as dt
import http.client
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import grpc
import pytest

from tests.e2e.conftest import Certificates, StartEnvoy
from tests.e2e.decision_table import ALLOWED, GRPC, HTTP_1, HTTP_2, ROWS, STATUS, Row
from tests.support.callers import Answer, GrpcCaller, Http1Caller, Http2Caller, Tls, connect, http1_exchange
from tests.support.certificates import CertificateAuthority
from tests.support.check_process import RunningCheck
from tests.support.decision_profiles import FOREIGN_TOKEN, TOKEN, decision_profiles
from tests.support.envoy_config import EDGE_MTLS, NAMES, SIDECAR, Config, Surroundings, connection_manager, http_filter
from tests.support.envoy_process import RunningEnvoy
from tests.support.upstream import ReceivedRequest

PATHS: Final = {True: "/orders/7", False: "/elsewhere"}
GRPC_METHODS: Final = {True: "/orders.v1.Orders/Get", False: "/elsewhere.v1.Elsewhere/Get"}
GRPC_CODES: Final = {
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    405: grpc.StatusCode.UNKNOWN,
    503: grpc.StatusCode.UNAVAILABLE,
}
OUT_OF_REACH: Final = {
    "certificate_malformed": "Envoy passes on what it parsed itself; shown below through X-Forwarded-Client-Cert",
    "certificate_expired": "Envoy refuses the handshake; shown below on a connection that outlives its certificate",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """`envoy/edge-mtls.yaml` with the real check server."""

    envoy: RunningEnvoy
    check: RunningCheck
    surroundings: Surroundings

    def log_tail(self) -> str:
        """The logs of both."""
        return f"{self.envoy.log_tail()}\n{self.check.log_tail()}"


@pytest.fixture(scope="module")
def checked(
    start_envoy: StartEnvoy,
    surroundings: Surroundings,
    certificates: Certificates,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Checked]:
    """The edge, and the check server behind it on a Unix socket."""
    directory = tmp_path_factory.mktemp("check")
    other_ca = CertificateAuthority("other-ca", directory)
    document = decision_profiles(certificates.client, certificates.client_ca, other_ca)
    check = RunningCheck(document, directory)
    around = replace(surroundings, check=check.socket)
    yield Checked(start_envoy(EDGE_MTLS, around=around), check, around)
    assert check.stop() == 0
    log = check.log()
    for secret in (TOKEN, FOREIGN_TOKEN, "PRIVATE KEY", "Traceback"):
        assert secret not in log


def tls_of(row: Row, certificates: Certificates) -> Tls:
    identity = None if row.certificate is None else getattr(certificates, row.certificate)
    return certificates.tls(identity)


def rows_over(protocol: str) -> list[object]:
    return [pytest.param(row, id=row.says) for row in ROWS if protocol in row.over]


@pytest.mark.parametrize("row", rows_over(HTTP_1))
def test_row_over_http_1(checked: Checked, certificates: Certificates, row: Row) -> None:
    caller = Http1Caller(checked.envoy.port, tls_of(row, certificates))
    judge(row, caller.call(row.method, PATHS[row.labelled], row.sent_headers()))


@pytest.mark.parametrize("row", rows_over(HTTP_2))
def test_row_over_http_2(checked: Checked, certificates: Certificates, row: Row) -> None:
    caller = Http2Caller(checked.envoy.port, tls_of(row, certificates))
    judge(row, caller.call(row.method, PATHS[row.labelled], row.sent_headers()))


@pytest.mark.parametrize("row", rows_over(GRPC))
def test_row_over_grpc(checked: Checked, certificates: Certificates, row: Row) -> None:
    caller = GrpcCaller(checked.envoy.port, tls_of(row, certificates))
    answer = caller.call(GRPC_METHODS[row.labelled], row.sent_headers())
    if row.code == ALLOWED:
        assert answer.code is grpc.StatusCode.OK
        judge_identity(row, answer.received)
        return
    assert answer.code is GRPC_CODES[STATUS[row.code]]
    assert re.fullmatch(rf"{row.code}: [ -~]+", answer.message)
    challenges = [value for name, value in answer.metadata if name == "www-authenticate"]
    assert challenges == ([] if row.challenge is None else [row.challenge])


def judge(row: Row, answer: Answer) -> None:
    """An HTTP answer against its row."""
    assert answer.status == STATUS[row.code], answer
    if row.code == ALLOWED:
        if row.method != "HEAD":
            judge_identity(row, answer.received)
        return
    assert answer.value("content-type") == "application/problem+json"
    assert answer.value("cache-control") == "no-store"
    assert answer.value("www-authenticate") == row.challenge
    assert answer.value("allow") == row.allow
    assert answer.value("retry-after") == ("1" if STATUS[row.code] == 503 else None)
    if row.method == "HEAD":
        assert answer.body == b""
        return
    problem = answer.problem
    assert set(problem) == {"type", "title", "status", "code", "detail", "request_id"}
    assert (problem["type"], problem["code"]) == (f"urn:authz:problem:{row.code}", row.code)
    assert problem["status"] == answer.status
    assert re.fullmatch("[A-Za-z0-9-]{1,64}", str(problem["request_id"]))


def judge_identity(row: Row, received: ReceivedRequest) -> None:
    """What the application is told about the caller, and what it is not given."""
    told = {name: value for name, value in received.headers if name.startswith("x-authz-")}
    expected = {"x-authz-client-id": row.client, "x-authz-profile-id": row.profile}
    if row.subject is not None:
        expected["x-authz-subject"] = row.subject
    auth_type = told.pop("x-authz-auth-type")
    assert told == expected
    assert auth_type == auth_type_of(row)
    if row.credential is not None:
        forwarded = auth_type != "token" or row.profile == "pr_foreign_token"
        assert bool(received.values("authorization")) == forwarded


def auth_type_of(row: Row) -> str:
    """The auth type, by how the row's name begins."""
    kind, colon, _ = row.says.partition(": ")
    return kind if colon else "none"


def test_every_code_of_the_steps_has_a_row() -> None:
    assert {row.code for row in ROWS} | set(OUT_OF_REACH) == set(STATUS)


def test_certificate_that_expires_on_a_live_connection_is_refused(checked: Checked, certificates: Certificates) -> None:
    """Envoy verifies once, at the handshake; the check looks at the dates of every call."""
    brief = certificates.client_ca.issue("brief", ends_in=dt.timedelta(seconds=2.5))
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
    caller = Http1Caller(every_configuration["behind-load-balancer"].port)
    ids = [("x-client-id", "cl_acme"), ("x-profile-id", "pr_elsewhere")]
    assert caller.call("GET", "/orders", [*ids, ("x-forwarded-for", forwarded_for)]).status == status


def test_mtls_profile_is_refused_where_no_tls_ends(every_configuration: dict[str, RunningEnvoy]) -> None:
    """However well X-Forwarded-Client-Cert is forged."""
    forged = ("x-forwarded-client-cert", 'By=a;Hash=00;Subject="CN=acme";URI=spiffe://acme.example/orders')
    for name in (SIDECAR, "behind-load-balancer"):
        sent = [("x-client-id", "cl_acme"), ("x-profile-id", "pr_mtls_spiffe"), forged]
        answer = Http1Caller(every_configuration[name].port).call("GET", "/orders", sent)
        assert (answer.status, answer.problem["code"]) == (401, "certificate_missing")


def xfcc_to_the_check(config: Config) -> None:
    """README: how to pass the certificate on when another Envoy verified it."""
    http_filter(config, "ext_authz")["allowed_headers"]["patterns"].append({"exact": "x-forwarded-client-cert"})


def believe_any_xfcc(config: Config) -> None:
    """The mistake that nothing behind Envoy can see."""
    xfcc_to_the_check(config)
    connection_manager(config)["forward_client_cert_details"] = "ALWAYS_FORWARD_ONLY"


@pytest.fixture(scope="module")
def reading_xfcc(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCheck]:
    """A check server that reads certificates from X-Forwarded-Client-Cert."""
    directory = tmp_path_factory.mktemp("xfcc")
    document = decision_profiles(certificates.client, certificates.client_ca, certificates.client_ca)
    check = RunningCheck(document, directory, AUTHZ_CERTIFICATE_FROM="xfcc")
    yield check
    assert check.stop() == 0


def test_certificate_from_xfcc_is_the_one_of_the_handshake(
    start_envoy: StartEnvoy, surroundings: Surroundings, certificates: Certificates, reading_xfcc: RunningCheck
) -> None:
    envoy = start_envoy(EDGE_MTLS, xfcc_to_the_check, around=replace(surroundings, check=reading_xfcc.socket))
    sent = [("x-client-id", "cl_acme"), ("x-profile-id", "pr_mtls_fingerprint")]
    forged = ("x-forwarded-client-cert", f"Hash={certificates.client.fingerprint}")
    for identity, status in ((certificates.client, 200), (certificates.other_client, 401), (None, 401)):
        caller = Http1Caller(envoy.port, certificates.tls(identity))
        assert caller.call("GET", "/orders", [*sent, forged]).status == status


@pytest.fixture(scope="module")
def gullible(start_envoy: StartEnvoy, surroundings: Surroundings, reading_xfcc: RunningCheck) -> RunningEnvoy:
    """An Envoy that lets a caller's own X-Forwarded-Client-Cert through."""
    return start_envoy(SIDECAR, believe_any_xfcc, around=replace(surroundings, check=reading_xfcc.socket))


@pytest.mark.parametrize("forged", ["Hash=00;Cert=x", "Hash=00", "By=a,Hash=00", "Cert=%41", "nonsense"])
def test_xfcc_that_cannot_be_read_is_malformed(gullible: RunningEnvoy, forged: str) -> None:
    sent = [("x-client-id", "cl_acme"), ("x-profile-id", "pr_mtls_any"), ("x-forwarded-client-cert", forged)]
    answer = Http1Caller(gullible.port).call("GET", "/orders", sent)
    assert (answer.status, answer.problem["code"]) == (401, "certificate_malformed")
