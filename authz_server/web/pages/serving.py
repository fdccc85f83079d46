"""Serving: the one way from a request to a page and back. Nothing is read or done before it is known who asks."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from authz_server.managing.errors import NotFound, Unauthenticated
from authz_server.managing.records import Account, Role
from authz_server.managing.relay import Propagation
from authz_server.web import sessions
from authz_server.web.api import bodies, problems
from authz_server.web.api.problems import ApiError
from authz_server.web.delivery import Delivery
from authz_server.web.guard import CALLER, PATH, WebObserver
from authz_server.web.pages import forms, notices, visits
from authz_server.web.pages.forms import Form, MalformedForm
from authz_server.web.pages.rendering import Renderer
from authz_server.web.pages.visits import Answer, Page, Redirect, Services, View, Visit
from authz_server.web.sessions import Cookies

SIGN_IN: Final = "/sign-in"
THEME_COOKIE: Final = "authz_theme"
THEMES: Final = ("system", "light", "dark")
_GET: Final = "GET"
_POST: Final = "POST"
_METHODS: Final = (_GET, _POST)
_FAULT: Final = "pages"
_NOT_OURS: Final = (
    "This form did not come from this page, or your session has changed since it was opened. Nothing was done:"
    " go back, reload the page, and send it again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page is served with."""

    services: Services
    renderer: Renderer
    cookies: Cookies
    delivery: Delivery
    observer: WebObserver

    def page(self, request: Request, view: View, account: Account | None = None, **context: Any) -> Response:
        """A page with all that surrounds it: who is signed in, the notice, the theme."""
        met = Response()  # what holds the cookie of who comes for the first time: the forms around the page need one
        secret = self.cookies.session(request) if account is not None else self.cookies.meet(met, request)
        told = notices.read(self.cookies.remembered(request, notices.COOKIE))
        now = self.services.clock()
        theme = self.cookies.remembered(request, THEME_COOKIE)
        surroundings = {
            "account": account,
            "may_operate": account is not None and account.role.allows(Role.OPERATOR),
            "may_administer": account is not None and account.role.allows(Role.ADMIN),
            "csrf_token": sessions.csrf_token(secret),
            "form_key": visits.new_form_key(),
            "notice": told,
            "pending_sentence": notices.PENDING_SENTENCE,
            "is_pending": False,
            "now": now,
            "path": request.url.path,
            "theme": theme if theme in THEMES else THEMES[0],
            "origin": origin(request, self.cookies),
            "gateway_url": self.services.gateway_url,
        }
        response = self.renderer.page(view.template, {**surroundings, **view.context, **context}, view.status)
        response.raw_headers.extend(row for row in met.raw_headers if row[0] == b"set-cookie")
        if told is not None:
            self.cookies.remember(response, request, notices.COOKIE, "", 0)
        return response

    def error(self, request: Request, problem: ApiError, account: Account | None = None) -> Response:
        """An error as a page."""
        kind = problems.KINDS[problem.code]
        context = {"title": kind.title, "status": kind.status, "sentence": str(problem)}
        response = self.page(request, View(template="error.html", context=context, status=kind.status), account)
        response.headers.update(problem.headers)
        return response

    async def guarded(self, request: Request, answer: Awaitable[Response], account: Account | None = None) -> Response:
        """The answer, or the page that says why there is none."""
        try:
            return await answer
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - a surprise is a page too, and told to the observer
            known = problems.of(error)
            if known is None:
                self.observer.fault(_FAULT, error)
                known = problems.internal_error()
            return self.error(request, known, account)


class Endpoint:
    """One page."""

    def __init__(self, page: Page, frame: Frame) -> None:
        self._page = page
        self._frame = frame

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        if _method(request) in self._page.actions:  # what is counted by its name, callers cannot make up
            scope[PATH] = self._page.path
        response = await self._response(request)
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        find = self._frame.services.managing.sessions.find
        try:
            found = await to_thread.run_sync(find, self._frame.cookies.session(request))
        except Unauthenticated:
            return self._signed_out(request)
        except Exception as error:  # noqa: BLE001 - the database may be gone
            return await self._frame.guarded(request, _raising(error))
        request.scope[CALLER] = found.account.caller
        return await self._frame.guarded(request, self._answered(request, found.account), found.account)

    def _signed_out(self, request: Request) -> Response:
        if not sessions.is_safe(request):
            problem = ApiError(
                "unauthenticated",
                "Your session has ended, and nothing was done. Sign in in another tab, then come back to this one,"
                " go back to the form, and send it again.",
            )
            return self._frame.error(request, problem)
        asked_for = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{SIGN_IN}?next={quote(asked_for, safe='')}", 303, {"Cache-Control": "no-store"})

    async def _answered(self, request: Request, account: Account) -> Response:
        method = _method(request)
        action = self._page.actions.get(method)
        if action is None and method == _GET:
            # The address of a form's answer, without the form: typed again, or gone back to once the theme was chosen.
            return RedirectResponse(request.url.path.rpartition("/")[0] or "/", 303, {"Cache-Control": "no-store"})
        if action is None:
            raise problems.method_not_allowed(self._page.actions)
        if not account.role.allows(action.role):
            raise ApiError(
                "forbidden", f"This needs the role {action.role.value}; you have the role {account.role.value}."
            )
        form = await read_form(request, self._frame.cookies.session(request)) if method == _POST else Form()
        visit = Visit(
            account=account,
            method=method,
            url_path=request.url.path,
            path=request.path_params,
            query=request.query_params,
            form=form,
            now=self._frame.services.clock(),
            origin=origin(request, self._frame.cookies),
            peer=self._frame.cookies.peers.of(request),
        )
        answer = await to_thread.run_sync(action.handle, self._frame.services, visit)
        return await self._written(request, account, answer)

    async def _written(self, request: Request, account: Account, answer: Answer) -> Response:
        if isinstance(answer, Response):
            return answer
        is_pending = answer.sequence is not None and await self._frame.delivery(answer.sequence) is Propagation.PENDING
        if isinstance(answer, View):
            return self._frame.page(request, answer, account, is_pending=is_pending)
        return redirected(self._frame.cookies, request, answer, is_pending=is_pending)


def redirected(cookies: Cookies, request: Request, answer: Redirect, *, is_pending: bool = False) -> Response:
    """303 to a page, and what that page is to say."""
    response = RedirectResponse(answer.to, 303, {"Cache-Control": "no-store"})
    if answer.notice is not None:
        told = notices.Told(answer.notice, is_pending)
        cookies.remember(response, request, notices.COOKIE, told.write(), notices.SECONDS)
    if answer.session is not None:
        cookies.start(response, request, answer.session.reveal())
    if answer.ends:
        cookies.end(response, request)
        response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def read_form(request: Request, secret: str, most: int = forms.FORM_BYTES) -> Form:
    """The form that was sent, of at most so many bytes. Raises `ApiError` where it is none, or none of ours."""
    if not sessions.comes_from_here(request):
        raise ApiError("forbidden", _NOT_OURS)
    body = await bodies.read(request, most, (forms.MEDIA_TYPE,))
    try:
        form = await to_thread.run_sync(Form.parse, body)  # of a large one, not while everybody waits
    except MalformedForm:
        raise ApiError("malformed_request", "The form cannot be read.") from None
    if not sessions.is_ours(secret, request.headers.get(sessions.CSRF_HEADER) or form.exact(sessions.CSRF_FIELD)):
        raise ApiError("forbidden", _NOT_OURS)
    return form


def origin(request: Request, cookies: Cookies) -> str:
    """These pages' origin, as the browser knows it."""
    scheme = "https" if cookies.peers.is_secure(request) else "http"
    return f"{scheme}://{request.headers.get('host', '')}"


def _method(request: Request) -> str:
    """What is asked for: HEAD is GET, and who serves the answer leaves its body out."""
    return _GET if request.method == "HEAD" else request.method


class Nowhere:
    """The page for every path that there is no page for. Who has not signed in does not learn which those are."""

    def __init__(self, frame: Frame) -> None:
        self._endpoint = Endpoint(
            Page("", {method: visits.Action(Role.VIEWER, _nowhere) for method in _METHODS}), frame
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await self._endpoint(scope, receive, send)


def _nowhere(_: Services, __: Visit) -> Answer:
    raise NotFound("there is no such page")


async def _raising(error: Exception) -> Response:
    raise error
