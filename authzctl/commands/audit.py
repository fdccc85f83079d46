"""`authzctl audit`: who changed what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from authzctl import shown
from authzctl.options import LIMIT, AllOption, LimitOption, OutputOption
from authzctl.output import Output, Shape, is_for_people, write
from authzctl.plain_text import on_one_line
from authzctl.session import opened


def audit(
    context: typer.Context,
    *,
    client: Annotated[str | None, typer.Option("--client", metavar="ID", help="Of this client alone.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", metavar="ID", help="Of this profile alone.")] = None,
    actor: Annotated[
        str | None,
        typer.Option(
            "--actor", metavar="ID", help="By this one alone: an API key's id, an account's, or command_line."
        ),
    ] = None,
    account: Annotated[str | None, typer.Option("--account", metavar="ID", help="Of this account alone.")] = None,
    action: Annotated[
        str | None, typer.Option("--action", help="This alone, such as credential.rotate or client.delete.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="From then on, such as 2027-01-01T00:00:00Z.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before then.")] = None,
    limit: LimitOption = LIMIT,
    everything: AllOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show who changed what, newest first. It never holds a secret.

    Example: authzctl audit --profile pr_production --limit 10
    """
    query = {"client_id": client, "profile_id": profile, "account_id": account, "actor_id": actor, "action": action}
    query |= {"since": since, "until": until}
    with opened(context) as api:
        found = list(api.items("/audit", query, None if everything else limit))
    if is_for_people(output):
        _show(found)
    else:
        write(found, output)


def _show(entries: Sequence[Shape]) -> None:
    """A line for each entry, and its changes below it."""
    rows = [("AT", "WHO", "ACTION", "WHAT"), *map(shown.audit_row, entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, entry in zip(rows, ({}, *entries), strict=True):
        typer.echo(on_one_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip())
        for change in shown.changes(entry.get("changes") or {}):
            typer.echo(on_one_line(f"    {change}"))
