"""Forms: what was typed, kept as it was, and what is wrong with it, field by field.

A field is named as in the document (`auth.issuer`). Where a list is asked for, a line is an item: its position in the
list leads back to its line.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from authz_server.documents.errors import Path, quoted
from authz_server.documents.plain import Ambiguous
from authz_server.managing.commands import Idempotency
from authz_server.managing.errors import Code, Refused, ValidationFailed

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
FORM_BYTES: Final = 1_048_576
FORM_FIELDS: Final = 1_000
KEY_FIELD: Final = "form_key"
_KEY_CHARACTERS: Final = 64
_MOST_SAID: Final = 10  # of one field
_INVALID: Final = 422
_CONFLICT: Final = 409
_CONFLICTS: Final = frozenset((Code.NAME_TAKEN, Code.ID_TAKEN, Code.VERSION_MISMATCH, Code.TOO_MANY_PROFILES))
_DIGITS: Final = re.compile(r"[0-9]{1,15}").fullmatch
_SEPARATORS: Final = re.compile(r"[\s,]+")
# These stand for what cannot be read, so that the document's own reader refuses them, along with all else.
_NOTHING: Final = Ambiguous("is missing, and has to be given")
_NO_NUMBER: Final = Ambiguous("is not a whole number; write it in digits alone, such as 24")
_NO_PAIR: Final = Ambiguous("has no =; write NAME=VALUE, one in a line")
_TWICE: Final = Ambiguous("is there twice")
_FIELD_OF: Final[Mapping[str, str]] = {Code.NAME_TAKEN: "name", Code.ID_TAKEN: "id"}
_WORDS: Final[Mapping[str, str]] = {
    Code.IDEMPOTENCY_KEY_REUSED: (
        "this form was sent before, with other values, and what it did then stays; sent once more, it does what it says"
        " now as well"
    ),
}


class MalformedForm(Exception):
    """No browser sends a form like this."""


class Line(NamedTuple):
    """One item of a list, and the line that it was typed in, from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent. Every value is text; a field that comes twice counts the first time."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)  # passwords may be among them

    @classmethod
    def parse(cls, body: bytes) -> Form:
        """Raises `MalformedForm`."""
        try:
            pairs = parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                strict_parsing=bool(body),
                errors="strict",
                max_num_fields=FORM_FIELDS,
            )
        except ValueError:  # UnicodeDecodeError is one
            raise MalformedForm from None
        values: dict[str, str] = {}
        for name, value in pairs:
            values.setdefault(name, value.replace("\r\n", "\n"))
        return cls(values)

    def text(self, name: str) -> str:
        """What was typed into one field, without the spaces around it; nothing where there is no such field."""
        return self.values.get(name, "").strip()

    def needed(self, name: str) -> str | Ambiguous:
        """Likewise, but what every reader refuses where nothing was typed."""
        return self.text(name) or _NOTHING

    def exact(self, name: str) -> str:
        """What was typed, spaces and all: for passwords."""
        return self.values.get(name, "")

    def is_checked(self, name: str) -> bool:
        """Whether a box was ticked: one that is not is not sent at all."""
        return name in self.values

    def lines(self, name: str) -> tuple[Line, ...]:
        """The lines of a field that are not empty."""
        typed = (line.strip() for line in self.values.get(name, "").splitlines())
        return tuple(Line(number, text) for number, text in enumerate(typed, 1) if text)

    def items(self, name: str) -> list[str]:
        """The lines of a field that are not empty, as a list of the document."""
        return [line.text for line in self.lines(name)]

    def names(self, name: str) -> list[str]:
        """Words with commas, spaces or both between them, as a list of the document."""
        return [word for word in _SEPARATORS.split(self.values.get(name, "")) if word]

    def number(self, name: str) -> int | Ambiguous | None:
        """A whole number; None where nothing was typed, and what every reader refuses where it is none."""
        text = self.text(name)
        if not text:
            return None
        return int(text) if _DIGITS(text) else _NO_NUMBER

    def pairs(self, name: str) -> list[tuple[str, str | Ambiguous]]:
        """The lines of a field, each a name, `=` and a value; what every reader refuses where one is none."""
        split = (line.partition("=") for line in self.items(name))
        return [(left.strip(), right.strip() if equals else _NO_PAIR) for left, equals, right in split]

    def mapping(self, name: str) -> dict[str, str | Ambiguous]:
        """The lines of a field as `pairs` has them, each name once; twice is what every reader refuses."""
        read: dict[str, str | Ambiguous] = {}
        for left, right in self.pairs(name):
            read[left] = _TWICE if left in read else right
        return read

    def idempotency(self, method: str, path: str) -> Idempotency | None:
        """The form's one-time key: whoever sends the same form again is told what it did, and nothing is done twice."""
        key = self.values.get(KEY_FIELD, "")
        if not key or len(key) > _KEY_CHARACTERS or not (key.isascii() and key.isalnum()):
            return None
        sent = "\0".join((method, path, *(f"{name}\0{value}" for name, value in sorted(self.values.items()))))
        return Idempotency(f"form:{key}", sha256(sent.encode("utf-8", "surrogatepass")).digest())


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as a page shows it: the values in its fields, and what is wrong with them.

    `errors` goes by the field's name; what belongs to no field is under the empty one.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)  # passwords may be among them
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """What stands in a field."""
        return self.values.get(name, "")

    def is_checked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return name in self.values

    def wrong(self, name: str) -> tuple[str, ...]:
        """What is wrong with a field: sentences."""
        return self.errors.get(name, ())

    @property
    def general(self) -> tuple[str, ...]:
        """What is wrong, and no field's fault."""
        return self.errors.get("", ())

    @property
    def first_wrong(self) -> str:
        """The field that gets the focus."""
        return next((name for name in self.errors if name), "")


def written_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """What `Form.pairs` reads as these."""
    return "\n".join(f"{name}={value}" for name, value in pairs)


def refused(form: Form, refusal: Refused, known: Iterable[str], renamed: Mapping[str, str] | None = None) -> Filled:
    """The form again, everything typed kept, and the refusal's sentences at their fields.

    `known` are the names of the fields that the page shows, as they follow one another: the first that is wrong gets
    the focus. `renamed` leads from the document's names to those.
    """
    order = {name: position for position, name in enumerate(known)}
    found: dict[str, list[tuple[str | int | None, str]]] = {}
    for path, sentence in _sentences(refusal):
        name, step = _place(path, order.keys(), renamed or {})
        found.setdefault(name, []).append((step, sentence))
    names = sorted(found, key=lambda name: order.get(name, -1))
    return Filled(form.values, {name: tuple(_said(form.lines(name), found[name])) for name in names})


def status(refusal: Refused) -> int:
    """That of the page which shows the form again."""
    return _CONFLICT if refusal.code in _CONFLICTS else _INVALID


def _sentences(refusal: Refused) -> Iterable[tuple[Path, str]]:
    if isinstance(refusal, ValidationFailed):
        return [(each.path, each.detail) for each in refusal.problems]
    name = _FIELD_OF.get(refusal.code)
    return [((name,) if name else (), _WORDS.get(refusal.code, str(refusal)))]


def _place(path: Path, known: Collection[str], renamed: Mapping[str, str]) -> tuple[str, str | int | None]:
    """The field that a path of the document leads to, and the step in it; without a field, all steps in one."""
    for length in range(len(path), 0, -1):
        name = ".".join(map(str, path[:length]))
        name = renamed.get(name, name)
        if name in known:
            return name, path[length] if length < len(path) else None
    return "", ".".join(map(str, path)) or None


def _said(lines: tuple[Line, ...], found: Sequence[tuple[str | int | None, str]]) -> Iterable[str]:
    """What is wrong with one field; of very much, the first."""
    for step, sentence in found[:_MOST_SAID]:
        where = _within(lines, step)
        yield _written(f"{where}: {sentence}" if where else sentence)
    if len(found) > _MOST_SAID:
        yield f"And {len(found) - _MOST_SAID:,} more."


def _within(lines: tuple[Line, ...], step: str | int | None) -> str:
    match step:
        case str():
            return quoted(step)
        case int() if len(lines) > 1 and step < len(lines):  # of one line, nobody asks which
            return f"Line {lines[step].number}"
    return ""


def _written(sentence: str) -> str:
    sentence = sentence.strip()
    sentence = sentence[:1].upper() + sentence[1:]
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."
