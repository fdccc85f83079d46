"""`authzctl export` and `apply`: all clients and profiles as one document, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from authz_server.documents.yaml_text import write_yaml
from authzctl import asking, files, shown
from authzctl.failures import Failed, Misused
from authzctl.options import OutputOption, YesOption, counted
from authzctl.output import Output, Shape, is_for_people, say, write
from authzctl.plain_text import on_one_line
from authzctl.session import opened

_MOST_SHOWN: Final = 200  # changed clients and profiles
_COUNTS: Final = ("added", "changed", "removed", "unchanged")
_SIGNS: Final = {"added": "+", "changed": "~", "removed": "-"}


class Form(StrEnum):
    """How a document is written."""

    YAML = "yaml"
    JSON = "json"


def export(
    context: typer.Context,
    output: Annotated[Form, typer.Option("-o", "--output", help="How to write it.")] = Form.YAML,
) -> None:
    """Print all clients and profiles as one document.

    `apply`, `authz-server publish` and `authz-server check` can read it. It holds the digests of tokens, and HMAC
    secrets sealed; never a secret.

    Example: authzctl export > authz.yaml
    """
    with opened(context) as api:
        document = api.get("/export", is_long=True)
    if output is Form.YAML:
        typer.echo(write_yaml(document), nl=False)
    else:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def apply(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A document, YAML or JSON; - is standard input.")],
    *,
    prune: Annotated[bool, typer.Option("--prune", help="Remove what is not in FILE.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    yes: YesOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make clients and profiles what a document says.

    All of it is done or, where anything is wrong, nothing. What would change is shown first, and you are asked.
    What is not in the document stays, unless --prune is given.

    Example: authzctl apply authz.yaml --prune
    """
    content = files.content(file)
    for_people = is_for_people(output)
    if not (for_people or yes or dry_run):
        raise Misused("-o with json or yaml asks nothing", advice="Give --yes, or --dry-run.")
    with opened(context) as api:
        try:
            planned = api.document("/apply", content, {"dry_run": True, "prune": prune}, repeatable=True)
        except Failed as failure:
            raise _of_file(file, failure) from None
        shown.warnings(planned)
        changes_something = any(planned[kind][what] for kind in ("clients", "profiles") for what in _SIGNS)
        if for_people:
            _show(file, planned)
        if dry_run or not changes_something:
            if not for_people:
                write(planned, output)
            return
        if not yes:
            asking.agreement("Apply this?")
        applied = api.document("/apply", content, {"dry_run": False, "prune": prune}, repeatable=False)
    shown.propagation(applied)
    if for_people:
        typer.echo("Applied.")
    else:
        write(applied, output)


def _of_file(file: str, failure: Failed) -> Failed:
    failure.details = tuple(f"{file}: {detail}" for detail in failure.details)
    return failure


def _show(file: str, planned: Shape) -> None:
    """The differences, a line each, and their numbers."""
    lines = list(_differences(planned))
    for line in lines[:_MOST_SHOWN]:
        typer.echo(line)
    if len(lines) > _MOST_SHOWN:
        typer.echo(f"... and {len(lines) - _MOST_SHOWN} lines more; --dry-run -o json shows all")
    for kind in ("clients", "profiles"):
        counts = ", ".join(f"{len(planned[kind][what])} {what}" for what in _COUNTS)
        typer.echo(f"{file}: {kind}: {counts}")
    kept = [counted(len(planned[kind]["kept"]), kind[:-1]) for kind in ("clients", "profiles") if planned[kind]["kept"]]
    if kept:
        say(f"not in the file, and staying: {' and '.join(kept)}; --prune removes them")


def _differences(planned: Shape) -> Iterator[str]:
    for kind in ("clients", "profiles"):
        noun = kind[:-1]
        fields: Mapping[str, Any] = planned[kind]["changes"]
        for what, sign in _SIGNS.items():
            for identifier in planned[kind][what]:
                yield on_one_line(f"{sign} {noun} {identifier}")
                if what == "changed":
                    yield from (on_one_line(f"    {change}") for change in shown.changes(fields.get(identifier) or {}))
