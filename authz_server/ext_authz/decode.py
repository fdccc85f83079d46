"""From the bytes of a CheckRequest to CheckFacts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from authz_server.core.facts import CertificateForm, CheckFacts
from authz_server.wire.ext_authz_pb2 import AttributeContext, CheckRequest

Metadata = Iterable[tuple[str, str | bytes]]

CLIENT_IP_METADATA: Final = "x-client-ip"
_AUTHZ_PREFIX: Final = "x-authz-"
_AUTHZ_PREFIX_BYTES: Final = _AUTHZ_PREFIX.encode()
_parse: Final = CheckRequest.FromString


class ClientIpFrom(StrEnum):
    """Which view of the caller's address is to be trusted."""

    PEER = "peer"  # source.address: Envoy's TCP peer
    METADATA = "metadata"  # gRPC metadata that Envoy's grpc_service.initial_metadata fills
    ENVOY = "envoy"  # x-envoy-external-address, which the Envoy in front must overwrite


class Decoder:
    """Reads what a check needs and nothing else: no path, no body. Envoy sends header names in lower case."""

    __slots__ = ("_by_metadata", "_by_peer", "_certificate_from", "_from_xfcc")

    def __init__(self, client_ip_from: ClientIpFrom, certificate_from: CertificateForm) -> None:
        # Told apart once: to reach an enum's member costs as much as to read a header.
        self._by_peer = client_ip_from is ClientIpFrom.PEER
        self._by_metadata = client_ip_from is ClientIpFrom.METADATA
        self._certificate_from = certificate_from
        self._from_xfcc = certificate_from is CertificateForm.XFCC

    def decode(self, request: bytes, metadata: Metadata) -> CheckFacts:
        """Read one CheckRequest. Raises `google.protobuf.message.DecodeError` where the bytes are none."""
        attributes = _parse(request).attributes
        source, http = attributes.source, attributes.request.http
        raw = http.HasField("header_map")
        headers: Mapping[str, str] = _every_header(http) if raw else http.headers
        get = headers.get
        content_type = get("content-type")
        if self._by_peer:
            client_ip = source.address.socket_address.address or None  # empty for a Unix socket's peer
        else:
            client_ip = _only_address(metadata) if self._by_metadata else get("x-envoy-external-address")
        # In the order of the fields: a dozen keywords would cost a third of a microsecond.
        return CheckFacts(
            get("x-client-id"),
            get("x-profile-id"),
            get("authorization"),
            http.method,
            client_ip,
            attributes.context_extensions.get("route"),
            get("x-forwarded-client-cert") if self._from_xfcc else source.certificate or None,
            self._certificate_from,
            get("x-request-id"),
            content_type is not None and content_type.startswith("application/grpc"),
            # Most requests carry none, and a search through the bytes is cheaper than a walk over the names.
            tuple(name for name in headers if name.startswith(_AUTHZ_PREFIX))
            if raw or _AUTHZ_PREFIX_BYTES in request
            else (),
            headers,
        )


def _only_address(metadata: Metadata) -> str | None:
    """Envoy writes exactly one; more than one is not Envoy's doing, and then nothing is believed."""
    values = [value for name, value in metadata if name == CLIENT_IP_METADATA]
    return values[0] if len(values) == 1 and isinstance(values[0], str) else None


def _every_header(http: AttributeContext.HttpRequest) -> dict[str, str]:
    """Both forms of headers as one: repeated names are joined by commas, as Envoy joins them in `headers`."""
    rows: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in http.headers.items():
        rows[name].append(value)
    for row in http.header_map.headers:
        # Latin-1 reads any byte, and no byte beyond ASCII is in the alphabet of an id or a credential.
        rows[row.key.lower()].append(row.raw_value.decode("latin-1") if row.raw_value else row.value)
    return {name: ",".join(values) for name, values in rows.items()}
