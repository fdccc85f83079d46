"""The end of every command that changes something and makes no credential."""

from __future__ import annotations

from typing import Any

import typer

from authzctl import shown
from authzctl.output import CredentialOutput, Output, is_for_people, write


def write_edited(body: dict[str, Any], output: Output | CredentialOutput, sentence: str) -> None:
    """Write the answer to an edit: to people what was done, and to everybody whether it is in force yet."""
    shown.propagation(body)
    shown.warnings(body)
    if is_for_people(output):
        typer.echo(sentence)
    else:
        write(body, output)
