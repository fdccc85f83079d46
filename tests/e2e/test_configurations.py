"""The shipped files themselves: valid for the real Envoy, and the same wherever they need not differ."""

import json
import re
import subprocess
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.e2e.conftest import Certificates
from tests.support.envoy_config import CONFIGURATIONS, EDGE_MTLS, NAMES, SIDECAR, Config, connection_manager
from tests.support.envoy_process import ENVOY

README: Final = CONFIGURATIONS / "README.md"


def as_shipped(name: str) -> Config:
    config: Config = yaml.safe_load((CONFIGURATIONS / f"{name}.yaml").read_text())
    return config


@pytest.mark.parametrize("name", NAMES)
def test_shipped_file_is_valid_for_the_real_envoy(name: str, certificates: Certificates, tmp_path: Path) -> None:
    """The file as it is, except that the certificates are elsewhere."""
    text = (CONFIGURATIONS / f"{name}.yaml").read_text()
    moved = tmp_path / f"{name}.yaml"
    moved.write_text(text.replace("/etc/envoy/certs", str(certificates.directory)))
    outcome = subprocess.run([ENVOY, "--mode", "validate", "-c", moved], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert "deprecated" not in outcome.stderr.lower()


def test_every_yaml_file_of_the_folder_is_tested_here() -> None:
    assert {path.stem for path in CONFIGURATIONS.glob("*.yaml")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_file_opens_no_admin_port(name: str) -> None:
    assert "admin" not in as_shipped(name)


@pytest.mark.parametrize("name", NAMES)
def test_filters_stand_in_the_order_that_protects(name: str) -> None:
    """Forged headers die first, preflights before the check, the seat belt after it."""
    filters = [each["name"].rpartition(".")[2] for each in connection_manager(as_shipped(name))["http_filters"]]
    assert filters == ["header_mutation", "cors", "ext_authz", "rbac", "router"]


@pytest.mark.parametrize("name", NAMES)
def test_what_need_not_differ_is_the_same_in_every_file(name: str) -> None:
    """A line of defence that is mended in one file is mended in all."""

    def common(config: Config) -> str:
        manager = connection_manager(config)
        for own in ("xff_num_trusted_hops", "forward_client_cert_details", "set_current_client_cert_details"):
            manager.pop(own, None)
        manager["common_http_protocol_options"].pop("max_connection_duration", None)
        log = manager["access_log"][0]["typed_config"]["log_format"]["json_format"]
        for own in ("tls", "certificate_sha256", "balancer"):
            log.pop(own, None)
        for each in manager["http_filters"]:
            each["typed_config"].pop("include_peer_certificate", None)
        return json.dumps([manager, config["static_resources"]["clusters"], config["overload_manager"]])

    assert common(as_shipped(name)) == common(as_shipped(SIDECAR))


def test_edge_verifies_client_certificates_and_resumes_no_session() -> None:
    chain = as_shipped(EDGE_MTLS)["static_resources"]["listeners"][0]["filter_chains"][0]
    tls = chain["transport_socket"]["typed_config"]
    assert tls["common_tls_context"]["validation_context"]["trust_chain_verification"] == "VERIFY_TRUST_CHAIN"
    assert tls["disable_stateless_session_resumption"]
    assert tls["disable_stateful_session_resumption"]


def test_every_test_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", README.read_text()))
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert named
    assert named <= set(re.findall(r"^def (test_\w+)\(", tests, re.MULTILINE))
