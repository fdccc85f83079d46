"""`authz-server`: finds the command, loads that command alone, and tells what is wrong with the settings."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from authz_server import __version__
from authz_server.cli.exits import ExitCode
from authz_server.settings import SettingsError

PROGRAM: Final = "authz-server"

# Each is a module beside this one, with a function of that name, or with a Typer named `app`.
COMMANDS: Final = (
    "check",
    "manage",
    "dev",
    "publish",
    "republish",
    "validate",
    "show",
    "schema",
    "token",
    "admin",
    "apikey",
    "secrets",
    "db",
    "config",
)


def main() -> None:
    """The console script."""
    arguments = sys.argv[1:]
    try:
        program(arguments)(arguments, prog_name=PROGRAM)
    except SettingsError as error:
        for problem in error.problems:
            typer.echo(f"{PROGRAM}: {problem}", err=True)
        sys.exit(ExitCode.USAGE)


def program(arguments: Sequence[str]) -> typer.Typer:
    """The program with the one command that `arguments` name, or with all where they name none."""
    app = typer.Typer(
        help="An external authorization server for Envoy.",
        epilog="Settings are environment variables that begin with AUTHZ_; `authz-server config` shows them all.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # they print local variables, and those hold secrets
        rich_markup_mode=None,  # plain text, whatever the terminal's width
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name in _needed(arguments[0] if arguments else ""):
        _register(app, name)
    return app


def _needed(first: str) -> tuple[str, ...]:
    if first == "--version":
        return ()
    return (first,) if first in COMMANDS else COMMANDS


def _register(app: typer.Typer, name: str) -> None:
    module = importlib.import_module(f"authz_server.cli.{name}")
    commands = getattr(module, "app", None)
    if commands is None:
        app.command(name)(getattr(module, name))
    else:
        app.add_typer(commands, name=name)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - the shape of an option's callback
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass
