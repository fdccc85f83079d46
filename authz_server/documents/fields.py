"""Fields: one mapping of a document while it is read. What is wrong with it goes to the report, and reading goes on."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from typing import Any, Final, TypeVar

from authz_server.documents.errors import Code, Invalid, Path, Problem, quoted
from authz_server.documents.tree import Unreadable, Value
from authz_server.documents.values import AlreadyReported, wrong_type

T = TypeVar("T")
D = TypeVar("D")
Parse = Callable[[Value], T]

_ABSENT: Final = object()
_NAME_CHARACTERS: Final = 64  # of a field that nobody knows; comparing takes the square of it
_PART_CHARACTERS: Final = 4
# What these hold is never repeated, be it wrong.
_UNSHOWN: Final = frozenset(
    (
        *("token_sha256", "header", "secret", "secret_env", "secret_sealed", "public_key", "jwks", "ca_bundle"),
        *("previous", "password", "current_password", "new_password"),
    )
)


class Report:
    """What is wrong with a document, and what only looks wrong."""

    __slots__ = ("errors", "warnings")

    def __init__(self) -> None:
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def error(self, path: Path, code: Code, detail: str, *, at_key: bool = False) -> None:
        """Refuse the document."""
        self.errors.append(Problem(path, code, detail, at_key))

    def warn(self, path: Path, code: Code, detail: str) -> None:
        """Say what the author should look at again."""
        self.warnings.append(Problem(path, code, detail))

    def refused(self, path: Path, value: Value, problem: ValueError) -> None:
        """Refuse the document for what a check raised about `value`."""
        if isinstance(problem, AlreadyReported):
            return
        if isinstance(problem, Invalid):
            self.error(path, problem.code, str(problem))
        elif isinstance(problem, UnicodeError):  # its own words would repeat the value
            self.error(path, Code.INVALID, "has characters that are not accepted")
        else:
            shown = isinstance(value, str) and _UNSHOWN.isdisjoint(path)
            self.error(path, Code.INVALID, f"{quoted(value)} {problem}" if shown else str(problem))


class Fields:
    """A mapping whose fields are taken one by one; those that nobody knows are errors."""

    __slots__ = ("_values", "path", "report")

    def __init__(self, values: dict[str, Value], path: Path, report: Report) -> None:
        self._values = values
        self.path = path
        self.report = report

    @classmethod
    def of(cls, value: Value, path: Path, report: Report) -> Fields | None:
        """The fields of a mapping; None, with an error, of anything else."""
        if type(value) is dict:
            return cls(value, path, report)
        report.refused(path, value, wrong_type(value, "a mapping"))
        return None

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def know(self, names: frozenset[str], where: str) -> None:
        """Refuse all fields but `names`: those of `where`, such as "a profile"."""
        if self._values.keys() <= names:
            return
        for name in self._values:
            if name not in names:
                self._unknown(name, sorted(names), where)

    def required(self, name: str, parse: Parse[T]) -> T | None:
        """The field's value; None where an error was reported."""
        if name not in self._values:
            self.missing(name)
            return None
        return self.optional(name, parse, None)

    def optional(self, name: str, parse: Parse[T], default: D) -> T | D:
        """The field's value; `default` where there is none, or an error was reported."""
        value = self._values.get(name, _ABSENT)
        if value is _ABSENT:
            return default
        try:
            return parse(value)
        except ValueError as problem:
            self.report.refused((*self.path, name), value, problem)
            return default

    def each(self, name: str, parse: Parse[T]) -> tuple[T, ...]:
        """The entries of a list, those with errors left out; none where there is no list."""
        value = self._values.get(name, _ABSENT)
        if value is _ABSENT:
            return ()
        return self.entries((*self.path, name), value, parse)

    def entries(self, path: Path, value: Value, parse: Parse[T]) -> tuple[T, ...]:
        """The entries of `value`, which stands at `path` and should be a list."""
        if type(value) is not list:
            self.report.refused(path, value, _no_list(value))
            return ()
        try:
            return tuple([parse(entry) for entry in value])
        except ValueError:
            return tuple(self._good_entries(path, value, parse))

    def mapping(self, name: str) -> Fields | None:
        """The field's value as a mapping; None where there is none, or an error was reported."""
        if name not in self._values:
            return None
        return Fields.of(self._values[name], (*self.path, name), self.report)

    def items(self) -> Collection[tuple[str, Value]]:
        """All names and values."""
        return self._values.items()

    def value(self, name: str) -> Value:
        """A field as it was written; None where it was not."""
        return self._values.get(name)

    def missing(self, name: str) -> None:
        """Say that a field has to be there."""
        self.report.error((*self.path, name), Code.MISSING, "is missing, and has to be given")

    def error(self, name: str, code: Code, detail: str) -> None:
        """Say what is wrong with a field."""
        self.report.error((*self.path, name), code, detail)

    def _good_entries(self, path: Path, values: list[Any], parse: Parse[T]) -> list[T]:
        good = []
        for position, value in enumerate(values):
            try:
                good.append(parse(value))
            except ValueError as problem:
                self.report.refused((*path, position), value, problem)
        return good

    def _unknown(self, name: str, names: list[str], where: str) -> None:
        close = difflib.get_close_matches(name[:_NAME_CHARACTERS], names, n=1) or _longer_names(name, names)
        hint = f"did you mean {close[0]}?" if close else f"accepted are {', '.join(names)}"
        detail = f"is no field of {where}; {hint}"
        self.report.error((*self.path, name), Code.UNKNOWN_FIELD, detail, at_key=True)


def _longer_names(name: str, names: list[str]) -> list[str]:
    """Those of which `name` is a part: `scopes` of `required_scopes`."""
    return [longer for longer in names if len(name) >= _PART_CHARACTERS and name in longer]


def _no_list(value: Value) -> ValueError:
    if isinstance(value, Unreadable) or value is None:
        return wrong_type(value, "a list")
    return wrong_type(value, "a list", "" if isinstance(value, dict) else ", also for a single value: put it in [ ]")
