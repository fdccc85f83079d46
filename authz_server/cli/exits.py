"""How a command ends. `authz-server` and everything under it keeps to these codes."""

from __future__ import annotations

from enum import IntEnum

import typer


class ExitCode(IntEnum):
    """What the shell sees."""

    DONE = 0
    REFUSED = 1  # refused, or the input is invalid
    USAGE = 2  # the command line or the settings are wrong
    UNREACHABLE = 3  # Redis, a database or an API
    INTERRUPTED = 130


def ended(command: str, sentence: str, exit_code: ExitCode) -> typer.Exit:
    """Say on standard error why a command ends; what comes back is to be raised."""
    typer.echo(f"authz-server {command}: {sentence}", err=True)
    return typer.Exit(exit_code)
