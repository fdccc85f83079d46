"""From a document's bytes to plain values: mappings, lists, strings, numbers, booleans; what else YAML has is refused.

Positions are not kept: of a valid document nobody asks for one, and of an invalid one `positions` finds them by
reading it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from authz_server.core.strict_json import refuse_constant, without_duplicates
from authz_server.documents import limits
from authz_server.documents.errors import Code, FieldError, Path, quoted, write_path
from authz_server.documents.plain import ALWAYS_STRINGS, resolve


class Unreadable:
    """Stands where a value could not be read, which is already reported."""

    __slots__ = ()


UNREADABLE: Final = Unreadable()
_DISCARDED: Final = Unreadable()

Value = Any
"""A plain value: whatever the document's author wrote, to be checked by whoever takes it."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A document's root, and what is wrong with its form."""

    root: Value
    errors: tuple[FieldError, ...] = ()


class Unparsable(Exception):
    """No document at all: `error` says where reading had to stop."""

    def __init__(self, error: FieldError) -> None:
        self.error = error
        super().__init__(str(error))


def read_tree(data: bytes) -> Tree:
    """Read UTF-8 bytes of YAML 1.2 or JSON. Raises `Unparsable`."""
    data = as_utf8(data)
    root = _read_json(data)
    return Tree(root) if root is not UNREADABLE else _Builder().build(data)


def as_utf8(data: bytes) -> bytes:
    """The bytes without a byte order mark. Raises `Unparsable` where they are not UTF-8, or too many."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if len(data) > limits.DOCUMENT_BYTES:
        raise _unparsable(1, 1, f"is larger than {limits.DOCUMENT_BYTES} bytes")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        raise _unparsable(line, column, "is not UTF-8") from None
    return data


@contextmanager
def events(data: bytes) -> Iterator[Iterable[Any]]:
    """What libyaml sees in UTF-8 bytes. Whoever goes through it gets `Unparsable` where it ends too soon."""
    parser = yaml.CLoader(data)
    try:
        # Without a generator in between: there are 43 events to a profile.
        yield iter(parser.get_event, None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        context = f"{error.context}, " if error.context else ""
        raise _unparsable(line, column, f"is not YAML: {context}{error.problem}") from None
    except yaml.YAMLError as error:  # of the bytes themselves: control characters, in the main
        before = data[: getattr(error, "position", 0) or 0]
        line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
        raise _unparsable(line, column, f"is not YAML: {getattr(error, 'reason', 'it cannot be read')}") from None
    finally:
        parser.dispose()


class _Builder:
    """Puts a tree together from events. A container is placed in its parent when it ends."""

    def __init__(self) -> None:
        self._errors: list[FieldError] = []
        self._root: Value = None
        self._open: list[Value] = []
        self._keys: list[Value] = []  # for each open container: the field whose value comes next, or None
        self._names: dict[str, str] = {}  # plain names of fields, each known to be a string to every reader
        self._documents = 0
        self._handlers = {
            ScalarEvent: self._scalar,
            SequenceStartEvent: self._start,
            MappingStartEvent: self._start,
            SequenceEndEvent: self._end,
            MappingEndEvent: self._end,
            AliasEvent: self._alias,
            DocumentStartEvent: self._document,
        }

    def build(self, data: bytes) -> Tree:
        handler_of = self._handlers.get
        with events(data) as seen:
            for event in seen:
                handle = handler_of(type(event))
                if handle is not None:
                    handle(event)
        return Tree(self._root, tuple(self._errors))

    def _scalar(self, event: Any) -> None:
        if event.tag is not None or event.anchor is not None:
            self._refuse_properties(event)
        if self._open and self._keys[-1] is None and type(self._open[-1]) is dict:
            self._key(event, event.value)
            return
        value = event.value
        self._place(value if event.style or (value and value[0] in ALWAYS_STRINGS) else resolve(value))

    def _key(self, event: Any, text: str) -> None:
        name = self._names.get(text)
        if name is None:
            name = text
            if not event.style:
                if not isinstance(resolve(text), str):
                    problem = f"{quoted(text)} is no string to every YAML reader; quote this field's name"
                    self._error(event, Code.SYNTAX, problem)
                    self._keys[-1] = _DISCARDED
                    return
                self._names[text] = text
        self._keys[-1] = name
        if name in self._open[-1]:
            self._error(event, Code.DUPLICATE_FIELD, "is there twice; each field may be given once")
            self._keys[-1] = _DISCARDED

    def _start(self, event: Any) -> None:
        if event.tag is not None or event.anchor is not None:
            self._refuse_properties(event)
        is_mapping = type(event) is MappingStartEvent
        if self._open and self._keys[-1] is None and type(self._open[-1]) is dict:
            self._error(event, Code.SYNTAX, "has a mapping or a list where the name of a field belongs")
        if len(self._open) >= limits.DEPTH:
            raise _unparsable(
                event.start_mark.line + 1,
                event.start_mark.column + 1,
                f"is nested more than {limits.DEPTH} levels deep",
            )
        self._open.append({} if is_mapping else [])
        self._keys.append(None)

    def _end(self, _: Event) -> None:
        self._keys.pop()
        self._place(self._open.pop())

    def _place(self, value: Value) -> None:
        if not self._open:
            self._root = value
            return
        container = self._open[-1]
        if type(container) is list:
            container.append(value)
            return
        key = self._keys[-1]
        if key is None:  # a mapping or a list as a field's name, already reported
            self._keys[-1] = _DISCARDED
            return
        if key is not _DISCARDED:
            container[key] = value
        self._keys[-1] = None

    def _alias(self, event: Event) -> None:
        self._error(event, Code.SYNTAX, "is an alias; anchors and aliases are not accepted, write the value out")
        self._place(UNREADABLE)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _unparsable(
                event.start_mark.line + 1, event.start_mark.column + 1, "is a second document; one is accepted"
            )
        if event.tags or event.version not in (None, (1, 2)):
            self._error(event, Code.SYNTAX, "has a directive that is not accepted; only %YAML 1.2 is")

    def _refuse_properties(self, event: Any) -> None:
        if event.anchor is not None:
            self._error(event, Code.SYNTAX, "has an anchor; anchors and aliases are not accepted, write the value out")
        if event.tag is not None:
            self._error(event, Code.SYNTAX, "has a tag; tags are not accepted, quote strings instead")

    def _error(self, event: Any, code: Code, detail: str) -> None:
        mark = event.start_mark
        path = self._path()
        self._errors.append(FieldError(write_path(path), mark.line + 1, mark.column + 1, code, detail, path))

    def _path(self) -> Path:
        steps = (len(each) if type(each) is list else key for each, key in zip(self._open, self._keys, strict=True))
        return tuple(step for step in steps if isinstance(step, int | str))


def _unparsable(line: int, column: int, detail: str) -> Unparsable:
    return Unparsable(FieldError("", line, column, Code.SYNTAX, detail))


_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]").search


def read_json(data: bytes) -> Value:
    """The value of JSON text, strictly: UTF-8, no member twice, no NaN, no endless number or depth, no half characters.

    Raises ValueError with a sentence that goes on from the text and shows nothing of it.
    """
    try:
        value = _decode_json(data.decode("utf-8"))
        if _SURROGATE(data):
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a pair alone is no text
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except UnicodeEncodeError:
        raise ValueError("has half of a surrogate pair, which is no character") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    return value


def _read_json(data: bytes) -> Value:
    """The value of a JSON object; UNREADABLE for anything else, which libyaml then reads or tells what is wrong.

    It is faster, and JSON writes what lies beyond U+FFFF as two escapes, which YAML does not know.
    """
    if not data.lstrip(b" \t\r\n").startswith(b"{"):
        return UNREADABLE
    try:
        return read_json(data)
    except ValueError:
        return UNREADABLE


def _integer(digits: str) -> int:
    if len(digits) > limits.NUMBER_CHARACTERS:
        raise ValueError("holds a number that is too long")
    return int(digits)


_decode_json: Final = json.JSONDecoder(
    object_pairs_hook=without_duplicates, parse_constant=refuse_constant, parse_int=_integer
).decode
