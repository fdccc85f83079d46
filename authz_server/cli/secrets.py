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


@app.command()
def rotate() -> None:
    """Seal all secrets in the database anew under the first key of AUTHZ_SECRET_KEYS, and publish everything.

    Put a new key in front of the old one, restart `manage` and `check` with both, run this, then take the old one away.
    It may be broken off, and run again.

    Example: AUTHZ_SECRET_KEYS=$NEW,$OLD authz-server secrets rotate
    """
    settings = load(os.environ)
    from authz_server.cli.document_file import counted  # noqa: PLC0415 - the other commands here need none of these
    from authz_server.cli.record_failures import told  # noqa: PLC0415 - they load what speaks to databases
    from authz_server.cli.republish import publish_everything  # noqa: PLC0415 - likewise
    from authz_server.compose.records import records  # noqa: PLC0415 - likewise
    from authz_server.managing.records import COMMAND_LINE  # noqa: PLC0415 - likewise

    if settings.secret_keys is None:
        typer.echo("authz-server secrets rotate: AUTHZ_SECRET_KEYS is not set", err=True)
        raise typer.Exit(ExitCode.USAGE)
    profiles = 0
    with told("secrets rotate"):
        with records(settings) as opened:
            for looked_at in opened.service.reseal(COMMAND_LINE):
                profiles += looked_at
                typer.echo(f"{counted(profiles, 'profile')} gone through", err=True)
        published = publish_everything(settings, "secrets were sealed anew")
    typer.echo(f"{counted(profiles, 'profile')} gone through, {published} published under a new epoch")
