"""Callers of Envoy: HTTP/1.1, HTTP/2 and gRPC, in the clear or over TLS, able to say what a polite client would not."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote

import grpc
import h2.config
import h2.connection
import h2.events

from tests.support.certificates import IssuedCertificate
from tests.support.upstream import ReceivedRequest

SECONDS: Final = 10.0  # for any one answer
_HOST: Final = "localhost"

Headers = Sequence[tuple[str, str]]


class StreamReset(Exception):
    """Envoy ended the HTTP/2 stream or the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def value(self, name: str) -> str | None:
        """The only value of one header; None when it is absent."""
        values = [value for key, value in self.headers if key == name]
        if not values:
            return None
        (value,) = values
        return value

    @property
    def problem(self) -> dict[str, object]:
        """The problem document of a refusal."""
        document: dict[str, object] = json.loads(self.body)
        return document

    @property
    def received(self) -> ReceivedRequest:
        """What the sample application says it received."""
        return ReceivedRequest.from_json(self.body)


class HttpCaller(Protocol):
    """A client of one Envoy listener."""

    def call(self, method: str, path: str, headers: Headers = (), body: bytes = b"") -> Answer:
        """One request on a connection of its own."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What a caller trusts and, perhaps, who it is."""

    trusted: Path
    identity: IssuedCertificate | None = None

    def context(self, *protocols: str) -> ssl.SSLContext:
        """A client context that offers `protocols` by ALPN."""
        context = ssl.create_default_context(cafile=self.trusted)
        if self.identity is not None:
            context.load_cert_chain(self.identity.certificate_path, self.identity.key_path)
        context.set_alpn_protocols(list(protocols))
        return context


def connect(port: int, tls: Tls | None, protocol: str, source: str | None = None) -> socket.socket:
    """A connection to loopback, from the address `source` if given."""
    origin = None if source is None else (source, 0)
    plain = socket.create_connection(("127.0.0.1", port), SECONDS, source_address=origin)
    if tls is None:
        return plain
    return tls.context(protocol).wrap_socket(plain, server_hostname=_HOST)


class Http1Caller:
    """HTTP/1.1. Paths, methods and repeated headers go out as they are given."""

    def __init__(self, port: int, tls: Tls | None = None, source: str | None = None) -> None:
        self._port, self._tls, self._source = port, tls, source

    def call(self, method: str, path: str, headers: Headers = (), body: bytes = b"") -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(_HOST, self._port, timeout=SECONDS)
        connection.sock = connect(self._port, self._tls, "http/1.1", self._source)
        try:
            return http1_exchange(connection, method, path, headers, body)
        finally:
            connection.close()


def http1_exchange(
    connection: http.client.HTTPConnection, method: str, path: str, headers: Headers = (), body: bytes = b""
) -> Answer:
    """One request on a connection that is already there."""
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value.encode("latin-1"))
    if body:
        connection.putheader("content-length", str(len(body)))
    connection.endheaders(body or None)
    response = connection.getresponse()
    return Answer(response.status, _lower(response.getheaders()), response.read())


class Http2Caller:
    """HTTP/2 by frames: nothing is validated or normalised on the way out, so any method and any value can be sent."""

    def __init__(self, port: int, tls: Tls | None = None, source: str | None = None) -> None:
        self._port, self._tls, self._source = port, tls, source

    def call(
        self, method: str, path: str, headers: Headers = (), body: bytes = b"", *, trailers: Headers = ()
    ) -> Answer:
        """One request on a connection of its own; trailers want a body before them.

        CONNECT goes without scheme and path, as RFC 9113 8.5 has it.
        """
        block = [(":method", method), (":authority", f"{_HOST}:{self._port}")]
        if method != "CONNECT":
            block += [(":scheme", "https" if self._tls else "http"), (":path", path)]
        with connect(self._port, self._tls, "h2", self._source) as transport:
            return _http2_exchange(transport, [*block, *headers], body, trailers)


def _http2_exchange(transport: socket.socket, block: Headers, body: bytes, trailers: Headers) -> Answer:
    config = h2.config.H2Configuration(
        header_encoding="latin-1", validate_outbound_headers=False, normalize_outbound_headers=False
    )
    connection = h2.connection.H2Connection(config)
    connection.initiate_connection()
    stream = connection.get_next_available_stream_id()
    _send(connection, stream, block, body, trailers)
    transport.sendall(connection.data_to_send())
    headers: list[tuple[str, str]] = []
    content = b""
    while received := transport.recv(65_536):
        for event in connection.receive_data(received):
            if isinstance(event, h2.events.ResponseReceived):
                headers = [(str(name), str(value)) for name, value in event.headers]
            elif isinstance(event, h2.events.DataReceived):
                content += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, stream)
            elif isinstance(event, h2.events.StreamReset | h2.events.ConnectionTerminated):
                raise StreamReset(f"error code {event.error_code}")
            elif isinstance(event, h2.events.StreamEnded):
                fields = dict(headers)
                return Answer(int(fields.pop(":status")), _lower(headers), content)
        transport.sendall(connection.data_to_send())
    raise StreamReset("connection closed")


def _send(connection: h2.connection.H2Connection, stream: int, block: Headers, body: bytes, trailers: Headers) -> None:
    connection.send_headers(stream, _encoded(block), end_stream=not body)
    if body:
        connection.send_data(stream, body, end_stream=not trailers)
    if trailers:
        connection.send_headers(stream, _encoded(trailers), end_stream=True)


def _encoded(fields: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]


def _lower(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in headers)


@dataclass(frozen=True, slots=True)
class GrpcAnswer:
    """What a gRPC caller gets: a status, its message and the trailing or initial metadata; a body when OK."""

    code: grpc.StatusCode
    message: str
    metadata: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def received(self) -> ReceivedRequest:
        """What the sample application says it received."""
        return ReceivedRequest.from_json(self.body)


class GrpcCaller:
    """A unary gRPC call, by grpcio."""

    def __init__(self, port: int, tls: Tls | None = None) -> None:
        self._port, self._tls = port, tls

    def call(self, method: str, headers: Headers = ()) -> GrpcAnswer:
        """Call `method` (`/package.Service/Method`) on a channel of its own."""
        with self._channel() as channel:
            unary: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
            call = unary.future(b"", timeout=SECONDS, metadata=tuple(headers))
            code = call.code()
            body = call.result() if code is grpc.StatusCode.OK else b""
            return GrpcAnswer(code, unquote(call.details() or ""), _metadata(call), body)

    def _channel(self) -> grpc.Channel:
        target = f"localhost:{self._port}"
        options = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
        if self._tls is None:
            return grpc.insecure_channel(target, options)
        identity = self._tls.identity
        credentials = grpc.ssl_channel_credentials(
            self._tls.trusted.read_bytes(),
            None if identity is None else identity.key_pem,
            None if identity is None else identity.certificate_pem,
        )
        return grpc.secure_channel(target, credentials, options)


def _metadata(call: grpc.Call) -> tuple[tuple[str, str], ...]:
    pairs = [*(call.initial_metadata() or ()), *(call.trailing_metadata() or ())]
    return tuple((key, value) for key, value in pairs if isinstance(value, str))
