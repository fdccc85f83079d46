"""The real `authz-server check`, as a process of its own, on a Unix socket, serving from a profiles file or Redis."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import grpc

from authz_server.ext_authz.server import CHECK
from tests.support.processes import RunningProcess, script

_HEALTH: Final = "/grpc.health.v1.Health/Check"
_SERVING: Final = b"\x08\x01"  # HealthCheckResponse{status: SERVING}


class RunningCheck:
    """The check server; `socket` is where Envoy finds it."""

    def __init__(self, document: Mapping[str, Any] | None, directory: Path, **settings: str) -> None:
        """Without a document, `settings` say where Redis is."""
        directory.mkdir(parents=True, exist_ok=True)
        self.socket = directory / "check.sock"
        environment = {
            "AUTHZ_GRPC_LISTEN": f"unix:{self.socket}",
            "AUTHZ_METRICS_LISTEN": "127.0.0.1:0",
            "AUTHZ_CLIENT_IP_FROM": "metadata",
            "AUTHZ_LOG_LEVEL": "debug",
            **settings,
        }
        if document is not None:
            profiles = directory / "profiles.yaml"
            profiles.write_text(json.dumps(document))  # JSON is YAML
            environment["AUTHZ_PROFILES_FILE"] = str(profiles)
        self._process = RunningProcess([script("authz-server"), "check"], directory, environment)
        self._process.wait_until_ready(self._is_serving)

    def _is_serving(self) -> bool:
        if not self.socket.exists():
            return False
        with grpc.insecure_channel(f"unix:{self.socket}") as channel:
            ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(_HEALTH)
            try:
                return ask(b"", timeout=1.0) == _SERVING
            except grpc.RpcError:
                return False

    def check(self, request: bytes) -> bytes:
        """One Check call."""
        with grpc.insecure_channel(f"unix:{self.socket}") as channel:
            ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(CHECK)
            return ask(request, timeout=5.0)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def stop(self) -> int:
        """End it as an operator would; the exit code."""
        return self._process.stop()

    def log_tail(self) -> str:
        """The end of its log."""
        return self._process.log_tail()

    def log(self) -> str:
        """All that it wrote."""
        return self._process.output.read_text() + self._process.errors.read_text()
