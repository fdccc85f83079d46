"""The shipped Envoy configurations, loaded, and moved to where a test runs.

`shipped(name, surroundings)` is the one place that replaces addresses, ports, certificate paths, the balancers'
addresses and the patience with the check server (a busy machine is no fault). Everything else of the file stays as
people copy it. The `without_…` functions take one line of defence away, so that a test can show what that line stops.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

CONFIGURATIONS: Final = Path(__file__).parents[2] / "envoy"
SIDECAR: Final = "sidecar"
EDGE_MTLS: Final = "edge-mtls"
BEHIND_LOAD_BALANCER: Final = "behind-load-balancer"
NAMES: Final = (SIDECAR, EDGE_MTLS, BEHIND_LOAD_BALANCER)

Config: TypeAlias = dict[str, Any]  # one of Envoy's own documents: its shape is Envoy's to check
Change: TypeAlias = Callable[[Config], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a configuration finds on the machine that runs it. Ports are on loopback."""

    check: int | Path  # the check server: a port, or the path of its Unix socket
    app: int
    app_grpc: int
    certificates: Path  # holds server.pem, server.key and client-ca.pem
    balancer: str = "127.0.0.1"  # the one address that may connect as a load balancer
    patience: str | None = "10s"  # for the check server to connect and to answer; None leaves what the file says


def shipped(name: str, surroundings: Surroundings) -> Config:
    """The file `envoy/<name>.yaml`, with the port left to the system and an admin port for readiness."""
    config: Config = yaml.safe_load((CONFIGURATIONS / f"{name}.yaml").read_text())
    config["admin"] = {"address": _loopback(0)}
    listener = config["static_resources"]["listeners"][0]
    listener["address"] = _loopback(0)
    _set_endpoint(config, "authz", surroundings.check)
    if surroundings.patience is not None:
        http_filter(config, "ext_authz")["grpc_service"]["timeout"] = surroundings.patience
        cluster(config, "authz")["connect_timeout"] = surroundings.patience
    _set_endpoint(config, "app", surroundings.app)
    _set_endpoint(config, "app_grpc", surroundings.app_grpc)
    chain = listener["filter_chains"][0]
    if "transport_socket" in chain:
        _set_certificates(chain["transport_socket"]["typed_config"]["common_tls_context"], surroundings.certificates)
    for network_filter in chain["filters"]:
        if network_filter["name"] == "envoy.filters.network.rbac":
            policies = network_filter["typed_config"]["rules"]["policies"]
            policies["balancers"]["principals"] = [
                {"direct_remote_ip": {"address_prefix": surroundings.balancer, "prefix_len": 32}}
            ]
    return config


def connection_manager(config: Config) -> Config:
    """The settings of the HTTP connection manager, to be changed in place."""
    filters = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"]
    settings: Config = filters[-1]["typed_config"]
    return settings


def http_filter(config: Config, name: str) -> Config:
    """The settings of one HTTP filter by the last part of its name, to be changed in place."""
    for http_filter_ in connection_manager(config)["http_filters"]:
        if http_filter_["name"] == f"envoy.filters.http.{name}":
            settings: Config = http_filter_["typed_config"]
            return settings
    raise KeyError(name)


def cluster(config: Config, name: str) -> Config:
    """The settings of one cluster, to be changed in place."""
    for each in config["static_resources"]["clusters"]:
        if each["name"] == name:
            settings: Config = each
            return settings
    raise KeyError(name)


def without_filter(name: str) -> Change:
    """Take one HTTP filter out, and what routes say of it."""

    def change(config: Config) -> None:
        manager = connection_manager(config)
        full_name = f"envoy.filters.http.{name}"
        manager["http_filters"] = [each for each in manager["http_filters"] if each["name"] != full_name]
        for host in manager["route_config"]["virtual_hosts"]:
            for routed in (host, *host["routes"]):
                routed.get("typed_per_filter_config", {}).pop(full_name, None)

    return change


def without_setting(*names: str) -> Change:
    """Take settings of the connection manager out, so that Envoy's defaults hold."""

    def change(config: Config) -> None:
        for name in names:
            del connection_manager(config)[name]

    return change


def without_check_setting(*names: str) -> Change:
    """Take settings of the ext_authz filter out, so that Envoy's defaults hold."""

    def change(config: Config) -> None:
        for name in names:
            del http_filter(config, "ext_authz")[name]

    return change


def with_check_setting(name: str, value: object) -> Change:
    """Set one setting of the ext_authz filter."""

    def change(config: Config) -> None:
        http_filter(config, "ext_authz")[name] = value

    return change


def with_passed_on_header(name: str) -> Change:
    """Let the check server see one more header."""

    def change(config: Config) -> None:
        http_filter(config, "ext_authz")["allowed_headers"]["patterns"].append({"exact": name})

    return change


def without_tls(config: Config) -> None:
    """Take TLS off the listener, for tests in which handshakes are not the point."""
    config["static_resources"]["listeners"][0]["filter_chains"][0].pop("transport_socket", None)


def _loopback(port: int) -> Config:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _set_endpoint(config: Config, name: str, where: int | Path) -> None:
    address = _loopback(where) if isinstance(where, int) else {"pipe": {"path": str(where)}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    cluster(config, name)["load_assignment"]["endpoints"] = endpoints


def _set_certificates(context: Config, directory: Path) -> None:
    (server,) = context["tls_certificates"]
    for source in (
        server["certificate_chain"],
        server["private_key"],
        context["validation_context"]["trusted_ca"],
    ):
        source["filename"] = str(directory / Path(source["filename"]).name)
