"""The stack itself: what is started in which order, how each is known to be ready, and how all of it ends."""

from __future__ import annotations

import contextlib
import http.client
import shlex
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Self

import yaml

from authz_server.cli.exits import ExitCode
from authz_server.dev import programs
from authz_server.dev.environment import LOOPBACK, REDIS_PREFIX, REDIS_URL, SECRET_KEYS, Inherited
from authz_server.dev.envoy_config import laptop_config
from authz_server.dev.errors import RedisUnreachable, StackError
from authz_server.dev.ports import Ports, free_port
from authz_server.dev.processes import Children
from authz_server.dev.samples import Samples, load_or_make
from authz_server.dev.state import State, write_private
from authz_server.dev.upstream import SampleUpstream

START_SECONDS: Final = 30.0

_PROBE_SECONDS: Final = 2.0
_FORBIDDEN: Final = 403
_OK: Final = 200


class Stack:
    """An embedded Valkey, the check server, Envoy and a sample upstream. A context manager: leaving it ends them all.

    A Redis that `inherited` names is used instead of the embedded one. `say` tells people what happens.
    """

    def __init__(
        self,
        state: State,
        ports: Ports,
        inherited: Inherited,
        say: Callable[[str], None],
        stop_requested: Callable[[], bool],
    ) -> None:
        self._state = state
        self._ports = ports
        self._inherited = inherited
        self._say = say
        self._children = Children(stop_requested)
        self._stopping = contextlib.ExitStack()
        self.redis_url = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.close()

    def start(self) -> Samples:
        """Start everything, and return once Envoy answers. Raises StackError, SettingsError and StopRequested."""
        envoy = programs.envoy()
        # Before the ports: where another stack holds both, that is what to say.
        self._stopping.enter_context(self._state.taken())
        self._require_free_ports()
        samples = load_or_make(self._state, datetime.now(UTC))
        upstream = SampleUpstream()
        self._stopping.callback(upstream.stop)
        self._stopping.callback(self._children.stop)
        settings = self._settings(samples)
        self._start_valkey()
        self._publish(settings)
        self._start_check(settings)
        self._start_envoy(envoy, samples, upstream.port)
        return samples

    def watch(self) -> None:
        """Return never; raise StackError when a program ends by itself, and StopRequested."""
        self._children.watch()

    def _require_free_ports(self) -> None:
        try:
            self._ports.require_free()
        except StackError as error:
            left = self._state.left_running()
            if not left:
                raise
            names = " and ".join(left)
            ids = " ".join(map(str, left.values()))
            raise StackError(
                f"{error}\nAn earlier stack here was killed, and {names} seem to run on: kill {ids}"
            ) from None

    def _settings(self, samples: Samples) -> dict[str, str]:
        """What the check server and `publish` run with; what other terminals need of it is written down."""
        self.redis_url = self._inherited.redis_url or f"redis://{LOOPBACK}:{free_port()}/0"
        settings = self._inherited.settings(self.redis_url, samples.secrets.secret_key, self._ports)
        shared = {name: settings[name] for name in (REDIS_URL, REDIS_PREFIX, SECRET_KEYS) if name in settings}
        lines = "".join(f"{name}={shlex.quote(value)}\n" for name, value in shared.items())
        write_private(self._state.environment, lines.encode())
        return settings

    def _start_valkey(self) -> None:
        if self._inherited.redis_url is not None:
            return
        self._say("Starting Valkey ...")
        port = self.redis_url.rpartition(":")[2].removesuffix("/0")
        options = {"bind": LOOPBACK, "port": port, "dir": str(self._state.root), "save": "", "appendonly": "no"}
        command = [programs.valkey()]
        for name, value in options.items():
            command += [f"--{name}", value]
        self._start("valkey", command, self._inherited.others)
        self._children.wait_until(lambda: _answers_ping(int(port)), START_SECONDS)

    def _publish(self, settings: Mapping[str, str]) -> None:
        self._say("Publishing the sample profiles ...")
        # What else is in somebody's own Redis stays there.
        prune = ["--prune"] if self._inherited.redis_url is None else []
        command = [*programs.authz_server(), "publish", str(self._state.profiles), *prune]
        exit_code, output = self._children.run("publish", command, self._state.log("publish"), settings)
        if exit_code == ExitCode.UNREACHABLE and self._inherited.redis_url is not None:
            raise RedisUnreachable(f"{output.strip()}\nCorrect {REDIS_URL}, or unset it: then Valkey is started here")
        if exit_code != ExitCode.DONE:
            raise StackError(
                f"the profiles cannot be published:\n{output.strip()}\nCorrect {self._state.profiles}, or remove"
                f" {self._state.root}: the next start makes new samples"
            )

    def _start_check(self, settings: Mapping[str, str]) -> None:
        self._say("Starting the check server ...")
        self._start("check", [*programs.authz_server(), "check"], settings)
        self._children.wait_until(lambda: _status(self._ports.metrics, "/readyz") == _OK, START_SECONDS)

    def _start_envoy(self, program: str, samples: Samples, upstream_port: int) -> None:
        self._say("Starting Envoy ...")
        config = laptop_config(self._ports, upstream_port, samples.certificates)
        self._state.envoy_config.write_text(yaml.safe_dump(config, sort_keys=False))
        command = [program, "-c", str(self._state.envoy_config), "--concurrency", "2"]
        command += ["--disable-hot-restart", "--log-level", "warning"]
        self._start("envoy", command, self._inherited.others)
        # Without X-Client-ID the check refuses: an answer that comes all the way from the check server.
        self._children.wait_until(lambda: _status(self._ports.http, "/") == _FORBIDDEN, START_SECONDS)

    def _start(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        self._children.start(name, command, self._state.log(name), environment)


def _status(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _answers_ping(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=_PROBE_SECONDS) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
