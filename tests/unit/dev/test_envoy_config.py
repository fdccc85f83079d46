"""The laptop's Envoy: the shipped configuration, moved and not weakened."""

from pathlib import Path
from typing import Any

import yaml

from authz_server.dev.certificates import Certificates
from authz_server.dev.envoy_config import SHIPPED, laptop_config
from authz_server.dev.ports import Ports

UPSTREAM = 4_000


def made() -> dict[str, Any]:
    return laptop_config(Ports(http=1, https=2, check=3), UPSTREAM, Certificates(Path("/state")))


def ports_of(value: object) -> set[int]:
    """Every port anywhere in a configuration."""
    if isinstance(value, dict):
        found = {value["port_value"]} if "port_value" in value else set()
        return found.union(*map(ports_of, value.values()))
    return set().union(*map(ports_of, value)) if isinstance(value, list) else set()


def test_it_is_the_folder_that_people_copy_from() -> None:
    assert SHIPPED.resolve() == Path(__file__).parents[3] / "envoy" / "edge-mtls.yaml"


def test_both_listeners_have_every_filter_of_the_shipped_one() -> None:
    shipped = yaml.safe_load(SHIPPED.read_text())["static_resources"]["listeners"][0]
    plain, encrypted = made()["static_resources"]["listeners"]
    for listener in (plain, encrypted):
        assert listener["filter_chains"][0]["filters"] == shipped["filter_chains"][0]["filters"]
    assert "transport_socket" not in plain["filter_chains"][0]


def test_client_certificates_are_verified_as_shipped() -> None:
    shipped = yaml.safe_load(SHIPPED.read_text())["static_resources"]["listeners"][0]
    _, encrypted = made()["static_resources"]["listeners"]
    before, after = (each["filter_chains"][0]["transport_socket"]["typed_config"] for each in (shipped, encrypted))
    for context in (before, after):
        for name in ("tls_certificates", "validation_context"):
            if name == "validation_context":
                context["common_tls_context"][name]["trusted_ca"] = "moved"
            else:
                context["common_tls_context"][name] = "moved"
    assert after == before


def test_nothing_but_loopback_and_the_chosen_ports_is_left() -> None:
    config = made()
    assert ports_of(config) == {1, 2, 3, UPSTREAM}
    assert "0.0.0.0" not in yaml.safe_dump(config)  # noqa: S104 - nothing is bound here
    assert "/etc/envoy" not in yaml.safe_dump(config)
