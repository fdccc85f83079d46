"""A visit: one request of a page by somebody who has signed in; what a page answers; and the table that a page is."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import Response

from authz_server.core.facts import is_identifier
from authz_server.core.secret import Secret
from authz_server.managing.commands import Idempotency
from authz_server.managing.errors import NotFound
from authz_server.managing.ports import Clock
from authz_server.managing.records import Account, Actor, Role
from authz_server.managing.relay import RelayState
from authz_server.managing.service import Service
from authz_server.web.attempts import PasswordAttempts
from authz_server.web.dry_run import DryRun
from authz_server.web.pages.forms import Form
from authz_server.web.pages.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What pages work with. `gateway_url`: where callers reach Envoy, for lines that can be pasted."""

    managing: Service
    dry_run: DryRun
    relay_state: Callable[[], RelayState]
    clock: Clock
    gateway_url: str
    attempts: PasswordAttempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request. `form` is empty but for a POST."""

    account: Account
    method: str
    url_path: str
    path: Mapping[str, str]
    query: QueryParams
    form: Form
    now: float
    origin: str  # of these pages, as the browser knows them: https://authz.example
    peer: str  # the address that this comes from

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.account.caller.actor

    @property
    def idempotency(self) -> Idempotency | None:
        """That of the form's one-time key."""
        return self.form.idempotency(self.method, self.url_path)

    def may(self, role: Role) -> bool:
        """Whether the person has this role."""
        return self.account.role.allows(role)

    def id(self, name: str) -> str:
        """An id from the path. Raises `NotFound` where it can be none."""
        value = self.path[name]
        if not is_identifier(value):
            raise NotFound
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A page, made of a template. With a sequence it waits for Redis first, and is told by `is_pending`."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict, repr=False)  # a credential may be in it
    status: int = 200
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """What was sent is done; the browser is led to a page that can be reloaded, which says so (303).

    `session`: of the new session that has begun in place of the one that sent this. `ends`: that one is over.
    """

    to: str
    notice: Notice | None = None
    sequence: int | None = None
    session: Secret | None = None
    ends: bool = False


Answer = View | Redirect | Response
Handle = Callable[[Services, Visit], Answer]


@dataclass(frozen=True, slots=True)
class Action:
    """One method of one page: who may, and what it does."""

    role: Role
    handle: Handle


@dataclass(frozen=True, slots=True)
class Page:
    """One path, and what is done there by GET and by POST."""

    path: str
    actions: Mapping[str, Action]


def new_form_key() -> str:
    """A one-time key for a form."""
    return secrets.token_hex(16)
