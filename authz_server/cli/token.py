"""`authz-server token`: tokens for profiles."""

from __future__ import annotations

import secrets

import typer

from authz_server.core.token import Prefix, digest, issue

app = typer.Typer(help="Make tokens.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _token() -> None:
    """Make tokens."""


@app.command("new")
def new() -> None:
    """Print a new token, once, and the digest that a profile keeps of it.

    The token is for the caller; token_sha256 goes into the profile document. Nothing is stored.

    Example: authz-server token new
    """
    token = issue(Prefix.TOKEN, secrets.randbelow)
    typer.echo(f"token: {token}\ntoken_sha256: {digest(token).hex()}")
