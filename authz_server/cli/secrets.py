"""`authz-server secrets`: the keys that sign records and seal secrets."""

from __future__ import annotations

import os
import secrets
from typing import Final

import typer

from authz_server.cli.exits import ExitCode
from authz_server.settings import load

app: Final = typer.Typer(help="Make and derive keys.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def new() -> None:
    """Print a new key for AUTHZ_SECRET_KEYS.

    To change keys, put the new one in front of the old, publish again, then take the old one away.

    Example: export AUTHZ_SECRET_KEYS=$(authz-server secrets new)
    """
    from authz_server.sealing.keys import KEY_BYTES, as_text  # noqa: PLC0415 - it loads a cryptographic library

    typer.echo(as_text(secrets.token_bytes(KEY_BYTES)))


@app.command()
def derive() -> None:
    """Print AUTHZ_RECORD_KEYS, derived from AUTHZ_SECRET_KEYS.

    They are all that `check` needs: they verify the records in Redis and open the secrets in them, and nothing else.

    Example: AUTHZ_SECRET_KEYS=... authz-server secrets derive
    """
    settings = load(os.environ)
    from authz_server.sealing.keys import RecordKeys  # noqa: PLC0415 - it loads a cryptographic library
    from authz_server.settings.redis import secret_keys  # noqa: PLC0415 - likewise

    keys = secret_keys(settings)
    if keys is None:
        typer.echo("authz-server secrets derive: AUTHZ_SECRET_KEYS is not set", err=True)
        raise typer.Exit(ExitCode.USAGE)
    typer.echo(RecordKeys.derived_from(keys).to_text())
