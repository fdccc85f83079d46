"""Checks of single values, each a function from whatever was written to what it means.

All raise ValueError (`Invalid` where the code matters) with a sentence that goes on from the field and says what is
wrong and what is accepted.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Final

from authz_server.core.facts import is_identifier
from authz_server.core.profile import is_method
from authz_server.documents import limits
from authz_server.documents.errors import Code, Invalid
from authz_server.documents.plain import Ambiguous
from authz_server.documents.tree import Unreadable, Value

Check = Callable[[str], None]
"""Raises ValueError unless a string is accepted."""


class AlreadyReported(ValueError):
    """A value that could not be read; the error is on the list."""


# C0, C1, DEL, line and paragraph separators; then what overrides or isolates the direction of text (UAX 9).
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]").search
_LINES: Final = re.compile(r"[\n\t]")
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}").fullmatch
_TIMESTAMP: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?", re.ASCII
).fullmatch
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_A_TIMESTAMP: Final = "is not a time as RFC 3339 writes it, such as 2027-01-01T00:00:00Z"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch


def kind_of(value: Value) -> str:
    """What a value is, in words."""
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return {str: "a string", list: "a list", dict: "a mapping", type(None): "null"}[type(value)]


def wrong_type(value: Value, wanted: str, hint: str = "") -> ValueError:
    """What is raised for a value of another type than the `wanted` one."""
    if isinstance(value, Unreadable):
        return AlreadyReported()
    if value is None:
        return Invalid(Code.NULL, f"is null, which is not accepted; give {wanted}, or leave the field out")
    if isinstance(value, Ambiguous):
        return Invalid(Code.WRONG_TYPE, value.problem)
    return Invalid(Code.WRONG_TYPE, f"is {kind_of(value)}; {wanted} is expected{hint}")


def string(value: Value) -> str:
    """A string, whatever it says."""
    if type(value) is str:
        return value
    raise wrong_type(value, "a string", "" if isinstance(value, list | dict) else ": quote it")


def boolean(value: Value) -> bool:
    """true or false."""
    if type(value) is bool:
        return value
    raise wrong_type(value, "true or false")


def integer(least: int, most: int) -> Callable[[Value], int]:
    """A check for whole numbers from `least` to `most`. 30.0 is one, as JSON Schema has it."""

    def check(value: Value) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise wrong_type(value, "a whole number")
        if not least <= value <= most:
            raise ValueError(f"is {value}; accepted are {least} to {most}")
        return value

    return check


def text(most: int = limits.TEXT_CHARACTERS) -> Callable[[Value], str]:
    """A check for strings of 1 to `most` characters that can all be seen."""

    def check(value: Value) -> str:
        read = string(value)
        if not 0 < len(read) <= most:
            raise ValueError(f"has {len(read)} characters; accepted are 1 to {most}")
        if _UNSEEN(read):
            raise ValueError(
                "has a control character, or one that overrides the direction of text; neither is accepted"
            )
        return read

    return check


_visible_name: Final = text(limits.NAME_CHARACTERS)


def name(value: Value) -> str:
    """The name of a client or profile, for people."""
    read = _visible_name(value)
    if read[0].isspace() or read[-1].isspace():
        raise ValueError("begins or ends with white space, which is not accepted")
    return read


def description(value: Value) -> str:
    """Text for people, of several lines perhaps; it may be empty."""
    read = string(value)
    if len(read) > limits.DESCRIPTION_CHARACTERS:
        raise ValueError(f"has {len(read)} characters; accepted are at most {limits.DESCRIPTION_CHARACTERS}")
    if _UNSEEN(_LINES.sub("", read)):
        raise ValueError("has a control character, or one that overrides the direction of text; neither is accepted")
    return read


def identifier(value: Value) -> str:
    """The id of a client or a profile."""
    read = string(value)
    if not is_identifier(read):
        raise ValueError(
            "is not an id: 1 to 64 letters, digits, '.', '_', '~' or '-', of which the first is a letter or a digit"
        )
    return read


def method(value: Value) -> str:
    """A request method, compared exactly."""
    read = string(value)
    if is_method(read):
        return read
    if is_method(read.upper()):
        raise ValueError(f"has lower-case letters, and methods are compared exactly; write {read.upper()}")
    raise ValueError(
        "is not a method: an RFC 9110 token of at most 64 characters, without lower-case letters, such as GET"
    )


def digest(value: Value) -> bytes:
    """SHA-256 of a token, in hex."""
    read = string(value)
    if not _DIGEST(read):
        raise ValueError(
            f"is not a SHA-256 in 64 hex digits (it has {len(read)} characters); `authz-server token new` prints one"
        )
    return bytes.fromhex(read)


def timestamp(value: Value) -> float:
    """A time as RFC 3339 writes it, with its zone, in seconds since the Unix epoch."""
    if type(value) is not str:
        raise wrong_type(value, "a time such as 2027-01-01T00:00:00Z")
    match = _TIMESTAMP(value)
    if not match:
        raise ValueError(_A_TIMESTAMP)
    if match[1] is None:
        raise ValueError("has no time zone; add Z for UTC, or an offset such as +02:00")
    try:
        return (dt.datetime.fromisoformat(value.upper()) - _EPOCH).total_seconds()
    except (ValueError, OverflowError):
        raise ValueError(_A_TIMESTAMP) from None


def variable(value: Value) -> str:
    """The name of an environment variable."""
    read = string(value)
    if not _VARIABLE(read):
        raise ValueError("is not the name of an environment variable: letters, digits and '_', no digit first")
    return read


def one_of(names: tuple[str, ...]) -> Callable[[Value], str]:
    """A check for one of a few words."""

    def check(value: Value) -> str:
        read = string(value)
        if read not in names:
            raise ValueError(f"is not accepted here; accepted are {', '.join(names)}")
        return read

    return check


def checked(check: Check) -> Callable[[Value], str]:
    """A check for strings that `check` takes."""

    def checks(value: Value) -> str:
        read = string(value)
        check(read)
        return read

    return checks


def pem(value: Value) -> str:
    """A text in PEM form, of any kind."""
    read = string(value)
    if len(read) > limits.PEM_CHARACTERS:
        raise ValueError(f"is longer than {limits.PEM_CHARACTERS} characters")
    return read
