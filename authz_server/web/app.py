"""The application: the API and the pages, put together."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from authz_server import __version__
from authz_server.checking.ports import Clock
from authz_server.core.allow_list import AllowList
from authz_server.managing.ports import Database
from authz_server.managing.service import Service
from authz_server.web import limits
from authz_server.web.api import (
    accounts,
    api_keys,
    clients,
    credentials,
    documentation,
    openapi,
    problems,
    profiles,
    whole,
)
from authz_server.web.api.operations import Operation, Resource, Services
from authz_server.web.api.paths import PREFIX
from authz_server.web.api.serving import Endpoint, Gate
from authz_server.web.attempts import FailedAttempts, PasswordAttempts
from authz_server.web.delivery import Deliverer, Delivery
from authz_server.web.dry_run import DryRun
from authz_server.web.guard import Guard, WebObserver
from authz_server.web.pages import assets
from authz_server.web.pages.rendering import Renderer
from authz_server.web.pages.serving import Frame
from authz_server.web.pages.site import site
from authz_server.web.pages.visits import Services as PageServices
from authz_server.web.peers import Peers
from authz_server.web.sessions import Cookies

RESOURCES: Final[tuple[Resource, ...]] = (
    *clients.RESOURCES,
    *profiles.RESOURCES,
    *credentials.RESOURCES,
    *api_keys.RESOURCES,
    *accounts.RESOURCES,
    *whole.RESOURCES,
)

NOBODY: Final = AllowList()
GATEWAY_URL: Final = "https://gateway.example"  # RFC 2606: nobody's
_API: Final = "/api"
_DESCRIPTION_PATH: Final = "/api/openapi.json"
_DOCUMENTATION_PATH: Final = "/api/docs"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_STRICT_TRANSPORT: Final = "max-age=31536000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How many failed attempts of one peer are taken, in how many seconds."""

    most: int = limits.FAILED_ATTEMPTS
    seconds: float = limits.ATTEMPTS_SECONDS


def application(
    service: Service,
    relay: Deliverer,
    observer: WebObserver,
    *,
    database: Database,
    clock: Clock,
    realm: str,
    gateway_url: str = GATEWAY_URL,
    trusted_proxies: AllowList = NOBODY,
    attempts: Attempts = Attempts(),
    propagation_seconds: float = limits.PROPAGATION_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
    request_ids: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> FastAPI:
    """The API and the pages over these. `trusted_proxies`: whose X-Forwarded-* is believed.

    `realm`: that of the check. `gateway_url`: where callers reach Envoy, as the pages show it.
    """
    peers = Peers(trusted_proxies)
    dry_run = DryRun(database, observer, clock=clock, realm=realm, request_ids=request_ids)
    delivery = Delivery(relay, propagation_seconds)
    services = Services(service, dry_run)
    failed = FailedAttempts(monotonic, most=attempts.most, seconds=attempts.seconds)
    frame = Frame(
        services=PageServices(
            managing=service,
            dry_run=dry_run,
            relay_state=lambda: relay.state,
            clock=clock,
            gateway_url=gateway_url,
            attempts=PasswordAttempts(monotonic),
        ),
        renderer=Renderer(assets.load(), __version__),
        cookies=Cookies(peers),
        delivery=delivery,
        observer=observer,
    )
    app = FastAPI(
        title="authz-server",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.router.routes.extend(
        [
            Mount(PREFIX, Gate(_router(services, delivery), service, failed, Cookies(peers))),
            *_description(openapi.describe(RESOURCES)),
            Mount(_API, Router(default=_nothing_here)),
            Mount("", site(frame)),
        ]
    )
    app.add_exception_handler(HTTPException, _framework_error)
    app.add_middleware(Guard, observer=observer, peers=peers)
    app.add_middleware(SafeHeaders)  # the outermost
    return app


def operations() -> Mapping[tuple[str, str], Operation]:
    """Every operation that is served, by method and path."""
    return {
        (method, f"{PREFIX}{resource.path}"): operation
        for resource in RESOURCES
        for method, operation in resource.operations.items()
    }


class SafeHeaders:
    """What every answer says to browsers and caches, unless it says otherwise itself. There is no CORS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", _STRICT_TRANSPORT)
            await send(message)

        await self._app(scope, receive, sending)


def _router(services: Services, delivery: Delivery) -> Router:
    """The resources, and 404 for whatever else is asked for."""
    routes = [
        Route(resource.path, Endpoint(f"{PREFIX}{resource.path}", resource.operations, services, delivery))
        for resource in RESOURCES
    ]
    return Router(routes, redirect_slashes=False, default=_nothing_here)


def _description(described: Mapping[str, Any]) -> list[Route]:
    text, page = problems.written(described), documentation.page(described)
    policy = {"Content-Security-Policy": documentation.CONTENT_SECURITY_POLICY}

    async def description(_: Request) -> Response:
        return Response(text, media_type="application/json")

    async def documented(_: Request) -> Response:
        return Response(page, headers=policy, media_type="text/html")

    return [Route(_DESCRIPTION_PATH, description), Route(_DOCUMENTATION_PATH, documented)]


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an ASGI application
    raise problems.not_found()


async def _framework_error(_: Request, error: Exception) -> Response:
    """What the framework itself refuses: a path or a method that is not there."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    headers = error.headers or {}
    if error.status_code == 405:  # noqa: PLR2004 - a status
        raise problems.method_not_allowed([name.strip() for name in headers.get("Allow", "").split(",")])
    raise problems.not_found()
