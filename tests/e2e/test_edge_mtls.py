"""`envoy/edge-mtls.yaml`: Envoy verifies the caller's certificate, on every handshake, and passes it on."""

import http.client
import ssl
from urllib.parse import unquote

import grpc
import pytest

from tests.e2e.conftest import Certificates, StartEnvoy
from tests.support.callers import (
    GrpcCaller,
    Http1Caller,
    Http2Caller,
    HttpCaller,
    Tls,
    connect,
    http1_exchange,
)
from tests.support.certificates import IssuedCertificate
from tests.support.envoy_config import EDGE_MTLS, Config
from tests.support.envoy_process import RunningEnvoy
from tests.support.scripted_check import ScriptedCheck
from tests.support.upstream import HttpApplication


def callers(envoy: RunningEnvoy, tls: Tls) -> list[HttpCaller]:
    return [Http1Caller(envoy.port, tls), Http2Caller(envoy.port, tls)]


def tls_settings(config: Config) -> Config:
    chain = config["static_resources"]["listeners"][0]["filter_chains"][0]
    settings: Config = chain["transport_socket"]["typed_config"]
    return settings


def test_certificate_of_the_handshake_reaches_the_check_and_the_application(
    edge: RunningEnvoy, certificates: Certificates, check: ScriptedCheck
) -> None:
    for caller in callers(edge, certificates.tls(certificates.client)):
        answer = caller.call("GET", "/orders")
        shown = answer.received.values("x-forwarded-client-cert")
        assert [each.split(";")[0] for each in shown] == [f"Hash={certificates.client.fingerprint}"]
    for each in check.checks:
        assert unquote(each.request.attributes.source.certificate).encode() == certificates.client.certificate_pem


def test_certificate_of_a_grpc_caller_reaches_the_check(
    edge: RunningEnvoy, certificates: Certificates, check: ScriptedCheck
) -> None:
    answer = GrpcCaller(edge.port, certificates.tls(certificates.client)).call("/orders.v1.Orders/Get")
    assert answer.code is grpc.StatusCode.OK
    (asked,) = check.checks
    assert unquote(asked.request.attributes.source.certificate).encode() == certificates.client.certificate_pem


def test_caller_without_a_certificate_is_checked_without_one(
    edge: RunningEnvoy, certificates: Certificates, check: ScriptedCheck
) -> None:
    """Callers with a token have none."""
    for caller in callers(edge, certificates.tls()):
        assert caller.call("GET", "/orders").status == 200
    assert [each.request.attributes.source.certificate for each in check.checks] == ["", ""]


@pytest.fixture(params=["expired", "untrusted"])
def bad_certificate(request: pytest.FixtureRequest, certificates: Certificates) -> IssuedCertificate:
    """A certificate that must not get through a handshake."""
    return {"expired": certificates.expired, "untrusted": certificates.untrusted}[request.param]


def test_bad_certificate_does_not_get_through_the_handshake(
    edge: RunningEnvoy,
    certificates: Certificates,
    check: ScriptedCheck,
    application: HttpApplication,
    bad_certificate: IssuedCertificate,
) -> None:
    """Also where no check is made: nothing is served on such a connection."""
    before = len(application.requests)
    for caller in callers(edge, certificates.tls(bad_certificate)):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            caller.call("GET", "/public/health")
    assert GrpcCaller(edge.port, certificates.tls(bad_certificate)).call("/orders.v1.Orders/Get").code is (
        grpc.StatusCode.UNAVAILABLE
    )
    assert not check.checks
    assert len(application.requests) == before


def test_with_accept_untrusted_a_bad_certificate_looks_like_a_good_one(
    start_envoy: StartEnvoy,
    certificates: Certificates,
    check: ScriptedCheck,
    bad_certificate: IssuedCertificate,
) -> None:
    """The attack is real: the check server could not tell."""

    def accept(config: Config) -> None:
        context = tls_settings(config)["common_tls_context"]["validation_context"]
        context["trust_chain_verification"] = "ACCEPT_UNTRUSTED"

    envoy = start_envoy(EDGE_MTLS, accept)
    assert Http1Caller(envoy.port, certificates.tls(bad_certificate)).call("GET", "/orders").status == 200
    assert check.checks[0].request.attributes.source.certificate


def resumed(envoy: RunningEnvoy, tls: Tls, version: ssl.TLSVersion) -> bool | None:
    """Whether a second connection skipped the handshake with the session of the first."""
    context = tls.context("http/1.1")
    context.maximum_version = context.minimum_version = version
    session: ssl.SSLSession | None = None
    reused: bool | None = None
    for _ in range(2):
        plain = connect(envoy.port, None, "http/1.1")
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
            exchange = http.client.HTTPConnection("localhost")
            exchange.sock = connection
            assert http1_exchange(exchange, "GET", "/orders").status == 200
            session, reused = connection.session, connection.session_reused
    return reused


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_tls_session_is_resumed(
    edge: RunningEnvoy, certificates: Certificates, check: ScriptedCheck, version: ssl.TLSVersion
) -> None:
    """A resumed session is not verified again: an expired or revoked certificate would live on in it."""
    assert resumed(edge, certificates.tls(certificates.client), version) is False


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_with_resumption_left_on_a_session_is_resumed(
    start_envoy: StartEnvoy, certificates: Certificates, check: ScriptedCheck, version: ssl.TLSVersion
) -> None:
    """The test above can fail."""

    def resume(config: Config) -> None:
        for setting in ("disable_stateless_session_resumption", "disable_stateful_session_resumption"):
            del tls_settings(config)[setting]

    envoy = start_envoy(EDGE_MTLS, resume)
    assert resumed(envoy, certificates.tls(certificates.client), version) is True


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_tls_below_1_2_is_refused(edge: RunningEnvoy, certificates: Certificates, version: ssl.TLSVersion) -> None:
    context = certificates.tls().context("http/1.1")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = version
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = version
    plain = connect(edge.port, None, "http/1.1")
    with plain, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(plain, server_hostname="localhost")


def test_plain_http_is_not_served(edge: RunningEnvoy, check: ScriptedCheck) -> None:
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        Http1Caller(edge.port).call("GET", "/public/health")
    assert not check.checks
