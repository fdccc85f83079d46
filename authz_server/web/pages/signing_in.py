"""Signing in and out, and the theme: what is there before anybody is known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from authz_server.managing.errors import DatabaseUnavailable, Unauthenticated
from authz_server.managing.sessions import SignedIn
from authz_server.web.api import problems
from authz_server.web.guard import PATH
from authz_server.web.pages.forms import Form
from authz_server.web.pages.notices import Notice
from authz_server.web.pages.serving import SIGN_IN, THEME_COOKIE, THEMES, Frame, read_form, redirected
from authz_server.web.pages.visits import Redirect, View

FORM_BYTES: Final = 16_384  # nobody is known yet
_AT_ONCE: Final = 4  # of those whose password is looked at: the threads are everybody's
_MOST_WAITING: Final = 32  # for that; some seconds of work. Each holds a request, of which there are so many
_BUSY_SECONDS: Final = 5
_THEME_SECONDS: Final = 365 * 86_400
_HOME: Final = "/"
_REFUSED: Final = "The user name or the password is wrong."
_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429

_Action = Callable[[Request], Awaitable[Response]]


class _Busy(Exception):
    """More passwords wait to be looked at than anybody would wait for."""


class _Endpoint:
    """One path, and what is done there by each method."""

    def __init__(self, path: str, actions: Mapping[str, _Action], frame: Frame) -> None:
        self._path = path
        self._actions = actions
        self._frame = frame

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        response = await self._frame.guarded(request, self._response(request))
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        action = self._actions.get("GET" if request.method == "HEAD" else request.method)
        if action is None:
            raise problems.method_not_allowed(self._actions)
        request.scope[PATH] = self._path
        return await action(request)


class SigningIn:
    """The pages that need nobody to be signed in."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._limiter: CapacityLimiter | None = None
        self._being_looked_at = 0  # those that wait for it among them

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            self._route(SIGN_IN, {"GET": self._ask, "POST": self._sign_in}),
            self._route("/sign-out", {"POST": self._sign_out}),
            self._route("/theme", {"POST": self._choose_theme}),
        ]

    def _route(self, path: str, actions: Mapping[str, _Action]) -> Route:
        return Route(path, _Endpoint(path, actions, self._frame))

    async def _ask(self, request: Request) -> Response:
        if await self._is_signed_in(request):
            return RedirectResponse(_next(request.query_params.get("next", "")), 303, {"Cache-Control": "no-store"})
        return self._page(request, Form({"next": request.query_params.get("next", "")}))

    async def _sign_in(self, request: Request) -> Response:
        form = await read_form(request, self._frame.cookies.visitor(request), FORM_BYTES)
        name, peer = form.text("name"), self._frame.cookies.peers.of(request)
        attempts = self._frame.services.attempts
        wait = attempts.begin(name, peer)
        if wait:
            return self._later(request, form, "Too many attempts failed.", wait)
        try:
            signed_in = await self._looked_at(name, form.exact("password"))
        except _Busy:
            attempts.forgive(name, peer)
            return self._later(request, form, "Too many people are signing in just now.", _BUSY_SECONDS)
        except Unauthenticated:
            return self._page(request, form, _REFUSED, _UNAUTHORIZED)
        except DatabaseUnavailable:
            attempts.forgive(name, peer)
            raise
        attempts.forgive(name, peer)
        await self._end(request)  # whoever had this browser before
        return redirected(self._frame.cookies, request, Redirect(to=_next(form.text("next")), session=signed_in.secret))

    async def _looked_at(self, name: str, password: str) -> SignedIn:
        if self._limiter is None:  # it belongs to the loop that runs
            self._limiter = CapacityLimiter(_AT_ONCE)
        if self._being_looked_at >= _AT_ONCE + _MOST_WAITING:  # the limiter knows of them a moment later only
            raise _Busy
        sign_in = self._frame.services.managing.sessions.sign_in
        self._being_looked_at += 1
        try:
            return await to_thread.run_sync(sign_in, name, password, limiter=self._limiter)
        finally:
            self._being_looked_at -= 1

    async def _sign_out(self, request: Request) -> Response:
        await read_form(request, self._frame.cookies.session(request), FORM_BYTES)
        await self._end(request)
        return redirected(self._frame.cookies, request, Redirect(to=SIGN_IN, notice=Notice.SIGNED_OUT, ends=True))

    async def _choose_theme(self, request: Request) -> Response:
        cookies = self._frame.cookies
        secret = cookies.session(request) if await self._is_signed_in(request) else cookies.visitor(request)
        form = await read_form(request, secret, FORM_BYTES)
        response = redirected(cookies, request, Redirect(to=_next(form.text("next"))))
        theme = form.text("theme")
        if theme in THEMES:
            cookies.remember(response, request, THEME_COOKIE, theme, _THEME_SECONDS)
        return response

    def _page(self, request: Request, form: Form, sentence: str = "", status: int = 200) -> Response:
        context = {"name": form.text("name"), "next": form.text("next"), "sentence": sentence}
        return self._frame.page(request, View(template="sign_in.html", context=context, status=status))

    def _later(self, request: Request, form: Form, sentence: str, seconds: int) -> Response:
        response = self._page(request, form, f"{sentence} Try again in {seconds} seconds.", _TOO_MANY)
        response.headers["Retry-After"] = str(seconds)
        return response

    async def _is_signed_in(self, request: Request) -> bool:
        try:
            await to_thread.run_sync(self._frame.services.managing.sessions.find, self._frame.cookies.session(request))
        except Unauthenticated:
            return False
        return True

    async def _end(self, request: Request) -> None:
        await to_thread.run_sync(self._frame.services.managing.sessions.end, self._frame.cookies.session(request))


def _next(path: str) -> str:
    """Where to go on: a path of ours, or home. What a browser would take for another host's is none."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else _HOME
