"""Signing in and out, and the theme: what is there before anybody is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from authz_server.managing.errors import Unauthenticated
from authz_server.web import sessions
from authz_server.web.attempts import FailedAttempts
from authz_server.web.guard import PATH
from authz_server.web.pages.forms import Form
from authz_server.web.pages.notices import Notice
from authz_server.web.pages.serving import SIGN_IN, THEME_COOKIE, Frame, read_form, redirected
from authz_server.web.pages.visits import Redirect, View

FAILURES: Final = 5  # of one account, and of one address
FAILURES_SECONDS: Final = 60.0
THEMES: Final = ("system", "light", "dark")
_THEME_SECONDS: Final = 365 * 86_400
_HOME: Final = "/"
_REFUSED: Final = "The user name or the password is wrong."
_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429


class SigningIn:
    """The pages that need nobody to be signed in."""

    def __init__(self, frame: Frame, monotonic: Callable[[], float]) -> None:
        self._frame = frame
        self._of_account = FailedAttempts(monotonic, most=FAILURES, seconds=FAILURES_SECONDS)
        self._of_address = FailedAttempts(monotonic, most=FAILURES, seconds=FAILURES_SECONDS)

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            self._route(SIGN_IN, {"GET": self._ask, "POST": self._sign_in}),
            self._route("/sign-out", {"POST": self._sign_out}),
            self._route("/theme", {"POST": self._choose_theme}),
        ]

    def _route(self, path: str, actions: Mapping[str, Callable[[Request], Any]]) -> Route:
        async def serve(request: Request) -> Response:
            request.scope[PATH] = path
            action = actions["GET" if request.method == "HEAD" else request.method]
            return await self._frame.guarded(request, action(request))

        return Route(path, serve, methods=list(actions))

    async def _ask(self, request: Request) -> Response:
        if await self._is_signed_in(request):
            return RedirectResponse(_next(request.query_params.get("next", "")), 303, {"Cache-Control": "no-store"})
        return self._page(request, Form({"next": request.query_params.get("next", "")}))

    async def _sign_in(self, request: Request) -> Response:
        form = await read_form(request, self._frame.cookies.visitor(request))
        name, peer = form.text("name"), self._frame.cookies.peers.of(request)
        wait = max(self._of_account.wait(name), self._of_address.wait(peer))
        if wait:
            sentence = f"Too many attempts failed. Try again in {wait} seconds."
            response = self._page(request, form, sentence, _TOO_MANY)
            response.headers["Retry-After"] = str(wait)
            return response
        try:
            signed_in = await to_thread.run_sync(
                self._frame.services.managing.sessions.sign_in, name, form.exact("password")
            )
        except Unauthenticated:
            self._of_account.failed(name)
            self._of_address.failed(peer)
            return self._page(request, form, _REFUSED, _UNAUTHORIZED)
        await self._end(request)  # whoever had this browser before
        response = RedirectResponse(_next(form.text("next")), 303, {"Cache-Control": "no-store"})
        self._frame.cookies.start(response, request, signed_in.secret.reveal())
        return response

    async def _sign_out(self, request: Request) -> Response:
        await read_form(request, self._frame.cookies.session(request))
        await self._end(request)
        response = redirected(self._frame.cookies, request, Redirect(to=SIGN_IN, notice=Notice.SIGNED_OUT))
        response.headers["Clear-Site-Data"] = '"cache"'
        self._frame.cookies.end(response, request)
        return response

    async def _choose_theme(self, request: Request) -> Response:
        cookies = self._frame.cookies
        secret = cookies.session(request) if await self._is_signed_in(request) else cookies.visitor(request)
        form = await read_form(request, secret)
        response = redirected(cookies, request, Redirect(to=_next(form.text("next"))))
        theme = form.text("theme")
        if theme in THEMES:
            cookies.remember(response, request, THEME_COOKIE, theme, _THEME_SECONDS)
        return response

    def _page(self, request: Request, form: Form, sentence: str = "", status: int = 200) -> Response:
        numbered = Response()
        secret = self._frame.cookies.meet(numbered, request)
        context = {
            "csrf_token": sessions.csrf_token(secret),
            "name": form.text("name"),
            "next": form.text("next"),
            "sentence": sentence,
        }
        response = self._frame.page(request, View(template="sign_in.html", context=context, status=status))
        response.raw_headers.extend(row for row in numbered.raw_headers if row[0] == b"set-cookie")
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
