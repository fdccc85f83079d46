"""The program as a whole: help, examples, completion, the version."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from authz_server import __version__
from authzctl.app import program
from tests.unit.authzctl.conftest import Run


def example(printed: str) -> str:
    """The command of a help text's example, which stands in one line, to be copied."""
    found = re.search(r"^  Example: authzctl (.*)$", printed, re.MULTILINE)
    assert found is not None, printed
    return re.split(r" [<>] ", found[1])[0]


def commands() -> Iterator[tuple[str, ...]]:
    """Every command, by its words."""
    app = program()
    for command in app.registered_commands:
        yield (str(command.name),)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            yield (str(group.name), str(command.name))


COMMANDS = sorted(commands())


def test_every_command_that_is_promised_is_there() -> None:
    top = {command[0] for command in COMMANDS}
    assert top == {
        *("login", "logout", "whoami", "clients", "profiles", "rotate", "expire", "set-auth", "remove-auth", "reveal"),
        *("disable", "enable", "check", "audit", "export", "apply", "api-keys", "accounts"),
    }
    for verb in ("list", "show", "create", "update", "delete", "disable", "enable"):
        assert {("clients", verb), ("profiles", verb), ("accounts", verb)} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_an_example_that_can_be_typed(command: tuple[str, ...], run: Run) -> None:
    outcome = run(*command, "--help")
    assert outcome.code == 0
    assert shlex.split(example(outcome.out))[: len(command)] == list(command)
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_every_example_is_accepted_up_to_its_files(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is refused for what it says: without a key, each gets as far as asking for one, or for a file."""
    monkeypatch.delenv("AUTHZCTL_API_KEY")
    for command in COMMANDS:
        words = shlex.split(example(run(*command, "--help").out))
        outcome = run(*words)
        expected = ("there is no key", "is no key", "cannot be read", "There was nothing to forget")
        assert any(sentence in outcome.out + outcome.err for sentence in expected), (words, outcome)


@pytest.mark.parametrize("group", [(), ("clients",), ("profiles",), ("api-keys",)], ids=" ".join)
def test_no_description_in_a_list_of_commands_is_cut_off(group: tuple[str, ...], run: Run) -> None:
    assert "..." not in run(*group, "--help").out.partition("Commands:")[2]


def test_help_without_a_command_lists_them(run: Run) -> None:
    outcome = run("--help")
    for name in {command[0] for command in COMMANDS}:
        assert f"\n  {name} " in outcome.out
    assert "130 interrupted" in " ".join(outcome.out.split())


@pytest.mark.parametrize("arguments", [("nonsense",), ("clients", "nonsense"), ("clients", "show"), ("rotate", "--x")])
def test_a_wrong_command_line_ends_with_2(arguments: tuple[str, ...], run: Run) -> None:
    assert run(*arguments).code == 2


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").out == f"authzctl {__version__}\n"


def complete(monkeypatch: pytest.MonkeyPatch, run: Run, words: str) -> Any:
    """What bash is told to offer after these words."""
    monkeypatch.setenv("_AUTHZCTL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    return run().out.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("authzctl prof", ["profiles"]),
        ("authzctl profiles de", ["delete"]),
        ("authzctl set-auth pr_a --auth m", ["mtls"]),
        ("authzctl rotate pr_a -o v", ["value"]),
        ("authzctl api-keys create a --role ad", ["admin"]),
    ],
)
def test_the_shell_completes_commands_and_choices(
    words: str, offered: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complete(monkeypatch, run, words) == offered
