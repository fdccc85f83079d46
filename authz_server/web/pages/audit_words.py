"""The audit trail in words: what an entry is about, and what it changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from authz_server.managing.records import Shape

NOTHING: Final = "nothing"
_OF_THE_SUBJECT: Final = frozenset(("id", "client_id"))  # said already
_TIMES: Final = frozenset(("auth.expires_at",))
_EMPTY_LISTS: Final[Mapping[str, str]] = {
    "allowed_methods": "all methods",
    "allowed_ips": "all addresses",
    "allowed_routes": "all routes",
}
_FIELDS: Final[Mapping[str, str]] = {
    "active": "Active",
    "allowed_ips": "IP restrictions",
    "allowed_methods": "Allowed methods",
    "allowed_routes": "Allowed routes",
    "auth.expires_at": "Credential expires",
    "auth.type": "Auth type",
    "description": "Description",
    "labels": "Labels",
    "name": "Name",
    "role": "Role",
}
_HOMES: Final = (
    ("profile_id", "/profiles/{}"),
    ("client_id", "/clients/{}"),
    ("api_key_id", "/audit?actor_id={}"),
    ("account_id", "/accounts/{}"),
)


class Change(NamedTuple):
    """One field, and its value before and after, in words. `is_time`: they are times, or nothing."""

    field: str
    before: str
    after: str
    is_time: bool = False


class Subject(NamedTuple):
    """What an entry is about, and where there is more of it."""

    id: str
    href: str


def changes(entry: Shape) -> tuple[Change, ...]:
    """What an entry changed, but what was empty and is."""
    read = (
        Change(_FIELDS.get(name, name), value(change["from"], name), value(change["to"], name), name in _TIMES)
        for name, change in entry["changes"].items()
        if name not in _OF_THE_SUBJECT
    )
    return tuple(each for each in read if each.before != each.after)


def subject(entry: Shape) -> Subject | None:
    """The closest of what an entry names: a profile, rather than its client."""
    return next((Subject(entry[name], home.format(entry[name])) for name, home in _HOMES if entry[name]), None)


def value(value: Any, field: str = "") -> str:
    """A value as JSON has it, as people read it."""
    match value:
        case None | "":
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case Mapping():
            return ", ".join(f"{name}={_inner(each)}" for name, each in value.items()) or NOTHING
        case Sequence():
            return ", ".join(map(_inner, value)) or _EMPTY_LISTS.get(field, NOTHING)
    return str(value)


def _inner(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
