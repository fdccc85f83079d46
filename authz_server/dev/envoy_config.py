"""The shipped configuration `envoy/edge-mtls.yaml`, moved to the laptop's ports, with a plain listener beside it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import yaml

from authz_server.dev.certificates import Certificates
from authz_server.dev.environment import LOOPBACK
from authz_server.dev.ports import Ports

# The folder beside this module is the project's own envoy/, by a symbolic link; a wheel holds copies.
SHIPPED: Final = Path(__file__).parent / "envoy" / "edge-mtls.yaml"

EnvoyConfig = dict[str, Any]  # one of Envoy's own documents: its shape is Envoy's to check


def laptop_config(ports: Ports, upstream_port: int, certificates: Certificates) -> EnvoyConfig:
    """What Envoy runs with on a laptop: everything that the shipped file says about security stays."""
    config: EnvoyConfig = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    static = config["static_resources"]
    (encrypted,) = static["listeners"]
    plain = copy.deepcopy(encrypted)
    _listen(encrypted, "ingress_tls", ports.https)
    _listen(plain, "ingress", ports.http)
    _set_certificates(encrypted["filter_chains"][0], certificates)
    for chain in plain["filter_chains"]:
        del chain["transport_socket"]
    static["listeners"] = [plain, encrypted]
    endpoints = {"authz": ports.check, "app": upstream_port, "app_grpc": upstream_port}
    for cluster in static["clusters"]:
        address = _address(endpoints[cluster["name"]])
        cluster["load_assignment"]["endpoints"] = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    return config


def _listen(listener: EnvoyConfig, name: str, port: int) -> None:
    listener["name"] = name
    listener["address"] = _address(port)


def _address(port: int) -> EnvoyConfig:
    return {"socket_address": {"address": LOOPBACK, "port_value": port}}


def _set_certificates(chain: EnvoyConfig, certificates: Certificates) -> None:
    context = chain["transport_socket"]["typed_config"]["common_tls_context"]
    (server,) = context["tls_certificates"]
    server["certificate_chain"]["filename"] = str(certificates.certificate("server"))
    server["private_key"]["filename"] = str(certificates.key("server"))
    context["validation_context"]["trusted_ca"]["filename"] = str(certificates.authority)
