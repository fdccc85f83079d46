"""Conflicts: somebody else has saved what this person was editing. Nothing is overwritten before that is seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from authz_server.web.pages.forms import Filled, Form

VERSION: Final = "version"
STATUS: Final = 409
_NO_VERSION: Final = -1
_NOTHING: Final = "nothing"
_OFF: Final = "off"
_BOXES: Final = ("active",)
_SENTENCE: Final = (
    "Somebody else has changed this since you opened the page, and nothing was saved. What you typed is still here;"
    " saved now, it replaces what is there."
)


class Difference(NamedTuple):
    """A field that was typed differently from what is there now."""

    label: str
    now: str


def expected_version(form: Form) -> int:
    """The version that the form was opened with; one that nothing has where the form does not say."""
    number = form.number(VERSION)
    return number if isinstance(number, int) else _NO_VERSION


def again(form: Form, version: int) -> Filled:
    """The form as it was typed, for a person who now knows: it goes with the version that is there."""
    return Filled({**form.values, VERSION: str(version)}, {"": (_SENTENCE,)})


def differences(form: Form, now: Mapping[str, str], labels: Mapping[str, str]) -> tuple[Difference, ...]:
    """What is there now in those of these fields that would be overwritten with something else."""
    return tuple(
        Difference(label, now.get(name) or (_OFF if name in _BOXES else _NOTHING))
        for name, label in labels.items()
        if form.text(name) != now.get(name, "").strip()
    )
