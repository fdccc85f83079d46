"""Operation: one method of one path, with the role it needs; and the one way in which all of them are served.

A path under /api/v1 exists only as a `Resource` of operations, and an operation cannot be made without a role.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.responses import Response

from authz_server.core.facts import is_identifier
from authz_server.managing import shown
from authz_server.managing.commands import Idempotency
from authz_server.managing.errors import NotFound
from authz_server.managing.records import Actor, Caller, Edited, Page, Role, Shape, Shown
from authz_server.managing.relay import Propagation
from authz_server.managing.service import Service
from authz_server.web import limits
from authz_server.web.api import bodies, problems, queries
from authz_server.web.dry_run import DryRun

Schema = Mapping[str, Any]
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Services:
    """What operations work with."""

    managing: Service
    dry_run: DryRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authenticated request, its body read. `query` holds the parameters that are there."""

    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, Any]
    headers: Headers
    body: bytes
    method: str
    url_path: str

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.caller.actor

    @property
    def fields(self) -> dict[str, Any]:
        """The members of the body; none where it is empty."""
        return bodies.fields(self.body)

    @property
    def optional_fields(self) -> dict[str, Any]:
        """As `fields`; of an empty body none."""
        return bodies.fields(self.body) if self.body else {}

    @property
    def expected_version(self) -> int | None:
        """That of `If-Match`."""
        return queries.expected_version(self.headers)

    @property
    def idempotency(self) -> Idempotency | None:
        """The `Idempotency-Key`, and what it came with."""
        key = queries.idempotency_key(self.headers)
        if key is None:
            return None
        request = b"\0".join((self.method.encode(), self.url_path.encode("utf-8", "surrogatepass"), self.body))
        return Idempotency(key, sha256(request).digest())

    def id(self, name: str) -> str:
        """An id from the path. Raises `NotFound` where it can be none."""
        value = self.path[name]
        if not is_identifier(value):
            raise NotFound
        return value


@dataclass(frozen=True, slots=True)
class Published:
    """An answer that has to wait for Redis: `write` is told whether what was done is there already."""

    sequence: int | None
    write: Callable[[Propagation], Response]


Answer = Response | Published
Handle = Callable[[Services, Call], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A good answer, as it is described: its status, what its body looks like, and the headers beside it."""

    status: int
    description: str
    schema: Schema
    headers: Collection[str] = ()
    media_types: Collection[str] = (JSON,)
    example: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path: who may, what it takes, what it does and what it answers.

    `errors` are the codes that it can answer with, beside those that every operation has.
    """

    id: str
    role: Role
    summary: str
    handle: Handle
    returns: Returned
    query: Mapping[str, queries.Parse] = field(default_factory=dict)
    body: Schema | None = None
    body_required: bool = True
    body_example: Any = None
    media_types: Collection[str] = bodies.JSON
    most_bytes: int = limits.BODY_BYTES
    conditional: bool = False  # reads If-Match
    idempotent: bool = False  # reads Idempotency-Key
    errors: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One path below /api/v1, and its operations by method."""

    path: str
    operations: Mapping[str, Operation]


def respond(shape: Shape, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A shape as JSON."""
    return Response(problems.written(shape), status, dict(headers or {}), JSON)


def found(read: Shown) -> Response:
    """One object, with its version."""
    return respond(read.shape, headers=etag(read.version))


def listed(page: Page[Shape]) -> Response:
    """A page of a list."""
    return respond({"items": list(page.items), "next_cursor": queries.write_cursor(page.next)})


def edited(done: Edited, *, status: int = 200, location: str | None = None) -> Published:
    """What an edit did. `location` is where things of this kind are: the object's own path begins with it."""
    headers = etag(done.version)
    if location is not None:
        headers["Location"] = f"{location}/{done.shape['id']}"
    if done.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Published(done.sequence, lambda propagation: respond(shown.answer(done, propagation), status, headers))


def etag(version: int | None) -> dict[str, str]:
    """The header for a version; none where there is none."""
    return {} if version is None else {"ETag": f'"{version}"'}
