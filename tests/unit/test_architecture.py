"""What holds the house together and import-linter cannot say."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import authz_server

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = Path(authz_server.__file__).parent
PURE_ROOMS: Final = {"core", "authentication", "checking", "managing", "documents"}
MOST_LINES: Final = 300
NAMES_THAT_SAY_NOTHING: Final = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "base", "impl"}
GENERATED: Final = PACKAGE / "wire"


def modules() -> Iterator[Path]:
    """Every module that is written by hand."""
    return (path for path in PACKAGE.rglob("*.py") if GENERATED not in path.parents)


def imported_packages(path: Path) -> set[str]:
    """The top-level packages that a module names in its imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in plain | named}


def contract(name: str) -> dict[str, list[str]]:
    """One of import-linter's contracts in `pyproject.toml`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: dict[str, list[str]] = next(
        each for each in settings["tool"]["importlinter"]["contracts"] if each["id"] == name
    )
    return found


def test_no_module_is_too_long_to_be_read_in_one_go() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules()}
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_module_or_room_has_a_name_that_says_nothing() -> None:
    names = {part for path in modules() for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert names & NAMES_THAT_SAY_NOTHING == set()


def test_the_core_imports_the_standard_library_and_itself_only() -> None:
    imported = {name for path in (PACKAGE / "core").rglob("*.py") for name in imported_packages(path)}
    assert imported - sys.stdlib_module_names == {"authz_server"}


def test_every_pure_room_is_held_by_a_contract() -> None:
    rooms = {f"authz_server.{room}" for room in PURE_ROOMS if (PACKAGE / room).is_dir()}
    held = {room for name in ("core", "pure") for room in contract(name)["source_modules"]}
    assert held == rooms


@pytest.mark.parametrize("name", ["runtime", "development", "build"])
def test_no_lock_names_a_registry(name: str) -> None:
    assert "://" not in (ROOT / "requirements" / f"{name}.txt").read_text()
