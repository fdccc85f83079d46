"""`authz-server db`: the tables that `manage` keeps clients and profiles in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from authz_server.cli.exits import ExitCode
from authz_server.settings import Settings, load
from authz_server.settings.database import masked_database_url

if TYPE_CHECKING:
    from authz_server.sql.database import SqlDatabase

app: Final = typer.Typer(
    help="Make, back up and check the database (AUTHZ_DATABASE_URL).", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def upgrade() -> None:
    """Bring the tables to what this program needs; SQLite's file is made where there is none.

    All of it happens, or nothing. `manage` does this by itself on SQLite, and asks for it on PostgreSQL.

    Example: AUTHZ_DATABASE_URL=sqlite:////var/lib/authz/authz.db authz-server db upgrade
    """
    with _database("upgrade") as (database, shown):
        upgraded = database.upgrade()
    if upgraded.before == upgraded.after:
        typer.echo(f"{shown}: at revision {upgraded.after}, nothing to do")
    else:
        typer.echo(f"{shown}: revision {upgraded.before or 'none'} -> {upgraded.after}")


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The new file; one that is there is not overwritten.")]) -> None:
    """Copy SQLite's database into a new file, as of one moment, while `manage` serves.

    The copy holds sealed secrets, which AUTHZ_SECRET_KEYS open: keep those elsewhere. To restore, stop `manage`, put
    the copy in the database's place, and start it: everything is published anew.

    Example: authz-server db backup authz-2030-01-31.db
    """
    from authz_server.sql.backup import CannotBackUp  # noqa: PLC0415 - it loads SQLAlchemy, which --help need not

    with _database("backup") as (database, shown):
        try:
            size = database.back_up(file)
        except CannotBackUp as error:
            typer.echo(f"authz-server db backup: {error}", err=True)
            raise typer.Exit(ExitCode.REFUSED) from None
    typer.echo(f"{shown}: {size} bytes -> {file}")


@app.command()
def check() -> None:
    """Check the database: its pages and keys, its audit trail's guard, and that every sealed secret opens.

    Example: authz-server db check
    """
    with _database("check") as (database, shown):
        inspected = database.inspect()
    for problem in inspected.problems:
        typer.echo(f"{shown}: {problem}", err=True)
    if inspected.problems:
        raise typer.Exit(ExitCode.REFUSED)
    typer.echo(f"{shown}: fine, {inspected.clients} clients, {inspected.profiles} profiles")


@contextmanager
def _database(command: str) -> Iterator[tuple[SqlDatabase, str]]:
    """The database, and its URL for people; what it raises becomes an exit code."""
    settings = load(os.environ)
    shown = masked_database_url(settings.database_url)
    from authz_server.managing.errors import DatabaseUnavailable  # noqa: PLC0415 - --help needs none of it
    from authz_server.sql.migration import DatabaseNewer, NotMigrated  # noqa: PLC0415 - likewise

    database = _opened(settings)
    try:
        yield database, shown
    except DatabaseUnavailable as error:
        typer.echo(f"authz-server db {command}: {shown}: {error}", err=True)
        refused = isinstance(error, DatabaseNewer | NotMigrated)
        raise typer.Exit(ExitCode.REFUSED if refused else ExitCode.UNREACHABLE) from None
    finally:
        database.close()


def _opened(settings: Settings) -> SqlDatabase:
    from authz_server.settings.redis import document_seal  # noqa: PLC0415 - it loads Redis's client
    from authz_server.sql.database import SqlDatabase  # noqa: PLC0415 - it loads SQLAlchemy

    return SqlDatabase(settings.database_url.reveal(), document_seal(settings))
