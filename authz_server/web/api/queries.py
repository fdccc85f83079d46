"""Query parameters and headers that an operation reads, checked as fields are: all that is wrong at once."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.datastructures import Headers, QueryParams

from authz_server.core.facts import is_identifier
from authz_server.documents import values
from authz_server.documents.errors import Code, Problem
from authz_server.managing.errors import ValidationFailed, VersionMismatch
from authz_server.managing.fields import checked
from authz_server.managing.records import Position
from authz_server.web import limits

Parse = Callable[[Any], Any]

_NUMBER: Final = re.compile(r"[0-9]{1,18}").fullmatch
_LIMIT: Final = re.compile(r"[1-9][0-9]{0,2}").fullmatch
_ETAG: Final = re.compile(r'"([0-9]{1,19})"').fullmatch
_KEY: Final = re.compile(rf"[\x21-\x7e]{{1,{limits.IDEMPOTENCY_KEY_CHARACTERS}}}").fullmatch
_ANY: Final = "*"
_FARTHEST: Final = 2**53


def read(given: QueryParams, wanted: Mapping[str, Parse], where: str) -> dict[str, Any]:
    """The parameters that are there. Raises `ValidationFailed`, also for one that is unknown, or there twice."""
    repeated = [name for name in given if len(given.getlist(name)) > 1]
    if repeated:
        sentence = "is there twice; each parameter may be given once"
        raise ValidationFailed(tuple(Problem((name,), Code.DUPLICATE_FIELD, sentence) for name in repeated))
    with checked(dict(given)) as fields:
        fields.know(frozenset(wanted), where)
        return {name: fields.optional(name, parse, None) for name, parse in wanted.items() if name in fields}


def expected_version(headers: Headers) -> int | None:
    """The version that `If-Match` names; None where any will do. Raises `VersionMismatch` for a weak or garbled one."""
    rows = headers.getlist("if-match")
    if not rows or rows == [_ANY]:
        return None
    match = _ETAG(rows[0]) if len(rows) == 1 else None
    if match is None:
        raise VersionMismatch('If-Match names no version: it is the ETag of the object, such as "17"')
    return int(match[1])


def idempotency_key(headers: Headers) -> str | None:
    """The `Idempotency-Key`. Raises `ValidationFailed`."""
    rows = headers.getlist("idempotency-key")
    if not rows:
        return None
    if len(rows) > 1 or not _KEY(rows[0]):
        most = limits.IDEMPOTENCY_KEY_CHARACTERS
        sentence = f"is not a key: once, 1 to {most} characters of printable ASCII without spaces"
        raise ValidationFailed((Problem(("Idempotency-Key",), Code.INVALID, sentence),))
    return rows[0]


def search(value: Any) -> str | None:
    """What to search for; empty text searches for nothing."""
    return values.text(limits.QUERY_CHARACTERS)(value) if value else None


def page_items(value: Any) -> int:
    """How many items a page has at most."""
    if not _LIMIT(value) or int(value) > limits.MOST_PAGE_ITEMS:
        raise ValueError(f"is not a number of items; accepted are 1 to {limits.MOST_PAGE_ITEMS}")
    return int(value)


def switch(value: Any) -> bool:
    """`true` or `false`."""
    return values.one_of(("true", "false"))(value) == "true"


def write_cursor(position: Position | None) -> str | None:
    """A place in a list, as text that nobody should read anything into; None for the end."""
    if position is None:
        return None
    text = json.dumps(position, separators=(",", ":")).encode("ascii")
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode("ascii")


def cursor(value: Any) -> Position:
    """The position of such a text. Raises ValueError."""
    refused = ValueError("is no cursor that was given out here")
    if not value or len(value) > limits.CURSOR_CHARACTERS:
        raise refused
    try:
        padded = value.encode("ascii") + b"=" * (-len(value) % 4)
        at, item_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError):
        raise refused from None
    is_position = type(at) in (int, float) and isinstance(item_id, str)
    if not is_position or not -_FARTHEST <= at <= _FARTHEST or not is_identifier(item_id):
        raise refused
    return Position(float(at), item_id)


def write_number(number: int | None) -> str | None:
    """A cursor that is a number, in the form of all others."""
    return None if number is None else write_cursor(Position(0.0, str(number)))


def number(value: Any) -> int:
    """The number of such a text. Raises ValueError."""
    item_id = cursor(value).id
    if not _NUMBER(item_id):
        raise ValueError("is no cursor that was given out here")
    return int(item_id)
