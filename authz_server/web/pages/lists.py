"""Lists: what is searched for, and which part of a list a page shows, as the page's address says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from authz_server.managing.errors import Code
from authz_server.managing.records import Position
from authz_server.web.api import queries
from authz_server.web.api.problems import ApiError
from authz_server.web.pages.visits import Visit

ITEMS: Final = 25  # of a page: what one looks over without searching
_CURSOR: Final = "cursor"

T = TypeVar("T")


def asked(visit: Visit, name: str, parse: Callable[[Any], T]) -> T | None:
    """One parameter of the address; None where it is not there, or empty. Raises `ApiError` where it is refused."""
    text = visit.query.get(name)
    if not text:
        return None
    try:
        return parse(text)
    except ValueError as problem:
        raise ApiError(Code.VALIDATION_FAILED, f"In the address of this page, {name} {problem}.") from None


def search(visit: Visit) -> str | None:
    """What is searched for."""
    return asked(visit, "q", queries.search)


def after(visit: Visit) -> Position | None:
    """Where this part of the list begins."""
    return asked(visit, _CURSOR, queries.cursor)


def following(visit: Visit, position: Position | None) -> str | None:
    """The address of the part that begins there, of the same list."""
    cursor = queries.write_cursor(position)
    return None if cursor is None else _address(visit, cursor)


def first(visit: Visit) -> str | None:
    """The address of the list's beginning; None where that is this page."""
    return _address(visit, None) if visit.query.get(_CURSOR) else None


def _address(visit: Visit, cursor: str | None) -> str:
    kept = {name: text for name, text in visit.query.items() if name != _CURSOR and text}
    query = urlencode(kept if cursor is None else {**kept, _CURSOR: cursor})
    return f"{visit.url_path}?{query}" if query else visit.url_path
