"""The pages over fakes, visited as a browser without scripts does: cookies are kept, forms are sent as they are filled.

async with visiting(api, Role.OPERATOR) as visitor:
    answer = await visitor.send("/clients/new", name="Acme mobile")
    assert "Client created." in visitor.follow(answer).text
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from authz_server.managing.commands import CreateAccount
from authz_server.managing.errors import NotFound
from authz_server.managing.records import COMMAND_LINE, Role
from authz_server.web.sessions import CSRF_FIELD, csrf_token
from tests.support import html
from tests.support.passwords import A_PASSWORD
from tests.support.rest_api import Api

ORIGIN: Final = "http://manage.test"
SESSION_COOKIE: Final = "authz_session"
VISITOR_COOKIE: Final = "authz_visitor"


class Visitor:
    """A browser: one set of cookies, at one address."""

    def __init__(self, api: Api, client: httpx.AsyncClient) -> None:
        self.api = api
        self.client = client

    @property
    def secret(self) -> str:
        """That of the session, or nothing."""
        return self.client.cookies.get(SESSION_COOKIE) or ""

    @property
    def csrf_token(self) -> str:
        """What the forms of this session, or of this visitor, carry."""
        return csrf_token(self.secret or self.client.cookies.get(VISITOR_COOKIE) or "")

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """One page."""
        return await self.client.get(path, headers=headers)

    async def open(self, path: str) -> html.Shown:
        """One page that is there, read."""
        answer = await self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return html.read(answer.text)

    async def post(
        self, path: str, fields: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """A form with these fields, and the proof that it is ours."""
        return await self.client.post(path, data={CSRF_FIELD: self.csrf_token, **(fields or {})}, headers=headers)

    async def send(self, path: str, **typed: str) -> httpx.Response:
        """Open a page, fill in its form, and send it. A field's dot is written `__`; None leaves it out."""
        shown = await self.open(path)
        return await self.post(path, shown.fields | {name.replace("__", "."): text for name, text in typed.items()})

    async def follow(self, answer: httpx.Response) -> html.Shown:
        """The page that a form has led to (303)."""
        assert answer.status_code == 303, (answer.status_code, html.read(answer.text).text)
        return await self.open(answer.headers["location"])

    async def sign_in(self, name: str, password: str = A_PASSWORD, **fields: str) -> httpx.Response:
        """By the page for it."""
        await self.get("/sign-in")
        return await self.post("/sign-in", {"name": name, "password": password, **fields})


def an_account(api: Api, name: str, role: Role = Role.ADMIN, password: str = A_PASSWORD) -> str:
    """The id of the account of this name, which is made where there is none."""
    try:
        found: str = api.service.reading.account_named(name).shape["id"]
    except NotFound:
        fields = {"name": name, "role": role.value, "password": password}
        found = api.service.accounts.create(CreateAccount(actor=COMMAND_LINE, fields=fields)).shape["id"]
    return found


@asynccontextmanager
async def visiting(
    api: Api, role: Role | None = Role.ADMIN, *, peer: str = "192.0.2.1", origin: str = ORIGIN, **options: Any
) -> AsyncIterator[Visitor]:
    """Somebody with this role, signed in; nobody has with None. The account's name is the role's.

    `options`: those of `httpx.AsyncClient`.
    """
    transport = httpx.ASGITransport(api.app, client=(peer, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url=origin, **options) as client:
        if role is not None:
            an_account(api, role.value, role)
            signed_in = api.service.sessions.sign_in(role.value, A_PASSWORD)
            client.cookies.set(SESSION_COOKIE, signed_in.secret.reveal(), domain=urlsplit(origin).hostname or "")
        yield Visitor(api, client)
