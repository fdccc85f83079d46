"""Builders of what a check is asked: facts, and the bytes of a CheckRequest."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from authz_server.core.facts import CheckFacts
from authz_server.wire import ext_authz_pb2 as wire

IDS: Final[dict[str, str]] = {"x-client-id": "cl_acme", "x-profile-id": "pr_production"}


def facts(**fields: Any) -> CheckFacts:
    """What a good call of `cl_acme` shows."""
    good = {"client_id": "cl_acme", "profile_id": "pr_production", "method": "GET", "client_ip": "10.1.2.3"}
    return CheckFacts(**good | fields)


def a_check_request(
    headers: Mapping[str, str] = IDS,
    *,
    rows: Iterable[tuple[str, bytes]] = (),
    method: str = "GET",
    source_ip: str | None = "10.1.2.3",
    route: str | None = None,
    certificate: str = "",
) -> bytes:
    """A CheckRequest as Envoy sends it; `rows` are the header map of `encode_raw_headers`."""
    request = wire.CheckRequest()
    attributes = request.attributes
    if source_ip is not None:
        attributes.source.address.socket_address.address = source_ip
        attributes.source.address.socket_address.port_value = 40_000
    attributes.source.certificate = certificate
    http = attributes.request.http
    http.method, http.path, http.host, http.protocol = method, "/orders/7", "api.example.org", "HTTP/2"
    http.headers.update(headers)
    http.header_map.headers.extend(wire.HeaderValue(key=name, raw_value=value) for name, value in rows)
    if not http.header_map.headers:
        http.ClearField("header_map")
    if route is not None:
        attributes.context_extensions["route"] = route
    return request.SerializeToString()
