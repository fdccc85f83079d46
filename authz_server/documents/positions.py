"""Where in a document a path leads to, found by reading the document once more."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from authz_server.documents.errors import Path
from authz_server.documents.tree import Unparsable, as_utf8, events


class Position(NamedTuple):
    """Lines and columns count from 1, columns in characters."""

    line: int
    column: int


class Place(NamedTuple):
    """A path, and whether its field's name is meant rather than the value."""

    path: Path
    at_key: bool


_START: Final = Position(1, 1)
_NO_NAME: Final = object()  # a mapping or a list stood where a field's name belongs
# JSON's surrogates: no YAML, so they are read over, as escapes of the same length.
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def locate(data: bytes, places: Iterable[Place]) -> Mapping[Place, Position]:
    """The position of each place; of one that is not in the document, that of the nearest value around it."""
    wanted = frozenset(places)
    walk = _Walk(wanted)
    try:
        walk.read(data)
    except Unparsable:
        walk = _Walk(wanted)
        with contextlib.suppress(Unparsable):  # what was found up to there has to do
            walk.read(_SURROGATE.sub(rb"\\ufffd", data))
    return {place: walk.nearest(place) for place in wanted}


class _Walk:
    """Follows the events with the path of each, and notes those that are wanted, or lie above a wanted one."""

    def __init__(self, wanted: Iterable[Place]) -> None:
        self._paths = {place.path[:length] for place in wanted for length in range(len(place.path) + 1)}
        self._found: dict[Place, Position] = {}
        self._open: list[str] = []  # "[" or "{"
        self._steps: list[Any] = []
        self._near = [True]  # whether a wanted path leads through the open container; the first stands for the root

    def read(self, data: bytes) -> None:
        with events(as_utf8(data)) as seen:
            self._follow(seen)

    def _follow(self, seen: Iterable[Any]) -> None:
        for event in seen:
            kind = type(event)
            if kind is ScalarEvent or kind is AliasEvent:
                self._leaf(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._near.append(self._note(event, at_key=False))
                self._open.append("{" if kind is MappingStartEvent else "[")
                self._steps.append(None if kind is MappingStartEvent else 0)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._near.pop()
                self._open.pop()
                self._steps.pop()
                self._next()

    def nearest(self, place: Place) -> Position:
        found = self._found.get(place)
        for length in range(len(place.path), -1, -1):
            found = found or self._found.get(Place(place.path[:length], at_key=False))
        return found or _START

    def _leaf(self, event: Any) -> None:
        if self._open and self._open[-1] == "{" and self._steps[-1] is None:
            self._steps[-1] = getattr(event, "value", "")
            self._note(event, at_key=True)
        else:
            self._note(event, at_key=False)
            self._next()

    def _next(self) -> None:
        """The value that was announced is over."""
        if self._open:
            if self._open[-1] == "[":
                self._steps[-1] += 1
            else:
                self._steps[-1] = _NO_NAME if self._steps[-1] is None else None

    def _note(self, event: Any, *, at_key: bool) -> bool:
        if not self._near[-1]:
            return False
        path = tuple(self._steps)
        if path not in self._paths:
            return False
        mark = event.start_mark
        self._found.setdefault(Place(path, at_key), Position(mark.line + 1, mark.column + 1))
        return True
