"""The sample upstream: answers every request with what it received, so that people see what Envoy made of it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from authz_server.dev.environment import LOOPBACK

_BODY_BYTES: Final = 1_048_576


class _Mirror(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sample-upstream"

    def _answer(self) -> None:
        self.rfile.read(min(int(self.headers.get("content-length", 0)), _BODY_BYTES))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = {"method": self.command, "path": self.path, "headers": headers}
        body = json.dumps(seen, indent=2).encode() + b"\n"
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - the base's names

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
