"""Sample applications that stand behind Envoy and show what reached them."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BufferedIOBase

import grpc


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request as the application got it; header names in lower case, in order, repeated ones kept."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Every value of one header."""
        return [value for key, value in self.headers if key == name]

    def as_json(self) -> bytes:
        """What the application answers with."""
        return json.dumps({"method": self.method, "path": self.path, "headers": self.headers}).encode()

    @classmethod
    def from_json(cls, text: bytes) -> ReceivedRequest:
        """Read `as_json` back, at the caller's end."""
        shown = json.loads(text)
        return cls(shown["method"], shown["path"], tuple((key, value) for key, value in shown["headers"]))


class HttpApplication:
    """An HTTP/1.1 server that answers any method with the request it received, as JSON."""

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        requests = self.requests

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                received = _read_request(self.rfile)
                if received is None:
                    return
                requests.append(received)
                body = received.as_json()
                head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
                self.wfile.write(head.encode() + b"connection: close\r\n\r\n")
                if received.method != "HEAD":
                    self.wfile.write(body)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def stop(self) -> None:
        """Close the server and wait for its thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _read_request(stream: BufferedIOBase) -> ReceivedRequest | None:
    """One request, its body dropped. Envoy wrote it, so its syntax is not checked."""
    request_line = stream.readline().decode("latin-1").rstrip("\r\n")
    if not request_line:
        return None
    method, path, _ = request_line.split(" ")
    headers: list[tuple[str, str]] = []
    while line := stream.readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        headers.append((name.lower(), value.strip()))
    received = ReceivedRequest(method, path, tuple(headers))
    if received.values("transfer-encoding"):
        while size := int(stream.readline(), 16):
            stream.read(size + 2)
        stream.readline()
    for length in received.values("content-length"):
        stream.read(int(length))
    return received


class GrpcApplication:
    """A gRPC server that answers any unary call with the method and metadata it received, as JSON."""

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        self._server = grpc.server(ThreadPoolExecutor(2))
        self._server.add_generic_rpc_handlers((_AnyMethod(self.requests.append),))
        self.port: int = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def stop(self) -> None:
        """Stop the server and wait for it."""
        self._server.stop(None).wait()


class _AnyMethod(grpc.GenericRpcHandler):
    def __init__(self, received: Callable[[ReceivedRequest], None]) -> None:
        self._received = received

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        def answer(_request: bytes, context: grpc.ServicerContext) -> bytes:
            metadata = context.invocation_metadata()
            headers = tuple((key, value if isinstance(value, str) else repr(value)) for key, value in metadata)
            request = ReceivedRequest("POST", handler_call_details.method, headers)
            self._received(request)
            return request.as_json()

        return grpc.unary_unary_rpc_method_handler(answer)
