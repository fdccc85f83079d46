"""Document: all clients and profiles of a file, read and checked as a whole."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from authz_server.core.profile import Client, Profile
from authz_server.documents.errors import Code, DocumentInvalid, FieldError, Path, Problem, write_path
from authz_server.documents.fields import Fields, Report
from authz_server.documents.positions import Place, locate
from authz_server.documents.profiles import ProfileReader
from authz_server.documents.sealed import OpenSealed, ResolveEnv
from authz_server.documents.tree import Tree, Unparsable, Value, read_tree

DOCUMENT_FIELDS: Final = frozenset(("clients",))


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says. Profiles are unpublished: their version is still to come."""

    clients: tuple[Client, ...] = ()
    profiles: tuple[Profile, ...] = ()
    warnings: tuple[FieldError, ...] = ()


def read_document(
    data: bytes, *, resolve_env: ResolveEnv | None = None, open_sealed: OpenSealed | None = None
) -> Document:
    """Read a document of YAML 1.2 or JSON. Raises `DocumentInvalid` with everything that is wrong with it.

    `resolve_env` gives the value of an environment variable, `open_sealed` opens a sealed secret; without them, what
    needs them is an error.
    """
    with _collection_paused():
        try:
            tree = read_tree(data)
        except Unparsable as stop:
            raise DocumentInvalid((stop.error,)) from None
        report = Report()
        reader = _Reader(report, ProfileReader(resolve_env, open_sealed))
        reader.read(tree.root)
        if tree.errors or report.errors:
            raise DocumentInvalid(_in_order(data, tree, report.errors))
        warnings = _placed(data, report.warnings)
        return Document(tuple(reader.clients), tuple(reader.profiles), tuple(warnings))


class _Reader:
    """Goes through a document's clients and their profiles, and holds what must be unique."""

    def __init__(self, report: Report, reader: ProfileReader) -> None:
        self.clients: list[Client] = []
        self.profiles: list[Profile] = []
        self._report = report
        self._reader = reader
        self._client_ids: dict[str, Path] = {}
        self._client_names: dict[str, Path] = {}
        self._profile_ids: dict[str, Path] = {}

    def read(self, root: Value) -> None:
        fields = Fields.of(root, (), self._report)
        if fields is None:
            return
        fields.know(DOCUMENT_FIELDS, "a document")
        if "clients" not in fields:
            fields.missing("clients")
        for client_fields in self._mappings(fields, "clients"):
            self._client(client_fields)

    def _client(self, fields: Fields) -> None:
        client = self._reader.client(fields)
        self.clients.append(client)
        self._unique(fields, "id", self._client_ids)
        self._unique(fields, "name", self._client_names)
        names: dict[str, Path] = {}
        for profile_fields in self._mappings(fields, "profiles"):
            profile = self._reader.profile(profile_fields, client)
            if profile is not None:
                self.profiles.append(profile)
            self._unique(profile_fields, "id", self._profile_ids)
            self._unique(profile_fields, "name", names)

    def _mappings(self, fields: Fields, name: str) -> Iterator[Fields]:
        path = (*fields.path, name)
        for position, value in enumerate(fields.each(name, lambda value: value)):
            entry = Fields.of(value, (*path, position), self._report)
            if entry is not None:
                yield entry

    def _unique(self, fields: Fields, name: str, seen: dict[str, Path]) -> None:
        value = fields.value(name)
        if type(value) is not str:
            return  # already reported
        first = seen.setdefault(value, fields.path)
        if first is not fields.path:
            fields.error(name, Code.NOT_UNIQUE, f"is that of {write_path(first)} already; it has to be unique")


def _in_order(data: bytes, tree: Tree, problems: Iterable[Problem]) -> list[FieldError]:
    return sorted((*tree.errors, *_placed(data, problems)), key=lambda error: (error.line, error.column))


def _placed(data: bytes, problems: Iterable[Problem]) -> list[FieldError]:
    """Each problem with the line and the column that its path leads to."""
    problems = tuple(problems)
    if not problems:
        return []
    positions = locate(data, (Place(problem.path, problem.at_key) for problem in problems))
    placed = []
    for problem in problems:
        line, column = positions[Place(problem.path, problem.at_key)]
        placed.append(FieldError(write_path(problem.path), line, column, problem.code, problem.detail, problem.path))
    return placed


@contextmanager
def _collection_paused() -> Iterator[None]:
    """A tree has no cycles, and looking for them in a growing one takes longer than reading it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
