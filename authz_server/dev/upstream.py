"""The sample upstream: answers every request with what it received, so that people see what Envoy made of it."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from authz_server.dev.environment import LOOPBACK

_PIECE_BYTES: Final = 65_536


class _Mirror(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sample-upstream"

    def __getattr__(self, name: str) -> Callable[[], None]:
        """The base asks for `do_GET` and the like; every method is answered, invented ones too."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        self._read_body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = {"method": self.command, "path": self.path, "headers": headers}
        body = json.dumps(seen, indent=2).encode() + b"\n"
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _read_body(self) -> None:
        """To its end, as the connection goes on after it."""
        if self.headers.get("transfer-encoding") is None:
            self._skip(int(self.headers.get("content-length", 0)))
            return
        while (size := int(self.rfile.readline().partition(b";")[0], 16)) > 0:
            self._skip(size + len(b"\r\n"))
        while self.rfile.readline().strip():
            pass

    def _skip(self, size: int) -> None:
        while size > 0 and (piece := self.rfile.read(min(size, _PIECE_BYTES))):
            size -= len(piece)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Envoy's access log has it already."""


class SampleUpstream:
    """Listens on loopback, on a port that the system chose, in a thread of its own."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer((LOOPBACK, 0), _Mirror)
        self._thread = threading.Thread(target=self._server.serve_forever, name="upstream", daemon=True)
        self._thread.start()
        self.port: int = self._server.server_address[1]

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
