"""Lists of what is recorded: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

import typer

from authz_server.managing.records import Page, Position, Shape

_PAGE: Final = 200


class Output(StrEnum):
    """How a list is written."""

    TABLE = "table"
    JSON = "json"


def all_of(page_after: Callable[[Position | None, int], Page[Shape]]) -> Iterator[Shape]:
    """Everything, page by page."""
    after = None
    while True:
        page = page_after(after, _PAGE)
        yield from page.items
        after = page.next
        if after is None:
            return


def write(shapes: Iterable[Shape], columns: Sequence[str], output: Output) -> None:
    """On standard output; of a table, only these columns."""
    if output is Output.JSON:
        typer.echo(json.dumps(list(shapes), indent=2, ensure_ascii=False))
        return
    rows = [[name.upper() for name in columns], *([_cell(shape[name]) for name in columns] for shape in shapes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)
