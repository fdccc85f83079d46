"""What a command prints: tables for people, JSON and YAML for scripts, a credential alone for a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import typer

from authz_server.documents.yaml_text import write_yaml
from authzctl.plain_text import on_one_line

Shape = Mapping[str, Any]

_UNFOLDED: Final = 10_000  # columns, where no terminal sets a limit: whoever cuts and greps wants whole lines
_COLOURS: Final = {
    **dict.fromkeys(("valid", "yes", "passed", "allowed", "admin"), "green"),
    **dict.fromkeys(("expiring_soon", "assumed"), "yellow"),
    **dict.fromkeys(("expired", "disabled", "no", "refused", "fault", "denied", "revoked"), "red"),
}


class Output(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


class CredentialOutput(StrEnum):
    """How an answer is written that may hold a new credential; `VALUE` is the credential alone."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    VALUE = "value"


def is_for_people(output: Output | CredentialOutput) -> bool:
    """Whether a table is wanted."""
    return output.value == Output.TABLE


def write(shape: Any, output: Output | CredentialOutput) -> None:
    """The object as the API gave it, as JSON or YAML."""
    if output.value == Output.YAML:
        typer.echo(write_yaml(shape), nl=False)
    else:
        typer.echo(json.dumps(shape, indent=2, ensure_ascii=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: Sequence[str] = ()) -> None:
    """Rows under their columns' names, folded to the terminal's width; the columns `whole` are never folded."""
    from rich.console import Console  # noqa: PLC0415 - only tables need it, and it takes a while to load
    from rich.table import Table  # noqa: PLC0415 - likewise
    from rich.text import Text  # noqa: PLC0415 - likewise

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        drawn.add_row(*(Text(on_one_line(cell), style=_COLOURS.get(cell, "")) for cell in row))
    console = Console(highlight=False, markup=False, emoji=False, width=None if is_terminal() else _UNFOLDED)
    with console.capture() as printed:
        console.print(drawn)
    for line in printed.get().splitlines():
        typer.echo(line.rstrip())  # the last column is padded too


def is_terminal() -> bool:
    """Whether somebody looks at it."""
    return sys.stdout.isatty()


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """One thing's properties, a line each."""
    pairs = list(rows)
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        typer.echo(f"{name:<{width}}  {on_one_line(value)}".rstrip())


def say(sentence: str) -> None:
    """A line for people, beside what is printed for programs."""
    typer.echo(f"authzctl: {sentence}", err=True)
