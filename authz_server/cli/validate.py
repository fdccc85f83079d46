"""`authz-server validate`: is a profile document right?"""

from __future__ import annotations

import os
from typing import Annotated, Final

import typer

from authz_server.cli.document_file import counts, read_file
from authz_server.sealing.seal import Seal
from authz_server.settings import load
from authz_server.settings.redis import secret_keys

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
    open_sealed = Seal.of_documents(keys).open if keys else None
    document = read_file(file, resolve_env=_resolve_env, open_sealed=open_sealed)
    typer.echo(f"{file}: {counts(document)}")


def _resolve_env(name: str) -> str:
    return os.environ.get(name) or _STAND_IN
