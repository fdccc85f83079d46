"""`authz-server manage`: the control plane."""

from __future__ import annotations

import os

import typer

from authz_server.settings import load


def manage() -> None:
    """Serve the pages and the REST API over the records, and publish every change to Redis, until SIGTERM.

    The records are in AUTHZ_DATABASE_URL; SQLite's file is made where there is none. The first account is made by
    `authz-server admin create`, the first API key by `authz-server apikey create`. Without Redis, edits are kept and
    published when it is there.

    Example: AUTHZ_DATABASE_URL=sqlite:////var/lib/authz/authz.db authz-server manage
    """
    settings = load(os.environ)
    from authz_server.cli.record_failures import told  # noqa: PLC0415 - it loads what speaks to databases
    from authz_server.compose.manage import ManageProcess  # noqa: PLC0415 - likewise, and the web framework
    from authz_server.supervisor import run  # noqa: PLC0415 - it loads an event loop

    with told("manage"):
        exit_code = run(lambda lines: ManageProcess(settings, lines))
    raise typer.Exit(exit_code)
