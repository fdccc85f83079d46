"""A profile document that was named on the command line: read, or every error told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import typer

from authz_server.cli.exits import ExitCode
from authz_server.documents.document import Document, read_document
from authz_server.documents.errors import DocumentInvalid
from authz_server.documents.sealed import OpenSealed, ResolveEnv

_STDIN: Final = "-"
_MOST_LINES: Final = 1_000


def read_file(file: str, *, resolve_env: ResolveEnv, open_sealed: OpenSealed | None) -> Document:
    """Read the document and tell its warnings. Ends the program with every error told where it is wrong."""
    try:
        document = read_document(_bytes_of(file), resolve_env=resolve_env, open_sealed=open_sealed)
    except DocumentInvalid as invalid:
        for error in invalid.errors[:_MOST_LINES]:
            typer.echo(f"{file}:{error}", err=True)
        if len(invalid.errors) > _MOST_LINES:
            typer.echo(f"{file}: {len(invalid.errors)} errors, of which {_MOST_LINES} are shown", err=True)
        raise typer.Exit(ExitCode.REFUSED) from None
    for warning in document.warnings:
        line, column, path = warning.line, warning.column, warning.path
        typer.echo(f"{file}:{line}:{column}: warning: {path}: {warning.detail}", err=True)
    return document


def counts(document: Document) -> str:
    """`3 clients, 5 profiles`."""
    return f"{counted(len(document.clients), 'client')}, {counted(len(document.profiles), 'profile')}"


def counted(number: int, noun: str) -> str:
    """`1 profile`, `5 profiles`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _bytes_of(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
    except OSError as error:
        typer.echo(f"{file}: cannot be read: {error.strerror}", err=True)
        raise typer.Exit(ExitCode.USAGE) from None
