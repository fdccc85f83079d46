"""`authz-server check`: serve Envoy's ext_authz calls."""

from __future__ import annotations

import os

import typer

from authz_server.cli.exits import ExitCode
from authz_server.compose.refusal import CannotServe
from authz_server.settings import load
from authz_server.supervisor import run


def check() -> None:
    """Serve Envoy's external authorization calls, until SIGTERM.

    Profiles come from Redis, or from a file. The check starts without Redis too, and is not ready until it has it.

    Example: AUTHZ_PROFILES_FILE=profiles.yaml authz-server check
    """
    settings = load(os.environ)
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # gRPC's C core prints around every log; it reads this when loaded
    from authz_server.compose.check import CheckProcess  # noqa: PLC0415 - it loads gRPC, which --help need not

    try:
        exit_code = run(lambda lines: CheckProcess(settings, os.environ, lines))
    except CannotServe as error:
        for problem in error.problems:
            typer.echo(f"authz-server check: {problem}", err=True)
        exit_code = ExitCode.USAGE if error.is_setting else ExitCode.REFUSED
    raise typer.Exit(exit_code)
