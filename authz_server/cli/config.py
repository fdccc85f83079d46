"""`authz-server config`: every setting, its value, and where it came from."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from authz_server.observability.logs import chosen_format
from authz_server.settings import Settings, Source, load, variables
from authz_server.settings.variables import Variable

NOTHING = "-"  # a cell that is empty would shift the columns for awk and the like


def config(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array instead of a table.")] = False,
    env_file: Annotated[Path, typer.Option(help="The file that `authz-server dev` reads too; others do not.")] = Path(
        ".env"
    ),
) -> None:
    """Print every setting with its value and where it came from. Secrets are masked.

    Example: AUTHZ_LOG_LEVEL=debug authz-server config
    """
    settings = load(os.environ, env_file)
    for warning in settings.warnings:
        typer.echo(f"authz-server config: {warning}", err=True)
    if Source.DOTENV in settings.sources.values():
        typer.echo(f"authz-server config: {env_file} is read by `authz-server dev` only", err=True)
    rows = [(each.name, in_force(settings, each), settings.source_of(each).value) for each in variables()]
    if as_json:
        typer.echo(
            json.dumps([{"name": name, "value": value, "source": source} for name, value, source in rows], indent=2)
        )
        return
    for line in table(
        (("NAME", "VALUE", "SOURCE"), *((name, value or NOTHING, source) for name, value, source in rows))
    ):
        typer.echo(line)


def in_force(settings: Settings, variable: Variable) -> str:
    """The value as a server takes it that is started here: the format of the log depends on standard error."""
    if variable.field == "log_format":
        return chosen_format(settings.log_format, terminal=sys.stderr.isatty())
    return settings.shown(variable)


def table(rows: tuple[tuple[str, str, str], ...]) -> list[str]:
    """Three columns, each as wide as its widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return [f"{name:<{widths[0]}}  {value:<{widths[1]}}  {source}" for name, value, source in rows]
