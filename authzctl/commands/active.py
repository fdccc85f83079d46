"""`authzctl disable` and `enable`: a client or a profile, whichever has the id."""

from __future__ import annotations

from typing import Annotated

import typer

from authzctl.activity import kind_of, set_active
from authzctl.options import OutputOption, VersionOption
from authzctl.output import Output
from authzctl.session import opened

AnyId = Annotated[str, typer.Argument(metavar="ID", help="The id of a profile or of a client.")]


def disable(
    context: typer.Context, identifier: AnyId, *, version: VersionOption = None, output: OutputOption = Output.TABLE
) -> None:
    """Refuse the calls of a profile or of a client.

    A client's are those of all its profiles. Nothing is deleted.

    Example: authzctl disable pr_production
    """
    with opened(context) as api:
        set_active(api, kind_of(api, identifier), identifier, version, output, active=False)


def enable(
    context: typer.Context, identifier: AnyId, *, version: VersionOption = None, output: OutputOption = Output.TABLE
) -> None:
    """Let the calls of a profile or a client pass again.

    Example: authzctl enable pr_production
    """
    with opened(context) as api:
        set_active(api, kind_of(api, identifier), identifier, version, output, active=True)
