"""`authz-server apikey`: keys for REST. The first one can only be made here."""

from __future__ import annotations

import os
from typing import Annotated, Any, Final

import typer

from authz_server.cli.record_failures import told
from authz_server.cli.record_list import Output, all_of, write
from authz_server.compose.records import records
from authz_server.managing.commands import CreateApiKey, RevokeApiKey
from authz_server.managing.records import COMMAND_LINE, Role
from authz_server.settings import load

app: Final = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True, rich_markup_mode=None)

_COLUMNS: Final = ("id", "name", "role", "active", "created_at", "expires_at", "last_used_at")


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what the key is for; it shows in the audit.")],
    *,
    role: Annotated[Role, typer.Option(help="What the key may do: each role may do what the ones before it may.")],
    expires_in_hours: Annotated[
        int | None, typer.Option(metavar="HOURS", help="When the key stops working; otherwise never.")
    ] = None,
) -> None:
    """Print a new API key, and nothing else. It is shown this once: only its digest is kept.

    Example: authz-server apikey create deploy --role operator --expires-in-hours 720
    """
    fields: dict[str, Any] = {"name": name, "role": role.value}
    if expires_in_hours is not None:
        fields["expires_in_hours"] = expires_in_hours
    with told("apikey create"), records(load(os.environ)) as opened:
        made = opened.service.api_keys.create(CreateApiKey(actor=COMMAND_LINE, fields=fields))
    if made.credential is not None and made.credential.value is not None:
        typer.echo(made.credential.value.reveal())


@app.command("list")
def list_(
    output: Annotated[Output, typer.Option("-o", "--output", help="How to list them.")] = Output.TABLE,
) -> None:
    """List all API keys, the newest first, without the keys themselves.

    Example: authz-server apikey list -o json
    """
    with told("apikey list"), records(load(os.environ)) as opened:
        reading = opened.service.reading
        keys = list(all_of(lambda after, limit: reading.api_keys(after=after, limit=limit)))
    write(keys, _COLUMNS, output)


@app.command()
def revoke(
    api_key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `apikey list` shows it.")],
) -> None:
    """Stop an API key from working, at once. It stays on the list.

    Example: authz-server apikey revoke ak_7yXm2p
    """
    with told("apikey revoke"), records(load(os.environ)) as opened:
        shown = opened.service.api_keys.revoke(RevokeApiKey(actor=COMMAND_LINE, api_key_id=api_key_id)).shape
    typer.echo(f"{shown['id']} ({shown['name']}) does not work any more")
