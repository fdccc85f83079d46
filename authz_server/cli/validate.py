"""`authz-server validate`: is a profile document right?"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from authz_server.cli.exits import ExitCode
from authz_server.core.secret import Secret
from authz_server.documents.document import Document, read_document
from authz_server.documents.errors import DocumentInvalid
from authz_server.sealing.keys import SecretKeys
from authz_server.sealing.seal import Seal
from authz_server.settings import load
from authz_server.settings.redis import secret_keys

_STDIN: Final = "-"
_MOST_LINES: Final = 1_000
# Long enough for every algorithm, and no secret: what the server's environment holds cannot be seen from here.
_STAND_IN: Final = "?" * 64


def validate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A profile document, YAML or JSON; - is standard input.")],
) -> None:
    """Check a profile document: every error at once, each with its line and column. Nothing is written.

    An environment variable that a secret_env names need not be set here; where it is, its value is checked too.

    Example: authz-server validate profiles.yaml
    """
    keys = secret_keys(load(os.environ))
    data = _read(file)
    try:
        document = read_document(data, resolve_env=_resolve_env, open_sealed=_opener(keys))
    except DocumentInvalid as invalid:
        for error in invalid.errors[:_MOST_LINES]:
            typer.echo(f"{file}:{error}", err=True)
        if len(invalid.errors) > _MOST_LINES:
            typer.echo(f"{file}: {len(invalid.errors)} errors, of which {_MOST_LINES} are shown", err=True)
        raise typer.Exit(ExitCode.REFUSED) from None
    for warning in document.warnings:
        line, column, path = warning.line, warning.column, warning.path
        typer.echo(f"{file}:{line}:{column}: warning: {path}: {warning.detail}", err=True)
    typer.echo(f"{file}: {counts(document)}")


def counts(document: Document) -> str:
    """`3 clients, 5 profiles`."""
    return f"{_count(len(document.clients), 'client')}, {_count(len(document.profiles), 'profile')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
    except OSError as error:
        typer.echo(f"{file}: cannot be read: {error.strerror}", err=True)
        raise typer.Exit(ExitCode.USAGE) from None


def _resolve_env(name: str) -> str:
    return os.environ.get(name) or _STAND_IN


def _opener(keys: SecretKeys | None) -> Callable[[str, str], tuple[str, Secret]] | None:
    return Seal.of_documents(keys).open if keys else None
