"""The options that several commands have, each said once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from authzctl.failures import Misused
from authzctl.output import CredentialOutput, Output


class Role(StrEnum):
    """What a key or an account may do: each role may do all that the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")]
ProfileId = Annotated[str, typer.Argument(metavar="PROFILE", help="The profile's id.")]

OutputOption = Annotated[Output, typer.Option("-o", "--output", help="How to write the answer.")]
CredentialOption = Annotated[
    CredentialOutput,
    typer.Option("-o", "--output", help="How to write the answer; value is the new credential and nothing else."),
]
VersionOption = Annotated[
    int | None, typer.Option("--version", metavar="N", min=0, help="Only if this is its version still (If-Match).")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--idempotency-key", metavar="KEY", help="Repeated with the same key, the command does nothing twice."
    ),
]
LimitOption = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")]
AllOption = Annotated[bool, typer.Option("--all", help="All of them, however many.")]
SearchOption = Annotated[
    str | None, typer.Option("--search", "-q", metavar="TEXT", help="Those with TEXT in id, name or description.")
]
HoursOption = Annotated[
    int | None,
    typer.Option("--expires-in-hours", metavar="HOURS", help="When it expires, 1 to 87600; without it, never."),
]
LabelsOption = Annotated[
    list[str] | None, typer.Option("--label", metavar="NAME=VALUE", help="A label; may be repeated.")
]

LIMIT = 50


def present(**fields: Any) -> dict[str, Any]:
    """The fields that an option gives."""
    return {name: value for name, value in fields.items() if value is not None}


def labels(given: Sequence[str]) -> dict[str, str]:
    """`team=mobile` and the like. Raises `Misused`."""
    return dict(_pair("--label", each) for each in given)


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Misused(f"{option} {text!r} has no =", advice=f"Write {option} NAME=VALUE.")
    return name, value


def separated(given: Iterable[str]) -> list[str]:
    """Entries that were given one by one, or several with commas between."""
    return [part.strip() for each in given for part in each.split(",")]


def counted(number: int, noun: str) -> str:
    """`1 profile`, `5 profiles`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
