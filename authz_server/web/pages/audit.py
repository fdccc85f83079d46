"""/audit: who changed what, and when; and the same as a table for other programs."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.responses import StreamingResponse

from authz_server.core.facts import is_identifier
from authz_server.documents.shapes import written_time
from authz_server.managing.ports import AuditFilter
from authz_server.managing.reading import Reading
from authz_server.managing.records import Role, Shape
from authz_server.web.pages import audit_words, csv_text, scripts, words
from authz_server.web.pages.forms import Filled
from authz_server.web.pages.visits import Action, Answer, Page, Services, View, Visit

PATH: Final = "/audit"
CSV_PATH: Final = "/audit.csv"
ITEMS: Final = 25
CSV_ITEMS: Final = 500  # read at once
_LONGEST_ID: Final = 18  # digits
_END_OF_TIME: Final = 253_402_300_800  # the year 10000, in seconds since the Unix epoch
_IDS: Final = ("client_id", "profile_id", "account_id", "actor_id")
_OPTIONS: Final = {
    "client_id": "--client",
    "profile_id": "--profile",
    "account_id": "--account",
    "actor_id": "--actor",
    "action": "--action",
    "since": "--since",
    "until": "--until",
}
_COLUMNS: Final = (
    *("id", "at_utc", "actor_id", "actor", "action"),
    *("client_id", "profile_id", "api_key_id", "account_id", "changes"),
)
_BEFORE: Final = "before"
_DOWNLOAD: Final = {
    "Cache-Control": "no-store",
    "Content-Disposition": f'attachment; filename="{CSV_PATH.lstrip("/")}"',
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}


def _audit(services: Services, visit: Visit) -> Answer:
    wanted, before, filled = _asked(visit.query)
    entries = () if filled.errors else services.managing.reading.audit(wanted, before=before, limit=ITEMS + 1)
    shown = entries[:ITEMS]
    kept = {name: text for name, text in visit.query.items() if name in AuditFilter._fields and text}
    older = {**kept, _BEFORE: str(shown[-1]["id"])} if len(entries) > ITEMS else None
    context = {
        "filled": filled,
        "entries": shown,
        "subject": audit_words.subject,
        "changes": audit_words.changes,
        "nothing": audit_words.NOTHING,
        "actions": (("", "anything"), *words.ACTIONS.items()),
        "is_filtered": bool(kept),
        "next_href": None if older is None else _address(PATH, older),
        "first_href": _address(PATH, kept) if visit.query.get(_BEFORE) else None,
        "csv_href": _address(CSV_PATH, kept),
        "with_actor": lambda actor_id: _address(PATH, {**kept, "actor_id": actor_id}),
        "commands": _commands(visit, wanted),
    }
    return View(template="audit.html", context=context, status=422 if filled.errors else 200)


def _csv(services: Services, visit: Visit) -> Answer:
    wanted, before, filled = _asked(visit.query)
    if filled.errors:
        return _audit(services, visit)
    reading = services.managing.reading
    first = reading.audit(wanted, before=before, limit=CSV_ITEMS)  # now, since a stream cannot become an error page
    lines = csv_text.lines(_COLUMNS, map(_row, _entries(reading, wanted, first)))
    return StreamingResponse(lines, headers=_DOWNLOAD, media_type="text/csv; charset=utf-8; header=present")


def _entries(reading: Reading, wanted: AuditFilter, first: tuple[Shape, ...]) -> Iterator[Shape]:
    """All of them. Nothing is ever put between two entries, so what follows one does not change."""
    entries = first
    while entries:
        yield from entries
        full = len(entries) == CSV_ITEMS
        entries = reading.audit(wanted, before=entries[-1]["id"], limit=CSV_ITEMS) if full else ()


def _row(entry: Shape) -> tuple[str, ...]:
    changes = "\n".join(f"{each.field}: {each.before} -> {each.after}" for each in audit_words.changes(entry))
    actor = entry["actor"]
    names = ("client_id", "profile_id", "api_key_id", "account_id")
    ids = (entry[name] or "" for name in names)
    return (str(entry["id"]), entry["at"], actor["id"], actor["name"], entry["action"], *ids, changes)


def _asked(query: QueryParams) -> tuple[AuditFilter, int | None, Filled]:
    """The filter, where to begin, and the form as it was filled in, with what is wrong about it."""
    errors: dict[str, tuple[str, ...]] = {}

    def read(name: str, parse: Callable[[str], Any]) -> Any:
        text = query.get(name, "").strip()
        try:
            return parse(text) if text else None
        except ValueError as problem:
            errors[name] = (str(problem),)
            return None

    wanted = AuditFilter(
        **{name: read(name, _id) for name in _IDS},
        action=read("action", _action),
        since=read("since", _moment),
        until=read("until", _moment),
    )
    before = read(_BEFORE, _number)
    values = {name: text.strip() for name, text in query.items()}
    values |= {name: _typed(at) for name in ("since", "until") if (at := getattr(wanted, name)) is not None}
    return wanted, before, Filled(values, errors if _BEFORE not in errors else errors | {"": errors[_BEFORE]})


def _id(text: str) -> str:
    if not is_identifier(text):
        raise ValueError("This is no id: an id has letters, digits, '.', '_', '~' and '-'.")
    return text


def _action(text: str) -> str:
    if text not in words.ACTIONS:
        raise ValueError("There is no such action.")
    return text


def _moment(text: str) -> float:
    """What a field for date and time sends; RFC 3339 as well."""
    refused = ValueError("This is no time; write it as 2027-01-31T14:00, in UTC.")
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise refused from None
    at = (read.replace(tzinfo=UTC) if read.tzinfo is None else read).timestamp()
    if not 0 <= at < _END_OF_TIME:
        raise refused
    return at


def _typed(at: float) -> str:
    """As a field for date and time takes it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}".removesuffix(":00")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > _LONGEST_ID:
        raise ValueError("This address leads to no part of the list.")
    return int(text)


def _sent(value: str | float) -> str:
    """As REST takes it."""
    return value if isinstance(value, str) else written_time(value) or ""


def _address(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _commands(visit: Visit, wanted: AuditFilter) -> tuple[scripts.Command, ...]:
    """The same list in a script."""
    given = ((name, getattr(wanted, name)) for name in _OPTIONS)
    asked = {name: _sent(value) for name, value in given if value is not None}
    options = [f"{_OPTIONS[name]} {shlex.quote(text)}" for name, text in asked.items()]
    return (
        scripts.Command("authzctl", " ".join(("authzctl audit", *options))),
        scripts.Command("curl", scripts.call("GET", visit.origin, _address(PATH, asked))),
    )


PAGES: Final = (
    Page(PATH, {"GET": Action(Role.VIEWER, _audit)}),
    Page(CSV_PATH, {"GET": Action(Role.VIEWER, _csv)}),
)
