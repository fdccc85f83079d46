"""What is wrong with a document: first at a path, at the edge at a line and column (or, over REST, a JSON pointer)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from authz_server.core.secret import REDACTED

Path = tuple[str | int, ...]
"""Names of fields and positions in lists, from the document's root."""

_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*").fullmatch


class Code(StrEnum):
    """The kinds of errors and warnings, for machines."""

    SYNTAX = "syntax"  # no YAML or JSON, or more of it than is accepted
    UNKNOWN_FIELD = "unknown_field"
    DUPLICATE_FIELD = "duplicate_field"
    MISSING = "missing"
    NULL = "null"
    WRONG_TYPE = "wrong_type"
    INVALID = "invalid"
    NOT_UNIQUE = "not_unique"
    CONFLICT = "conflict"  # fields that exclude or demand one another
    UNAVAILABLE = "unavailable"  # right in itself, but it cannot be used here
    UNVERIFIED = "unverified"  # a warning: it holds only where somebody else verifies


class Invalid(ValueError):
    """A value that is refused. The sentence goes on from the value or its field, and holds nothing of it."""

    def __init__(self, code: Code, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


class Problem(NamedTuple):
    """One error or warning, whatever form the document has. `at_key` means the field's name, not its value."""

    path: Path
    code: Code
    detail: str
    at_key: bool = False


class FieldError(NamedTuple):
    """One error or warning of a file. Lines and columns count from 1, columns in characters. `at`: `path`, in steps."""

    path: str
    line: int
    column: int
    code: Code
    detail: str
    at: Path = ()

    def __str__(self) -> str:
        where = f"{self.line}:{self.column}: "
        return f"{where}{self.path}: {self.detail}" if self.path else where + self.detail


class DocumentInvalid(Exception):
    """A document that is refused as a whole: `errors` are all that was found, in the order of the document."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(map(str, self.errors)))


def write_path(path: Path) -> str:
    """A path as people read it: `clients[0].profiles[1].allowed_ips[0]`."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _PLAIN_NAME(step) and not _SECRET.search(step):
            parts.append(f".{step}" if parts else step)
        else:
            parts.append(f"[{quoted(step)}]")
    return "".join(parts)


def write_pointer(path: Path) -> str:
    """A path as a JSON pointer (RFC 6901): `/allowed_ips/0`. A field's name that might be a secret is not shown."""
    steps = (REDACTED if _SECRET.search(step) else step for step in map(str, path))
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)


_QUOTED_CHARACTERS: Final = 60
_SECRET: Final = re.compile(r"az[tha]_[0-9A-Za-z]|PRIVATE KEY|sealed1\.|[0-9A-Za-z+/_=-]{32}")


def quoted(text: str) -> str:
    """The beginning of a text, in one line of ASCII. Whatever might be a secret in the wrong place is not shown."""
    if _SECRET.search(text):
        return '"********"'
    shown = text if len(text) <= _QUOTED_CHARACTERS else text[: _QUOTED_CHARACTERS - 1] + "…"
    return json.dumps(shown, ensure_ascii=not shown.isprintable())
