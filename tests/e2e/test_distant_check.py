"""A check server on another machine, connected as `envoy/README.md` says: TLS in both directions."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
import yaml

from tests.e2e.conftest import StartEnvoy
from tests.support.callers import Http1Caller
from tests.support.certificates import CertificateAuthority
from tests.support.envoy_config import CONFIGURATIONS, SIDECAR, Change, Config, Surroundings, cluster
from tests.support.scripted_check import ScriptedCheck


@pytest.fixture
def distant_check(tmp_path: Path) -> Iterator[ScriptedCheck]:
    """A check server that proves to be authz.internal and asks Envoy to prove who it is."""
    authority = CertificateAuthority("authz-ca", tmp_path)
    authority.issue("envoy")
    server = authority.issue("authz", dns=["authz.internal"])
    credentials = grpc.ssl_server_credentials(
        [(server.key_pem, server.certificate_pem)], authority.certificate_pem, require_client_auth=True
    )
    running = ScriptedCheck(credentials)
    yield running
    running.stop()


def with_transport_socket_of_the_readme(directory: Path, *, server_name: str = "authz.internal") -> Change:
    (block,) = re.findall(r"```yaml\n(transport_socket:.*?)```", (CONFIGURATIONS / "README.md").read_text(), re.DOTALL)
    text = block.replace("/etc/envoy/certs", str(directory)).replace("authz.internal", server_name)
    socket = yaml.safe_load(text)["transport_socket"]

    def change(config: Config) -> None:
        cluster(config, "authz")["transport_socket"] = socket

    return change


def test_check_server_that_is_the_one_named_is_asked(
    start_envoy: StartEnvoy, surroundings: Surroundings, distant_check: ScriptedCheck, tmp_path: Path
) -> None:
    change = with_transport_socket_of_the_readme(tmp_path)
    envoy = start_envoy(SIDECAR, change, around=replace(surroundings, check=distant_check.port))
    assert Http1Caller(envoy.port).call("GET", "/orders").status == 200
    assert len(distant_check.checks) == 1


def test_check_server_of_another_name_is_not_asked(
    start_envoy: StartEnvoy, surroundings: Surroundings, distant_check: ScriptedCheck, tmp_path: Path
) -> None:
    """Its certificate is of the right CA, and it would say allowed."""
    change = with_transport_socket_of_the_readme(tmp_path, server_name="other.internal")
    envoy = start_envoy(SIDECAR, change, around=replace(surroundings, check=distant_check.port))
    assert Http1Caller(envoy.port).call("GET", "/orders").status == 503
    assert not distant_check.checks


def test_check_server_that_asks_for_a_certificate_gets_no_call_without(
    start_envoy: StartEnvoy, surroundings: Surroundings, distant_check: ScriptedCheck, tmp_path: Path
) -> None:
    def nameless(config: Config) -> None:
        with_transport_socket_of_the_readme(tmp_path)(config)
        context = cluster(config, "authz")["transport_socket"]["typed_config"]["common_tls_context"]
        del context["tls_certificates"]

    envoy = start_envoy(SIDECAR, nameless, around=replace(surroundings, check=distant_check.port))
    assert Http1Caller(envoy.port).call("GET", "/orders").status == 503
    assert not distant_check.checks
