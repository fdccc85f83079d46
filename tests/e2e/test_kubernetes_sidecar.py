"""`deploy/kubernetes/sidecar.yaml`: valid, hardened, one with `envoy/sidecar.yaml`, and run as far as one can here."""

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import kubernetes_validate  # type: ignore[import-untyped] # it has no annotations
import pytest
import yaml

from authz_server.documents.document import read_document
from tests.support.callers import Answer, Http1Caller
from tests.support.check_process import RunningCheck
from tests.support.decision_profiles import TOKEN
from tests.support.envoy_config import CONFIGURATIONS
from tests.support.envoy_process import ENVOY, RunningEnvoy
from tests.support.manifest import Manifest, MountedConfigMap, container, objects, pod, the
from tests.support.processes import wait_until
from tests.support.upstream import HttpApplication

OLDEST_KUBERNETES: Final = "1.30"  # as the manifest says
CONTAINERS: Final = ("check", "envoy", "application")
SIDECARS: Final = ("check", "envoy")

# All that may differ from envoy/sidecar.yaml.
DIFFERENCES: Final = (
    (
        "authz-server check 127.0.0.1:9191, with AUTHZ_CLIENT_IP_FROM=metadata\n",
        "authz-server check unix:/run/authz/check.sock, with AUTHZ_CLIENT_IP_FROM=metadata\n",
    ),
    (
        """\
        # AUTHZ_GRPC_LISTEN's default, so that this file and a bare `authz-server check` fit together.
        - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 9191}}}
        # In a pod prefer a Unix socket in a volume that only Envoy and `check` mount: loopback is shared by all
        # containers of the pod, and any of them could take the port while `check` restarts.
        # AUTHZ_GRPC_LISTEN=unix:/run/authz/check.sock (its mode is 0660, so both need a group in common)
        # - endpoint: {address: {pipe: {path: /run/authz/check.sock}}}
""",
        """\
        # A Unix socket in a volume that only Envoy and `check` mount: loopback is shared by all containers of
        # the pod, and any of them could take a port while `check` restarts.
        - endpoint: {address: {pipe: {path: /run/authz/check.sock}}}
""",
    ),
)


def envoy_configuration() -> str:
    text: str = the("ConfigMap", "orders-envoy")["data"]["envoy.yaml"]
    return text


def profiles() -> str:
    text: str = the("ConfigMap", "orders-profiles")["data"]["profiles.yaml"]
    return text


@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, kubernetes_validate.latest_version()])
def test_every_object_fits_the_schema_of_kubernetes(version: str) -> None:
    for each in objects():
        kubernetes_validate.validate(each, version, strict=True)


def test_envoy_configuration_is_the_shipped_one_but_for_the_socket() -> None:
    expected = (CONFIGURATIONS / "sidecar.yaml").read_text()
    for theirs, ours in DIFFERENCES:
        assert expected.count(theirs) == 1
        expected = expected.replace(theirs, ours)
    assert envoy_configuration() == expected


def test_envoy_configuration_is_valid_for_the_real_envoy(tmp_path: Path) -> None:
    path = tmp_path / "envoy.yaml"
    path.write_text(envoy_configuration())
    outcome = subprocess.run([ENVOY, "--mode", "validate", "-c", path], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr


def test_profiles_are_valid_and_name_a_label_that_a_route_has() -> None:
    document = read_document(profiles().encode(), resolve_env=lambda _name: None)
    assert [client.id for client in document.clients] == ["cl_acme"]
    assert document.warnings == ()
    assert "context_extensions: {route: orders}" in envoy_configuration()


def test_every_container_is_locked_down() -> None:
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    users = set()
    for name in CONTAINERS:
        context = container(name)["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        users.add(context["runAsUser"])
    assert len(users) == len(CONTAINERS)
    assert 0 not in users


def test_no_container_gets_a_token_of_the_cluster() -> None:
    assert pod()["automountServiceAccountToken"] is False
    assert the("ServiceAccount")["automountServiceAccountToken"] is False


def test_sidecars_start_before_and_end_after_the_application() -> None:
    """Kubernetes starts init containers in order, and ends those that always restart in reverse order, last."""
    assert [each["name"] for each in pod()["initContainers"]] == list(SIDECARS)
    for name in SIDECARS:
        assert container(name)["restartPolicy"] == "Always"
        assert "startupProbe" in container(name)


def test_the_grace_period_holds_what_has_to_happen_in_it() -> None:
    drain = int(environment_of("check")["AUTHZ_DRAIN_SECONDS"])
    leaving = container("application")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod()["terminationGracePeriodSeconds"] >= leaving + 35 + drain


def test_only_envoy_and_the_check_reach_the_socket() -> None:
    """Its volume's group is the pod's, so that Envoy may connect to a socket of mode 0660."""
    mounting = [
        name for name in CONTAINERS if "socket" in {each["name"] for each in container(name).get("volumeMounts", [])}
    ]
    assert mounting == list(SIDECARS)
    assert pod()["securityContext"]["fsGroup"] > 0
    (volume,) = (each for each in pod()["volumes"] if each["name"] == "socket")
    assert volume["emptyDir"]["medium"] == "Memory"


def test_profiles_are_mounted_as_a_folder_that_is_updated() -> None:
    for name in SIDECARS:
        for mount in container(name)["volumeMounts"]:
            assert "subPath" not in mount


def test_the_service_leads_to_envoy_only() -> None:
    (port,) = the("Service")["spec"]["ports"]
    (opened,) = container("envoy")["ports"]
    assert port["targetPort"] == opened["name"]
    assert opened["containerPort"] == 8000
    assert "ports" not in container("application")


def environment_of(name: str) -> dict[str, str]:
    """The environment that the manifest gives a container."""
    return {each["name"]: each["value"] for each in container(name)["env"]}


@dataclass(frozen=True, slots=True)
class Pod:
    """The manifest's Envoy and check server, run on this machine."""

    envoy: RunningEnvoy
    check: RunningCheck
    profiles: MountedConfigMap

    def call(self, method: str, path: str, token: str | None = TOKEN) -> Answer:
        headers = [("X-Client-ID", "cl_acme"), ("X-Profile-ID", "pr_production")]
        if token is not None:
            headers.append(("Authorization", f"Bearer {token}"))
        return Http1Caller(self.envoy.port).call(method, path, headers)

    def log_tail(self) -> str:
        return f"{self.envoy.log_tail()}\n{self.check.log_tail()}"


def with_token(text: str) -> str:
    """The profiles with a digest that opens."""
    assert text.count("0" * 64) == 1
    return text.replace("0" * 64, hashlib.sha256(TOKEN.encode()).hexdigest())


@pytest.fixture(name="running")
def the_pod(tmp_path: Path, application: HttpApplication) -> Iterator[Pod]:
    """Paths and ports are this machine's, and everything else the manifest's."""
    mounted = MountedConfigMap(tmp_path / "etc-authz", {"profiles.yaml": with_token(profiles())})
    sockets = tmp_path / "run-authz"
    environment = {
        name: value.replace("/etc/authz", str(mounted.directory))
        .replace("/run/authz", str(sockets))
        .replace("0.0.0.0:9192", "127.0.0.1:0")
        for name, value in environment_of("check").items()
    }
    check = RunningCheck(None, sockets, **environment)
    config: Manifest = yaml.safe_load(
        envoy_configuration()
        .replace("/run/authz", str(sockets))
        .replace("address: 0.0.0.0, port_value: 8000", "address: 127.0.0.1, port_value: 0")
        .replace("port_value: 8081", f"port_value: {application.port}")
    )
    config["admin"] = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}
    envoy = RunningEnvoy(config, tmp_path / "envoy")
    yield Pod(envoy, check, mounted)
    envoy.stop()
    assert check.stop() == 0


def test_the_pod_checks_and_takes_an_edited_config_map(running: Pod) -> None:
    allowed = running.call("GET", "/orders/7")
    assert allowed.status == 200
    assert allowed.received.values("x-authz-profile-id") == ["pr_production"]
    assert running.call("GET", "/orders/7", token=None).problem["code"] == "credential_missing"
    assert running.call("DELETE", "/orders/7").status == 405
    assert running.call("GET", "/elsewhere").problem["code"] == "route_not_allowed"

    edited = with_token(profiles()).replace("name: production\n", "name: production\n        active: false\n")
    running.profiles.update({"profiles.yaml": edited})
    wait_until(lambda: running.call("GET", "/orders/7").status == 403, "the edit to be taken")
    assert running.call("GET", "/orders/7").problem["code"] == "profile_inactive"


def test_the_profiles_as_shipped_let_nobody_in(running: Pod) -> None:
    """Whoever applies the manifest as it is has opened nothing."""
    running.profiles.update({"profiles.yaml": profiles()})
    wait_until(lambda: running.call("GET", "/orders/7").status == 401, "the edit to be taken")
    assert running.call("GET", "/orders/7").problem["code"] == "token_invalid"


def test_the_open_route_that_the_kubelet_asks_reaches_the_application(running: Pod) -> None:
    path = container("application")["readinessProbe"]["httpGet"]["path"]
    assert Http1Caller(running.envoy.port).call("GET", path).status == 200
