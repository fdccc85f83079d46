"""`authz-server republish`: everything from the records to Redis, anew."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import Annotated, Final, Self

import typer

from authz_server.cli.document_file import counted
from authz_server.cli.exits import ExitCode
from authz_server.cli.publishing_progress import Bar, bars
from authz_server.cli.record_failures import ended, told
from authz_server.compose.records import publisher, records, relay
from authz_server.settings import Settings, load

# Nobody waits for an answer here, and a large batch may take its time.
_TIMEOUT_SECONDS: Final = 30.0


class RepublishProgress:
    """`managing.relay.RelayObserver`: a bar on a terminal, and nothing elsewhere."""

    def __init__(self) -> None:
        self._bar = Bar(bars()) if sys.stderr.isatty() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.end()

    def republishing(self, why: str) -> None:
        """It begins."""
        if self._bar is not None:
            self._bar.begin(f"Publishing ({why})", None)

    def progress(self, published: int) -> None:
        """So many more."""
        if self._bar is not None:
            self._bar.advance(published)

    def republished(self, profiles: int) -> None:
        """All are in force."""

    def published(self, changes: int) -> None:
        """Not here: only what is left over is published like this."""

    def failed(self, sentence: str, retry_seconds: float) -> None:
        """Not here: what fails is raised."""


def republish(
    *,
    new_epoch: Annotated[
        bool, typer.Option("--new-epoch", help="Replace all that Redis holds by what the database holds.")
    ] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="The same, although another writer's profiles are there.")
    ] = False,
) -> None:
    """Publish every profile of the database to Redis under a new epoch. Until all are there, checks see the old ones.

    `manage` does so by itself where it sees that Redis and its database disagree.

    Example: authz-server republish --new-epoch
    """
    if not new_epoch and not take_over:
        raise ended("republish", "say --new-epoch to replace all that Redis holds", code=ExitCode.USAGE)
    with told("republish"):
        profiles = publish_everything(load(os.environ), "the command line asks for it", take_over=take_over)
    typer.echo(f"{counted(profiles, 'profile')} published under a new epoch")


def publish_everything(settings: Settings, why: str, *, take_over: bool = False) -> int:
    """How many profiles were published. Raises what `told` tells."""
    with ExitStack() as opening:
        opened = opening.enter_context(records(settings))
        to = opening.enter_context(publisher(settings, opened.database, timeout=_TIMEOUT_SECONDS))
        progress = opening.enter_context(RepublishProgress())
        return relay(settings, opened.database, to, progress).republish(why, take_over=take_over)
