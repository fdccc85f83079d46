"""The decision table through the real Envoy and the real check server: every row over HTTP/1.1, HTTP/2 and gRPC."""

import re
from typing import Final

import grpc
import pytest

from tests.e2e.conftest import Certificates, Checked, StartEnvoy
from tests.e2e.decision_rows import ALLOWED, GRPC, HTTP_1, HTTP_2, STATUS, Row
from tests.e2e.decision_table import ROWS
from tests.support.callers import Answer, GrpcCaller, Http1Caller, Http2Caller, Tls
from tests.support.envoy_config import EDGE_MTLS, with_check_setting, without_filter
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
    "keys_unavailable": "a profile that brings its keys is refused when it has none that suits",
    "certificate_malformed": "Envoy passes on what it parsed itself; see test_certificate_from_xfcc.py",
    "certificate_expired": "Envoy refuses the handshake; see test_real_check.py",
}


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


@pytest.fixture(scope="module")
def careless(start_envoy: StartEnvoy, checked: Checked) -> RunningEnvoy:
    """An Envoy that lets in whatever the check server does not refuse, and that sends headers as bytes, row by row."""
    changes = [
        with_check_setting("failure_mode_allow", value=True),
        with_check_setting("encode_raw_headers", value=True),
    ]
    return start_envoy(EDGE_MTLS, without_filter("rbac"), *changes, around=checked.surroundings)


@pytest.mark.parametrize("row", rows_over(HTTP_2))
def test_row_over_http_2_through_a_careless_envoy(careless: RunningEnvoy, certificates: Certificates, row: Row) -> None:
    """Nothing that a caller sends makes the check server fail, so that failing open would let it in."""
    caller = Http2Caller(careless.port, tls_of(row, certificates))
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
        forwarded = auth_type != "token" or row.profile in ("pr_foreign_token", "pr_api_key")
        assert bool(received.values("authorization")) == forwarded
    assert bool(received.values("x-api-key")) == (row.profile == "pr_forwarded_api_key")


def auth_type_of(row: Row) -> str:
    """The auth type, by how the row's name begins."""
    kind, colon, _ = row.says.partition(": ")
    return kind if colon else "none"


def test_every_code_of_the_steps_has_a_row() -> None:
    assert {row.code for row in ROWS} | set(OUT_OF_REACH) == set(STATUS)
