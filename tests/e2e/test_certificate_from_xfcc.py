"""Certificates that another Envoy verified, read from X-Forwarded-Client-Cert as `envoy/README.md` says."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.e2e.conftest import Certificates, StartEnvoy
from tests.support.callers import Http1Caller
from tests.support.check_process import RunningCheck
from tests.support.decision_profiles import decision_profiles
from tests.support.envoy_config import EDGE_MTLS, SIDECAR, Config, Surroundings, connection_manager, http_filter
from tests.support.envoy_process import RunningEnvoy


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
