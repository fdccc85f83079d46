"""How commands that work on the records end where something fails: one line, and the exit code that fits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from authz_server.cli.exits import ExitCode
from authz_server.compose.refusal import CannotServe
from authz_server.managing.errors import DatabaseUnavailable, PublishConflict, PublisherUnavailable, Refused
from authz_server.managing.relay import OtherWriter
from authz_server.sql.migration import DatabaseNewer, NotMigrated
from authz_server.sql.profile_rows import ProfileUnreadable

_NOT_AS_NEEDED = (DatabaseNewer, NotMigrated, ProfileUnreadable)  # it answers, and would answer the same again


@contextmanager
def told(command: str) -> Iterator[None]:
    """End the program as it should where the block raises one of ours."""
    try:
        yield
    except CannotServe as error:
        raise ended(command, *error.problems, code=ExitCode.USAGE if error.is_setting else ExitCode.REFUSED) from None
    except (*_NOT_AS_NEEDED, Refused, OtherWriter, PublishConflict) as error:
        raise ended(command, str(error), code=ExitCode.REFUSED) from None
    except (DatabaseUnavailable, PublisherUnavailable) as error:
        raise ended(command, str(error), code=ExitCode.UNREACHABLE) from None
    except KeyboardInterrupt:
        raise ended(command, "interrupted", code=ExitCode.INTERRUPTED) from None


def ended(command: str, *sentences: str, code: ExitCode) -> typer.Exit:
    """Tell why on standard error; the exit to raise."""
    for sentence in sentences:
        typer.echo(f"authz-server {command}: {sentence}", err=True)
    return typer.Exit(code)
