"""`authz-server publish`: from a profile document to Redis."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from authz_server.cache.layout import Layout
from authz_server.cache.publish import Plan, Publisher, PublishRefused
from authz_server.cache.record import RecordCodec
from authz_server.cache.writer import RecordWriter
from authz_server.cli.document_file import counted, read_file
from authz_server.cli.exits import ExitCode, ended
from authz_server.cli.publishing_progress import progress_for
from authz_server.cli.redis_client import redis_client
from authz_server.documents.document import Document
from authz_server.sealing.content import SealMissing
from authz_server.settings import Settings, load
from authz_server.settings.redis import document_seal, record_keys

_COMMAND: Final = "publish"
_MOST_ROWS: Final = 200
_LARGE_BYTES: Final = 1_000_000
_COLUMNS: Final = ("added", "changed", "removed")


class Output(StrEnum):
    """How the changes are written."""

    TABLE = "table"
    JSON = "json"


def publish(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A profile document, YAML or JSON; - is standard input.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove the profiles that are not in FILE.")] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Write although another writer's profiles are there, from now on alone.")
    ] = False,
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="The name to write under: one prefix has one writer.")
    ] = "file",
    output: Annotated[Output, typer.Option("-o", "--output", help="How to show the changes.")] = Output.TABLE,
) -> None:
    """Check a profile document, and put its profiles into Redis: all of them or, where anything is wrong, none.

    Profiles that have not changed are not written, so it is safe to run again.

    Example: authz-server publish profiles.yaml --prune --dry-run
    """
    settings = load(os.environ)
    seal = document_seal(settings)
    _announce(file)
    document = read_file(file, resolve_env=os.environ.get, open_sealed=seal.open if seal else None)
    try:
        plan = _publish(settings, document, f"publish:{name}", dry_run=dry_run, prune=prune, take_over=take_over)
    except SealMissing as error:
        raise ended(_COMMAND, str(error), ExitCode.USAGE) from None
    except PublishRefused as error:
        raise ended(_COMMAND, str(error), ExitCode.REFUSED) from None
    except KeyboardInterrupt:
        why = "interrupted; it may be done or not: run it again with --dry-run to see what is in force"
        raise ended(_COMMAND, why, ExitCode.INTERRUPTED) from None
    _show(file, plan, output, dry_run=dry_run)


def _announce(file: str) -> None:
    """A large file takes seconds to read, and nothing is counted yet."""
    with contextlib.suppress(OSError):
        if Path(file).stat().st_size > _LARGE_BYTES:
            typer.echo(f"Reading {file}", err=True)


def _publish(settings: Settings, document: Document, name: str, *, dry_run: bool, prune: bool, take_over: bool) -> Plan:
    codec = RecordCodec(settings.redis_prefix, record_keys(settings))
    progress = progress_for(len(document.profiles))
    with redis_client(settings, _COMMAND) as client:
        writer = RecordWriter(client, Layout(settings.redis_prefix), codec, name)
        try:
            publisher = Publisher(
                writer, codec, document.profiles, name=name, prune=prune, take_over=take_over, progress=progress
            )
            return publisher.plan() if dry_run else publisher.publish()
        except KeyboardInterrupt:
            if writer.touched:
                raise
            raise ended(_COMMAND, "interrupted; nothing was changed", ExitCode.INTERRUPTED) from None
        finally:
            progress.end()


def _show(file: str, plan: Plan, output: Output, *, dry_run: bool) -> None:
    if output is Output.JSON:
        changes = asdict(plan)
        typer.echo(json.dumps({name: changes[name] for name in (*_COLUMNS, "unchanged")}))
    else:
        if dry_run:
            _show_table(plan)
        typer.echo(f"{file}: {_counts(plan)}" + (" (dry run: nothing was written)" if dry_run else ""))
    if plan.kept:
        stay = "is not in the file and stays" if len(plan.kept) == 1 else "are not in the file and stay"
        typer.echo(f"authz-server publish: {counted(len(plan.kept), 'profile')} {stay}; --prune removes", err=True)


def _show_table(plan: Plan) -> None:
    rows = [(change, profile_id) for change in _COLUMNS for profile_id in getattr(plan, change)]
    if not rows:
        return
    from rich.console import Console  # noqa: PLC0415 - only a dry run needs it
    from rich.table import Table  # noqa: PLC0415 - likewise

    table = Table("CHANGE", "PROFILE", box=None, pad_edge=False)
    for change, profile_id in rows[:_MOST_ROWS]:
        table.add_row(change, profile_id)
    Console(highlight=False, soft_wrap=True).print(table)
    if len(rows) > _MOST_ROWS:
        typer.echo(f"... and {len(rows) - _MOST_ROWS} more; -o json shows all")


def _counts(plan: Plan) -> str:
    return ", ".join(f"{len(getattr(plan, name))} {name}" for name in (*_COLUMNS, "unchanged"))
