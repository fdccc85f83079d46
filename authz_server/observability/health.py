"""`/healthz`, `/readyz` and `/metrics` over HTTP/1.1, on the loop that checks.

Written here rather than taken: prometheus_client's own server starts a thread for every connection and waits for ever
on a slow one, and a web framework is a large thing for three GETs. One request a connection; what is slow or large is
closed, and where there are too many the oldest, so that slow callers never keep a probe out.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final, NamedTuple, cast

from authz_server.checking.ports import Readiness
from authz_server.observability.metrics import CONTENT_TYPE

HEAD_BYTES: Final = 8_192
CONNECTIONS: Final = 64
SECONDS: Final = 5.0  # for a whole exchange

_JSON: Final = "application/json"
_PLAIN: Final = "text/plain; charset=utf-8"
_REQUEST_LINE: Final = re.compile(rb"([A-Z]{1,16}) ([!-~]{1,1024}) HTTP/1\.[01]\r\n")
_HEAD_ENDS: Final = b"\r\n\r\n"


class Answer(NamedTuple):
    """One answer over HTTP."""

    status: HTTPStatus
    content_type: str = _PLAIN
    body: bytes = b""
    allow: str | None = None


Route = Callable[[], Answer]


def routes(readiness: Callable[[], Readiness], metrics: Callable[[], bytes]) -> dict[str, Route]:
    """What is served at which path."""

    def ready() -> Answer:
        state = readiness()
        body = {"ready": state.ready, "reasons": state.reasons, "warnings": state.warnings}
        status = HTTPStatus.OK if state.ready else HTTPStatus.SERVICE_UNAVAILABLE
        return Answer(status, _JSON, json.dumps(body).encode() + b"\n")

    return {
        "/healthz": lambda: Answer(HTTPStatus.OK, body=b"ok\n"),
        "/readyz": ready,
        "/metrics": lambda: Answer(HTTPStatus.OK, CONTENT_TYPE, metrics()),
    }


class HealthServer:
    """The listener, from `start` to `close`."""

    def __init__(self, served: dict[str, Route], *, seconds: float = SECONDS, connections: int = CONNECTIONS) -> None:
        self._served = served
        self._seconds = seconds
        self._limit = connections
        self._open: dict[_Exchange, None] = {}  # the oldest first
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen, and tell where. Raises OSError where that cannot be."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._exchange, host, port)
        address = self._server.sockets[0].getsockname()
        return address[0], address[1]

    async def close(self) -> None:
        """Stop listening and close what is open."""
        if self._server is None:
            return
        self._server.close()
        for exchange in tuple(self._open):
            exchange.abort()
        await self._server.wait_closed()

    def _exchange(self) -> _Exchange:
        return _Exchange(self._served, self._open, self._limit, self._seconds)


class _Exchange(asyncio.Protocol):
    """One connection: one request, one answer, and it is closed."""

    def __init__(self, served: dict[str, Route], opened: dict[_Exchange, None], limit: int, seconds: float) -> None:
        self._served = served
        self._opened = opened
        self._limit = limit
        self._seconds = seconds
        self._head = b""
        self._answered = False
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def abort(self) -> None:
        """Close at once, whatever is still to be sent."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods only
        if len(self._opened) >= self._limit:
            oldest = next(iter(self._opened))
            del self._opened[oldest]  # here, since `connection_lost` comes only in a later round of the loop
            oldest.abort()
        self._opened[self] = None
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self.abort)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - the protocol's argument
        self._opened.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._answered:
            return
        self._head += data
        if len(self._head) > HEAD_BYTES:
            self._send(Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), is_head=False)
        elif _HEAD_ENDS in self._head:
            self._respond()

    def _respond(self) -> None:
        found = _REQUEST_LINE.match(self._head)
        if found is None:
            self._send(Answer(HTTPStatus.BAD_REQUEST), is_head=False)
        else:
            self._send(answer(self._served, found[1], found[2]), is_head=found[1] == b"HEAD")

    def _send(self, answer: Answer, *, is_head: bool) -> None:
        self._answered = True
        if self._transport is not None:
            self._transport.write(written(answer, is_head=is_head))
            self._transport.close()


def answer(served: dict[str, Route], method: bytes, target: bytes) -> Answer:
    """What a request for `target` gets."""
    route = served.get(target.partition(b"?")[0].decode("latin-1"))
    if route is None:
        return Answer(HTTPStatus.NOT_FOUND, body=b"/healthz, /readyz and /metrics are here\n")
    if method not in (b"GET", b"HEAD"):
        return Answer(HTTPStatus.METHOD_NOT_ALLOWED, allow="GET, HEAD")
    try:
        return route()
    except Exception:  # a probe must get an answer
        logging.getLogger(__name__).exception("a health route failed")
        return Answer(HTTPStatus.INTERNAL_SERVER_ERROR)


def written(answer: Answer, *, is_head: bool) -> bytes:
    """An answer as HTTP/1.1 (RFC 9112)."""
    head = "\r\n".join(_head_lines(answer))
    return head.encode("ascii") + _HEAD_ENDS + (b"" if is_head else answer.body)


def _head_lines(answer: Answer) -> Iterable[str]:
    yield f"HTTP/1.1 {answer.status.value} {answer.status.phrase}"
    yield f"Content-Type: {answer.content_type}"
    yield f"Content-Length: {len(answer.body)}"
    yield "Cache-Control: no-store"
    yield "X-Content-Type-Options: nosniff"
    yield "Connection: close"
    if answer.allow is not None:
        yield f"Allow: {answer.allow}"
