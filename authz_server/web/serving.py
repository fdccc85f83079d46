"""Serving: the gate before /api/v1, and the one way from a request to an operation and back to an answer."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any, Final, Protocol

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from authz_server.core.facts import is_request_id
from authz_server.managing.errors import Unauthenticated
from authz_server.managing.records import ApiKey, Role
from authz_server.managing.relay import Propagation
from authz_server.managing.service import Service
from authz_server.web import bodies, limits, problems, queries
from authz_server.web.attempts import FailedAttempts
from authz_server.web.operations import Answer, Call, Operation, Published, Services
from authz_server.web.peers import Peers
from authz_server.web.problems import ApiError

_KEY: Final = "authz_api_key"
_PATH: Final = "authz_path"
_SCHEME: Final = "bearer"
_DELIVERIES: Final = 40  # at once; more of them wait, and are answered `pending`


class WebObserver(Protocol):
    """Told of every answer of the API, and of every surprise. Must not raise."""

    def answered(
        self, *, method: str, path: str, status: int, duration_s: float, key: ApiKey | None, peer: str
    ) -> None:
        """One request was answered. `path` is the operation's template, or empty where there was none."""

    def fault(self, kind: str, error: BaseException | None) -> None:
        """Something of ours failed."""


class Deliverer(Protocol):
    """`managing.relay.Relay`, as far as an answer needs it."""

    def deliver(self, sequence: int | None) -> Propagation:
        """Publish what was committed up to this sequence."""


class Gate:
    """Lets in who has an API key that works. Nothing behind it is reached without."""

    def __init__(self, app: ASGIApp, service: Service, attempts: FailedAttempts, peers: Peers) -> None:
        self._app = app
        self._service = service
        self._attempts = attempts
        self._peers = peers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate, then hand on. Raises `ApiError` and what the service raises."""
        request = Request(scope, receive)
        scope[_KEY] = await self._authenticated(request)
        await self._app(scope, receive, send)

    async def _authenticated(self, request: Request) -> ApiKey:
        peer = self._peers.of(request)
        wait = self._attempts.wait(peer)
        if wait:
            raise ApiError(
                "too_many_attempts",
                "too many API keys from this address were not accepted; try again later",
                headers={"Retry-After": str(wait)},
            )
        rows = request.headers.getlist("authorization")
        if not rows:
            raise problems.unauthenticated("send an API key as Authorization: Bearer", with_key=False)
        scheme, _, secret = rows[0].partition(" ")
        bearer = secret if len(rows) == 1 and scheme.lower() == _SCHEME else ""
        try:
            return await to_thread.run_sync(self._service.api_keys.authenticate, bearer)
        except Unauthenticated as refused:
            self._attempts.failed(peer)
            raise problems.unauthenticated(str(refused), with_key=True) from None


class Endpoint:
    """All operations of one path. The role is checked here, before anything of the body is read."""

    def __init__(self, path: str, operations: Mapping[str, Operation], services: Services, deliver: Delivery) -> None:
        self._path = path
        self._operations = operations
        self._services = services
        self._deliver = deliver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Raises `ApiError` and what the operation raises."""
        scope[_PATH] = self._path
        request = Request(scope, receive)
        operation = self._operations.get(request.method)
        if operation is None:
            raise problems.method_not_allowed(self._operations)
        key: ApiKey = scope[_KEY]
        check_role(key, operation.role)
        call = await _read(request, operation, key)
        answer = await to_thread.run_sync(operation.handle, self._services, call)
        response = await self._written(answer)
        await response(scope, receive, send)

    async def _written(self, answer: Answer) -> Response:
        if not isinstance(answer, Published):
            return answer
        return answer.write(await self._deliver(answer.sequence))


class Delivery:
    """Waits for Redis, but not for long: what is pending then is published all the same, only later."""

    def __init__(self, relay: Deliverer, seconds: float = limits.PROPAGATION_SECONDS) -> None:
        self._relay = relay
        self._seconds = seconds
        self._limiter: CapacityLimiter | None = None

    async def __call__(self, sequence: int | None) -> Propagation:
        """Whether what was committed is in Redis."""
        if self._limiter is None:  # it belongs to the loop that runs
            self._limiter = CapacityLimiter(_DELIVERIES)
        with anyio.move_on_after(self._seconds):
            return await to_thread.run_sync(
                self._relay.deliver, sequence, abandon_on_cancel=True, limiter=self._limiter
            )
        return Propagation.PENDING


class Guard:
    """The outermost part: every error becomes a problem document, and every answer is counted."""

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
        path, key = request.scope.get(_PATH, ""), request.scope.get(_KEY)
        self._observer.answered(
            method=request.method,
            path=path,
            status=status,
            duration_s=duration_s,
            key=key,
            peer=self._peers.of(request),
        )


def check_role(key: ApiKey, needed: Role) -> None:
    """Raises `ApiError`: 403 where the key's role is too low."""
    if not key.role.allows(needed):
        raise ApiError("forbidden", f"this needs the role {needed.value}; this API key has the role {key.role.value}")


def request_id(request: Request) -> str:
    """The caller's `X-Request-ID`, where it may be given back, or one made here."""
    given = request.headers.get("x-request-id", "")
    return given if is_request_id(given) else str(uuid.uuid4())


async def _read(request: Request, operation: Operation, key: ApiKey) -> Call:
    query = queries.read(request.query_params, operation.query, "this query")
    takes_body = operation.body is not None
    body = await bodies.read(request, operation.most_bytes, operation.media_types) if takes_body else b""
    return Call(
        key=key,
        path=request.path_params,
        query=query,
        headers=request.headers,
        body=body,
        method=request.method,
        url_path=request.url.path,
    )
