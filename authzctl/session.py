"""The API that a command speaks to, as the options before it, the environment and the login say."""

from __future__ import annotations

import os
from dataclasses import dataclass

import httpx
import typer

from authzctl.api import Api
from authzctl.login import Login, chosen


@dataclass(frozen=True, slots=True)
class Target:
    """What the options before the command say; None: nothing."""

    url: str | None = None
    ca: str | None = None


def target(context: typer.Context) -> Target:
    """The options before the command."""
    found = context.find_object(Target)
    return found or Target()


def login_for(context: typer.Context) -> Login:
    """Where to go, and with which key. Raises `Misused` where that is not known."""
    wanted = target(context)
    return chosen(os.environ, url=wanted.url, ca=wanted.ca)


def opened(context: typer.Context) -> Api:
    """The API, as a context manager."""
    return Api(login_for(context), transport())


def transport() -> httpx.BaseTransport | None:
    """What carries requests; None: the network. Tests put another one here."""
    return None
