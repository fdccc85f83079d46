"""HttpServer: uvicorn, with listeners, limits and an end of our own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_BYTES: Final = 32_768  # of a request line and headers together
CONNECTIONS: Final = 1_000
HEAD_SECONDS: Final = 10.0  # for all headers of a request
BODY_SECONDS: Final = 120.0
KEEP_ALIVE_SECONDS: Final = 65  # above what load balancers keep a connection for

_BACKLOG: Final = 128
PATIENCE: Final = {h11.IDLE: HEAD_SECONDS, h11.SEND_BODY: BODY_SECONDS}


class CannotListen(Exception):
    """The address or the certificate cannot be used; the sentence says why."""


class TlsFiles(NamedTuple):
    """PEM files: the certificate chain and its private key."""

    certificate: Path
    key: Path


class HttpServer:
    """Serves one application over HTTP/1.1, with TLS where there are files for it."""

    def __init__(self, app: ASGIApp, *, tls: TlsFiles | None, drain_seconds: float) -> None:
        """`drain_seconds`: how long requests in flight may take to finish."""
        self._tls = tls
        self._drain_seconds = max(1, round(drain_seconds))  # uvicorn counts whole ones
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None
        self._config: dict[str, Any] = {
            "app": app,
            "http": _PatientProtocol,
            "ws": "none",
            "lifespan": "off",
            "log_config": None,  # the process decides what happens to log records
            "access_log": False,
            "proxy_headers": False,  # `Peers` reads them, and only from who may say so
            "server_header": False,
            "limit_concurrency": CONNECTIONS,
            "h11_max_incomplete_event_size": HEAD_BYTES,
            "backlog": _BACKLOG,
            "timeout_keep_alive": KEEP_ALIVE_SECONDS,
            "timeout_graceful_shutdown": self._drain_seconds,
        }

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen, and tell where. Raises `CannotListen`."""
        context = None if self._tls is None else _context(self._tls)
        self._socket = _bound(host, port)
        factory = None if context is None else (lambda *_: context)
        self._server = _Server(uvicorn.Config(**self._config, ssl_context_factory=factory))
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise CannotListen("the HTTP server has ended at once")
            await asyncio.sleep(0.005)
        address = self._socket.getsockname()
        return address[0], address[1]

    async def stop(self) -> bool:
        """Listen no more, and let requests in flight finish. Whether all of them did in time."""
        if self._task is None:
            return True
        loop = asyncio.get_running_loop()
        gives_up_at = loop.time() + self._drain_seconds
        self._server.should_exit = True
        await asyncio.wait((self._task,))
        return loop.time() < gives_up_at  # uvicorn does not tell


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's: they end more than this server."""
        yield


class _PatientProtocol(H11Protocol):
    """A connection that is not kept open by saying nothing, or little."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.made_at = self.loop.time()
        self._receiving: object = None
        self._timer: asyncio.TimerHandle | None = None
        self._expect()
        if len(self.connections) >= CONNECTIONS:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._receiving = None
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._expect()

    def _make_room(self) -> None:
        """Callers who only connect never keep out one who asks: the oldest that has asked for nothing goes."""
        idle = [each for each in self.connections if isinstance(each, _PatientProtocol) and each.is_idle]
        oldest = min((each for each in idle if each is not self), key=lambda each: each.made_at, default=None)
        if oldest is not None:
            self.connections.discard(oldest)  # here, since `connection_lost` comes only in a later round of the loop
            oldest.transport.abort()

    @property
    def is_idle(self) -> bool:
        """No request of this connection has begun, or its headers have not come whole."""
        return self.conn.their_state is h11.IDLE

    def _expect(self) -> None:
        """Each part of a request has its own time, which more of the same does not prolong."""
        receiving = self.conn.their_state
        if receiving is self._receiving:
            return
        self._receiving = receiving
        if self._timer is not None:
            self._timer.cancel()
        seconds = PATIENCE.get(receiving)
        self._timer = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)


def _context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except OSError as error:
        no_pem = isinstance(error, ssl.SSLError)
        why = "they are no certificate chain and its private key in PEM" if no_pem else error.strerror
        raise CannotListen(f"cannot use {files.certificate} and {files.key}: {why}") from None
    return context


def _no_password() -> str:
    """Asked for where the key is encrypted; without it OpenSSL would ask the terminal."""
    return ""


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CannotListen(error.strerror or str(error)) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::")
        listener.bind(address)
        listener.setblocking(False)  # noqa: FBT003 - the standard library
    except OSError as error:
        listener.close()
        raise CannotListen(error.strerror or str(error)) from None
    return listener
