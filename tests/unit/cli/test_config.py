"""`authz-server config`."""

import json
import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from authz_server.cli.app import program
from authz_server.cli.config import in_force
from authz_server.core.secret import REDACTED
from authz_server.settings import load, variables

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AUTHZ_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def output(*arguments: str) -> tuple[str, str]:
    """Standard output and standard error of `authz-server config`."""
    result = RUNNER.invoke(program(["config"]), ["config", *arguments])
    assert result.exit_code == 0
    return result.stdout, result.stderr


def test_every_setting_is_a_row_of_three_columns() -> None:
    header, *rows = output()[0].splitlines()
    assert header.split() == ["NAME", "VALUE", "SOURCE"]
    assert [row.split()[0] for row in rows] == [variable.name for variable in variables()]
    assert {len(row.split()) for row in rows} == {3}
    assert {row.split()[2] for row in rows} == {"default"}


def test_the_columns_stand_below_one_another() -> None:
    header, *rows = output()[0].splitlines()
    assert {row.index(row.split()[1]) for row in rows} == {header.index("VALUE")}


def test_a_value_says_where_it_came_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUTHZ_REALM", "environment")
    (tmp_path / ".env").write_text("AUTHZ_LOG_LEVEL=debug\n")
    table, told = output()
    rows = [tuple(row.split()) for row in table.splitlines()]
    assert ("AUTHZ_REALM", "environment", "environment") in rows
    assert ("AUTHZ_LOG_LEVEL", "debug", ".env") in rows
    assert told == "authz-server config: .env is read by `authz-server dev` only\n"


@pytest.mark.parametrize(
    ("chosen", "terminal", "shown"),
    [("auto", True, "console"), ("auto", False, "json"), ("json", True, "json"), ("console", False, "console")],
)
def test_the_log_format_is_the_one_in_force(
    chosen: str,
    terminal: bool,  # noqa: FBT001 - drawn
    shown: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`auto` is no format: a terminal gets lines for people, anything else JSON."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    (variable,) = (each for each in variables() if each.name == "AUTHZ_LOG_FORMAT")
    assert in_force(load({"AUTHZ_LOG_FORMAT": chosen}), variable) == shown


def test_the_default_log_format_is_shown_as_what_it_comes_to() -> None:
    assert ["AUTHZ_LOG_FORMAT", "json", "default"] in [row.split() for row in output()[0].splitlines()]


def test_json_has_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHZ_WORKERS", "1")
    rows = json.loads(output("--json")[0])
    assert {"name": "AUTHZ_WORKERS", "value": "1", "source": "environment"} in rows
    assert {"name": "AUTHZ_PROFILES_FILE", "value": "", "source": "default"} in rows
    assert [row["name"] for row in rows] == [variable.name for variable in variables()]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_secret_is_printed(form: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHZ_REDIS_URL", "redis://user:hunter2@127.0.0.1:6379/0")
    monkeypatch.setenv("AUTHZ_RECORD_KEYS", "A" * 43 + "=")
    printed, _ = output(*form)
    assert "hunter2" not in printed
    assert "AAAA" not in printed
    assert f"redis://user:{REDACTED}@127.0.0.1:6379/0" in printed


def test_a_misspelt_variable_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHZ_RELAM", "x")
    assert output()[1] == "authz-server config: AUTHZ_RELAM is not a setting; did you mean AUTHZ_REALM?\n"
