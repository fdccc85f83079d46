"""The stack itself: what is started in which order, how each is known to be ready, and how all of it ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import shlex
import socket
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, Self

import yaml

from authz_server.compose.records import publisher, records
from authz_server.dev import programs
from authz_server.dev.environment import DATABASE_URL, LOOPBACK, REDIS_PREFIX, REDIS_URL, SECRET_KEYS, Inherited
from authz_server.dev.envoy_config import laptop_config
from authz_server.dev.errors import RedisUnreachable, StackError
from authz_server.dev.ports import Ports, free_port
from authz_server.dev.processes import Children
from authz_server.dev.samples import Samples, load_or_make
from authz_server.dev.state import State, write_private
from authz_server.dev.upstream import SampleUpstream
from authz_server.managing.errors import PublisherUnavailable
from authz_server.managing.service import Service
from authz_server.settings import load

START_SECONDS: Final = 30.0

_SHARED: Final = (REDIS_URL, REDIS_PREFIX, DATABASE_URL, SECRET_KEYS)
_PROBE_SECONDS: Final = 2.0
_FORBIDDEN: Final = 403
_OK: Final = 200


class Stack:
    """An embedded Valkey, manage, the check server, Envoy and a sample upstream. Leaving the context ends them.

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
        samples = self._samples()
        upstream = SampleUpstream()
        self._stopping.callback(upstream.stop)
        self._stopping.callback(self._children.stop)
        settings = self._settings(samples.secrets.secret_key)
        self._write_environment(settings, samples)
        self._start_valkey()
        self._start_manage(settings)
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

    def _samples(self) -> Samples:
        if self._state.database.exists():
            return load_or_make(self._state, datetime.now(UTC), self._service)
        self._say("Making the sample client and its profiles ...")
        return load_or_make(self._state, datetime.now(UTC), self._service)

    @contextlib.contextmanager
    def _service(self, secret_key: str) -> Iterator[Service]:
        with records(load(self._settings(secret_key))) as opened:
            yield opened.service

    def _settings(self, secret_key: str) -> dict[str, str]:
        """What `manage` and the check server run with."""
        self.redis_url = self.redis_url or self._inherited.redis_url or f"redis://{LOOPBACK}:{free_port()}/0"
        return self._inherited.settings(self.redis_url, self._state.database, secret_key, self._ports)

    def _write_environment(self, settings: Mapping[str, str], samples: Samples) -> None:
        """What other terminals need of it."""
        shared = {name: settings[name] for name in _SHARED if name in settings}
        shared["AUTHZCTL_URL"] = f"http://{LOOPBACK}:{self._ports.manage}"
        shared["AUTHZCTL_API_KEY"] = samples.secrets.api_key
        lines = "".join(f"{name}={shlex.quote(value)}\n" for name, value in shared.items())
        write_private(self._state.environment, lines.encode())

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

    def _start_manage(self, settings: Mapping[str, str]) -> None:
        self._require_redis(settings)
        self._say("Starting manage ...")
        self._start("manage", [*programs.authz_server(), "manage"], settings)
        self._children.wait_until(lambda: _is_in_step(self._ports.manage), START_SECONDS)

    def _require_redis(self, settings: Mapping[str, str]) -> None:
        """`manage` would wait for a Redis that does not answer, and for another writer to give way."""
        if self._inherited.redis_url is None:
            return
        loaded = load(settings)
        try:
            with records(loaded) as opened, publisher(loaded, opened.database, timeout=_PROBE_SECONDS) as to:
                shown = to.in_force()
        except PublisherUnavailable as error:
            raise RedisUnreachable(
                f"Redis is not reachable: {error}\nCorrect {REDIS_URL}, or unset it: then Valkey is started here"
            ) from None
        if shown is not None and not shown.ours:
            raise StackError(
                f"the profiles in that Redis are written by {shown.writer}: choose another {REDIS_PREFIX}, or, in a"
                f" terminal with the settings of {self._state.environment}: authz-server republish --take-over"
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


def _is_in_step(port: int) -> bool:
    """Whether `manage` has nothing to complain of: what it has is published."""
    status, body = _get(port, "/readyz")
    return status == _OK and not json.loads(body)["warnings"]


def _status(port: int, path: str) -> int | None:
    return _get(port, path)[0]


def _get(port: int, path: str) -> tuple[int | None, bytes]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return None, b""
    finally:
        connection.close()


def _answers_ping(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=_PROBE_SECONDS) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
