"""Serving: the gate before /api/v1, and the one way from a request to an operation and back to an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from authz_server.managing.errors import Unauthenticated
from authz_server.managing.records import Caller, Role
from authz_server.managing.service import Service
from authz_server.web import sessions
from authz_server.web.api import bodies, problems, queries
from authz_server.web.api.operations import Answer, Call, Operation, Published, Services
from authz_server.web.api.problems import ApiError
from authz_server.web.attempts import FailedAttempts
from authz_server.web.delivery import Delivery
from authz_server.web.guard import CALLER, PATH
from authz_server.web.sessions import Cookies

_SCHEME: Final = "bearer"


class Gate:
    """Lets in who has an API key that works, or has signed in. Nothing behind it is reached without."""

    def __init__(self, app: ASGIApp, service: Service, attempts: FailedAttempts, cookies: Cookies) -> None:
        self._app = app
        self._service = service
        self._attempts = attempts
        self._cookies = cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate, then hand on. Raises `ApiError` and what the service raises."""
        request = Request(scope, receive)
        scope[CALLER] = await self._authenticated(request)
        await self._app(scope, receive, send)

    async def _authenticated(self, request: Request) -> Caller:
        rows = request.headers.getlist("authorization")
        if rows:
            return await self._with_key(request, rows)
        secret = self._cookies.session(request)
        if not secret:
            raise problems.unauthenticated("send an API key as Authorization: Bearer", with_key=False)
        return await self._signed_in(request, secret)

    async def _with_key(self, request: Request, rows: list[str]) -> Caller:
        peer = self._cookies.peers.of(request)
        wait = self._attempts.wait(peer)
        if wait:
            raise ApiError(
                "too_many_attempts",
                "too many API keys from this address were not accepted; try again later",
                headers={"Retry-After": str(wait)},
            )
        scheme, _, secret = rows[0].partition(" ")
        bearer = secret if len(rows) == 1 and scheme.lower() == _SCHEME else ""
        try:
            key = await to_thread.run_sync(self._service.api_keys.authenticate, bearer)
        except Unauthenticated as refused:
            self._attempts.failed(peer)
            raise problems.unauthenticated(str(refused), with_key=True) from None
        return key.caller

    async def _signed_in(self, request: Request, secret: str) -> Caller:
        """A browser sends the cookie wherever a request comes from; the header, only our own script can set."""
        is_proven = sessions.comes_from_here(request) and sessions.is_ours(
            secret, request.headers.get(sessions.CSRF_HEADER, "")
        )
        if not sessions.is_safe(request) and not is_proven:
            raise ApiError("forbidden", "with a session instead of an API key, this needs the header X-CSRF-Token")
        try:
            found = await to_thread.run_sync(self._service.sessions.find, secret)
        except Unauthenticated:
            raise problems.unauthenticated("the session has ended: sign in again", with_key=False) from None
        return found.account.caller


class Endpoint:
    """All operations of one path. The role is checked here, before anything of the body is read."""

    def __init__(self, path: str, operations: Mapping[str, Operation], services: Services, deliver: Delivery) -> None:
        self._path = path
        self._operations = operations
        self._services = services
        self._deliver = deliver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Raises `ApiError` and what the operation raises."""
        request = Request(scope, receive)
        operation = self._operations.get(request.method)
        if operation is None:
            raise problems.method_not_allowed(self._operations)
        scope[PATH] = self._path  # not before: what is counted by its name, callers cannot make up
        caller: Caller = scope[CALLER]
        check_role(caller, operation.role)
        call = await _read(request, operation, caller)
        answer = await to_thread.run_sync(operation.handle, self._services, call)
        response = await self._written(answer)
        await response(scope, receive, send)

    async def _written(self, answer: Answer) -> Response:
        if not isinstance(answer, Published):
            return answer
        return answer.write(await self._deliver(answer.sequence))


def check_role(caller: Caller, needed: Role) -> None:
    """Raises `ApiError`: 403 where the caller's role is too low."""
    if not caller.role.allows(needed):
        raise ApiError("forbidden", f"this needs the role {needed.value}; you have the role {caller.role.value}")


async def _read(request: Request, operation: Operation, caller: Caller) -> Call:
    query = queries.read(request.query_params, operation.query, "this query")
    takes_body = operation.body is not None
    body = await bodies.read(request, operation.most_bytes, operation.media_types) if takes_body else b""
    return Call(
        caller=caller,
        path=request.path_params,
        query=query,
        headers=request.headers,
        body=body,
        method=request.method,
        url_path=request.url.path,
    )
