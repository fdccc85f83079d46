"""The guard: every error becomes an answer, and every answer is counted."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final, Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from authz_server.core.facts import is_request_id
from authz_server.managing.records import Actor, Caller
from authz_server.web.api import problems
from authz_server.web.peers import Peers

PATH: Final = "authz_path"  # in the scope: the template of what was asked for
CALLER: Final = "authz_caller"  # in the scope: the `Caller`


class WebObserver(Protocol):
    """Told of every answer, and of every surprise. Must not raise."""

    def answered(
        self, *, method: str, path: str, status: int, duration_s: float, actor: Actor | None, peer: str
    ) -> None:
        """One request was answered. `path` is the template of what is there, or empty where there was none."""

    def fault(self, kind: str, error: BaseException | None) -> None:
        """Something of ours failed."""


class Guard:
    """The outermost part: every error that is left becomes a problem document, and every answer is counted."""

    def __init__(self, app: ASGIApp, observer: WebObserver, peers: Peers) -> None:
        self._app = app
        self._observer = observer
        self._peers = peers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def sending(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            return
        except Exception as error:
            if status:  # an answer has begun; only the connection's end can tell that it is not whole
                self._observer.fault("api", error)
                raise
            await self._answer(error, Request(scope, receive), sending)
        finally:
            self._tell(Request(scope), status, time.perf_counter() - started)

    async def _answer(self, error: Exception, request: Request, send: Send) -> None:
        known = problems.of(error)
        if known is None:
            self._observer.fault("api", error)
            known = problems.internal_error()
        response = problems.response(known, request_id(request))
        await response(request.scope, request.receive, send)

    def _tell(self, request: Request, status: int, duration_s: float) -> None:
        caller: Caller | None = request.scope.get(CALLER)
        self._observer.answered(
            method=request.method,
            path=request.scope.get(PATH, ""),
            status=status,
            duration_s=duration_s,
            actor=None if caller is None else caller.actor,
            peer=self._peers.of(request),
        )


def request_id(request: Request) -> str:
    """The caller's `X-Request-ID`, where it may be given back, or one made here."""
    given = request.headers.get("x-request-id", "")
    return given if is_request_id(given) else str(uuid.uuid4())
