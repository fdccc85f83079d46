"""`authzctl`: its commands, the options before them, and the exit code of each way to fail."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from authz_server import __version__
from authzctl.commands import accounts, active, api_keys, audit, check, clients, credentials, document, login, profiles
from authzctl.failures import Failed
from authzctl.session import Target

PROGRAM = "authzctl"


def main() -> None:
    """The console script."""
    try:
        program()(prog_name=PROGRAM)
    except Failed as failure:
        typer.echo(str(failure), err=True)
        sys.exit(failure.exit_code)


def program() -> typer.Typer:
    """The program with all its commands."""
    app = typer.Typer(
        help="Clients, profiles and credentials of an authz-server, over its REST API.",
        epilog=(
            "Begin with `authzctl login`. AUTHZCTL_URL, AUTHZCTL_API_KEY and AUTHZCTL_CA win over what it keeps. "
            "Exit codes: 0 done, 1 refused or invalid, 2 usage or settings, 3 API not reachable, 130 interrupted."
        ),
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # they print local variables, and those hold secrets
        rich_markup_mode=None,  # plain text, whatever the terminal's width
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for function in (login.login, login.logout, login.whoami):
        app.command(function.__name__)(function)
    app.add_typer(clients.app, name="clients")
    app.add_typer(profiles.app, name="profiles")
    app.command("rotate")(credentials.rotate)
    app.command("expire")(credentials.expire)
    app.command("set-auth")(credentials.set_auth)
    app.command("remove-auth")(credentials.remove_auth)
    app.command("reveal")(credentials.reveal)
    app.command("disable")(active.disable)
    app.command("enable")(active.enable)
    app.command("check")(check.check)
    app.command("audit")(audit.audit)
    app.command("export")(document.export)
    app.command("apply")(document.apply)
    app.add_typer(accounts.app, name="accounts")
    app.add_typer(api_keys.app, name="api-keys")
    return app


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - the shape of an option's callback
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _options(
    context: typer.Context,
    *,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="The API, other than the one logged in to.")
    ] = None,
    ca: Annotated[
        Path | None, typer.Option("--ca", metavar="FILE", help="The CA (PEM) that the API's certificate is checked by.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version  # its callback has seen to it
    context.obj = Target(url, str(ca.absolute()) if ca else None)
