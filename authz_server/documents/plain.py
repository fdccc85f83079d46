"""Plain scalars by the core schema of YAML 1.2 (section 10.3.2), and those on which YAML readers disagree."""

from __future__ import annotations

import re
from typing import Final

from authz_server.documents import limits


class Ambiguous:
    """A plain scalar that readers take for different things. `problem` goes on from the field's name."""

    __slots__ = ("problem",)

    def __init__(self, problem: str) -> None:
        self.problem = problem


Plain = str | int | float | bool | Ambiguous | None

_BOOLEAN_WORD: Final = Ambiguous(
    "is a boolean to some YAML readers and a string to others; quote it, or write true or false"
)
_LEADING_ZERO: Final = Ambiguous(
    "is an octal number to some YAML readers and a decimal one to others; quote it, or leave the leading zeros out"
)
_LONG_NUMBER: Final = Ambiguous("is a number too long to be read as one; quote it")

_CONSTANTS: Final[dict[str, Plain]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    # The booleans of YAML 1.1.
    **{
        form: _BOOLEAN_WORD
        for word in ("yes", "no", "on", "off", "y", "n")
        for form in (word, word.capitalize(), word.upper())
    },
}
_NUMBER_BEGINS: Final = frozenset("0123456789+-.")
ALWAYS_STRINGS: Final = frozenset("abcdeghijklmpqrsuvwxzABCDEGHIJKLMPQRSUVWXZ/_")
"""What a plain scalar may begin with so that it can only be a string."""
_INTEGER: Final = re.compile(r"[-+]?[0-9]+").fullmatch
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?").fullmatch
_PREFIXED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+").fullmatch
_LEADING_ZEROS: Final = re.compile(r"[-+]?0[0-9]").match


def resolve(text: str) -> Plain:
    """The value of a plain scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return _number(text) if text[0] in _NUMBER_BEGINS else text


def _number(text: str) -> Plain:
    if not _FLOAT(text):
        return int(text, 0) if len(text) <= limits.NUMBER_CHARACTERS and _PREFIXED(text) else text
    if len(text) > limits.NUMBER_CHARACTERS:
        return _LONG_NUMBER
    if _INTEGER(text):
        return _LEADING_ZERO if _LEADING_ZEROS(text) else int(text)
    return float(text)
