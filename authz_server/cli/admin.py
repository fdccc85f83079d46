"""`authz-server admin`: accounts of people who sign in. The first one can only be made here."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any, Final

import typer

from authz_server.cli.exits import ExitCode
from authz_server.cli.record_failures import ended, told
from authz_server.cli.record_list import Output, all_of, write
from authz_server.compose.records import records
from authz_server.managing.commands import CreateAccount, UpdateAccount
from authz_server.managing.records import COMMAND_LINE, Role, Shape
from authz_server.settings import load

app: Final = typer.Typer(
    help="Make and list accounts, set their passwords, switch them off.", no_args_is_help=True, rich_markup_mode=None
)

_COLUMNS: Final = ("id", "name", "role", "active", "created_at", "last_signed_in_at")
_LINE_BYTES: Final = 4_096

Name = Annotated[str, typer.Argument(metavar="NAME", help="The user name, as it is typed to sign in.")]


@app.command()
def create(
    name: Name,
    *,
    role: Annotated[
        Role, typer.Option(help="What the account may do: each role may do what the ones before it may.")
    ] = Role.ADMIN,
) -> None:
    """Make an account; print its id. The password is asked for twice, or is one line of standard input.

    Example: authz-server admin create ada --role admin
    """
    settings = load(os.environ)
    with told("admin create"), records(settings) as opened:
        fields = {"name": name, "role": role.value, "password": _password("admin create")}
        made = opened.service.accounts.create(CreateAccount(actor=COMMAND_LINE, fields=fields)).shape
    typer.echo(made["id"])
    typer.echo(
        f"{name} can sign in now, as {role.value}, on the pages that `authz-server manage` serves on "
        f"{settings.http_listen} (AUTHZ_HTTP_LISTEN)",
        err=True,
    )


@app.command("list")
def list_(
    output: Annotated[Output, typer.Option("-o", "--output", help="How to list them.")] = Output.TABLE,
) -> None:
    """List all accounts, the newest first.

    Example: authz-server admin list -o json
    """
    with told("admin list"), records(load(os.environ)) as opened:
        reading = opened.service.reading
        accounts = list(all_of(lambda after, limit: reading.accounts(after=after, limit=limit)))
    write(accounts, _COLUMNS, output)


@app.command()
def password(name: Name) -> None:
    """Set another password, asked for twice, or one line of standard input. Whoever is signed in is signed out.

    Example: authz-server admin password ada
    """
    _update("admin password", name, password=None)
    typer.echo(f"{name} has another password now")


@app.command()
def disable(name: Name) -> None:
    """Switch an account off: whoever is signed in with it is signed out at once.

    Example: authz-server admin disable ada
    """
    _update("admin disable", name, active=False)
    typer.echo(f"{name} cannot sign in any more")


@app.command()
def enable(name: Name) -> None:
    """Switch an account on again.

    Example: authz-server admin enable ada
    """
    _update("admin enable", name, active=True)
    typer.echo(f"{name} can sign in again")


def _update(command: str, name: str, **fields: Any) -> Shape:
    """Change the account of that name; a password that is None is asked for, once the name is known to be right."""
    with told(command), records(load(os.environ)) as opened:
        account_id = opened.service.reading.account_named(name).shape["id"]
        if "password" in fields:
            fields["password"] = _password(command)
        update = UpdateAccount(actor=COMMAND_LINE, account_id=account_id, fields=fields)
        return opened.service.accounts.update(update).shape


def _password(command: str) -> str:
    if sys.stdin.isatty():
        try:
            typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        except typer.Abort:
            raise ended(command, "interrupted", code=ExitCode.INTERRUPTED) from None
        return typed
    line = sys.stdin.buffer.readline(_LINE_BYTES).rstrip(b"\r\n")
    if not line:
        raise ended(command, "give a password: one line of standard input", code=ExitCode.USAGE)
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise ended(command, "the password on standard input is not UTF-8", code=ExitCode.USAGE) from None
