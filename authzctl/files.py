"""Files that are named on the command line; `-` is standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from authz_server.documents.errors import write_path
from authz_server.documents.plain import Ambiguous
from authz_server.documents.tree import Unparsable, read_tree
from authzctl.failures import Misused, Refused

STDIN: Final = "-"


def content(file: str) -> bytes:
    """What it holds. Raises `Misused` where it cannot be read."""
    try:
        return sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except OSError as error:
        raise Misused(f"{file} cannot be read: {error.strerror}") from None


def text(file: str) -> str:
    """What it holds, as text. Raises `Misused`."""
    try:
        return content(file).decode("utf-8")
    except UnicodeDecodeError:
        raise Misused(f"{file} is not UTF-8") from None


def secret(file: str) -> str:
    """The one line that it holds, without its end. Raises `Misused`; what it holds is never shown."""
    value = text(file).rstrip("\r\n")
    if not value or "\n" in value:
        raise Misused(f"{file} does not hold one line, the secret")
    return value


def mapping(file: str) -> dict[str, Any]:
    """The fields that it gives, YAML or JSON. Raises `Misused`, `Refused` with every error at its place."""
    try:
        tree = read_tree(content(file))
    except Unparsable as stop:
        raise Refused(f"{file}:{stop}") from None
    ambiguous = [f"{write_path(path)}: {scalar.problem}" for path, scalar in _ambiguous((), tree.root)]
    if tree.errors or ambiguous:
        raise Refused(f"{file} is refused", details=(*(f"{file}:{error}" for error in tree.errors), *ambiguous))
    if not isinstance(tree.root, dict):
        raise Refused(f"{file} holds no mapping of fields to values")
    return tree.root


def _ambiguous(path: tuple[str | int, ...], value: Any) -> list[tuple[tuple[str | int, ...], Ambiguous]]:
    """Words that YAML readers disagree on, and where they stand."""
    if isinstance(value, Ambiguous):
        return [(path, value)]
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, entry in entries for found in _ambiguous((*path, name), entry)]
