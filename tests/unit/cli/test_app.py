"""The program around the commands: which one is loaded, and how each way to fail ends."""

import sys
from collections.abc import Callable

import pytest
import typer

from authz_server import __version__
from authz_server.cli import app, config
from authz_server.settings import SettingsError


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    """Run the console script; the exit code."""
    monkeypatch.setattr(sys, "argv", ["authz-server", *arguments])
    with pytest.raises(SystemExit) as ended:
        app.main()
    return ended.value.code


def leaves(name: str) -> list[tuple[str, ...]]:
    """A command by its words, or each of those below it."""
    groups = app.program([name]).registered_groups
    below = [
        command for group in groups if group.typer_instance for command in group.typer_instance.registered_commands
    ]
    return [(name, command.name or command.callback.__name__) for command in below if command.callback] or [(name,)]


@pytest.fixture(name="config_raises")
def a_command_that_raises(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Let `authz-server config` end with this exception."""

    def put(error: BaseException) -> None:
        def command() -> None:
            raise error

        monkeypatch.setattr(config, "config", command)

    return put


def test_the_version_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"authz-server {__version__}\n"


@pytest.mark.parametrize("arguments", [("--help",), ("-h",)])
def test_help_lists_every_command(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == 0
    listed = capsys.readouterr().out
    for name in app.COMMANDS:
        assert f"\n  {name} " in listed


@pytest.mark.parametrize("name", app.COMMANDS)
def test_every_command_has_help_with_an_example(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in leaves(name):
        assert run(monkeypatch, *words, "--help") == 0
        assert "Example" in capsys.readouterr().out, words


def test_a_misspelt_command_is_a_usage_error_with_a_suggestion(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "chekc") == 2
    assert "Did you mean" in capsys.readouterr().err


def test_an_unknown_option_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "config", "--jsn") == 2


def test_only_the_command_that_is_named_is_loaded() -> None:
    loaded = app.program(["config"])
    assert [command.name for command in loaded.registered_commands] == ["config"]
    assert loaded.registered_groups == []


def test_wrong_settings_end_with_2_and_every_problem_on_standard_error(
    config_raises: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config_raises(SettingsError(("one", "two")))
    assert run(monkeypatch, "config") == 2
    assert capsys.readouterr() == ("", "authz-server: one\nauthz-server: two\n")


def test_an_interruption_ends_with_130(
    config_raises: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    config_raises(KeyboardInterrupt())
    assert run(monkeypatch, "config") == 130


def test_a_command_chooses_its_own_exit_code(
    config_raises: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    config_raises(typer.Exit(1))
    assert run(monkeypatch, "config") == 1


def test_a_defect_is_not_hidden(
    config_raises: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    config_raises(ZeroDivisionError())
    monkeypatch.setattr(sys, "argv", ["authz-server", "config"])
    with pytest.raises(ZeroDivisionError):
        app.main()
