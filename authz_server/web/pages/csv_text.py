"""CSV (RFC 4180), for programs that take some texts for formulas: no cell here is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and as wide letters
_GUARD: Final = "'"  # a spreadsheet takes what follows for text


def lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The header, then each row, as they come."""
    yield _line(columns)
    yield from map(_line, rows)


def _line(cells: Sequence[str]) -> str:
    return ",".join(map(_cell, cells)) + "\r\n"


def _cell(text: str) -> str:
    """Within quotes always: a comma, a quote or the end of a line in it is its own."""
    text = text.replace('"', '""')
    return f'"{_GUARD if text.lstrip(" ").startswith(_FORMULAS) else ""}{text}"'
