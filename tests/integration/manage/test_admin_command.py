"""`authz-server admin`: accounts, made and changed where nobody can sign in yet."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.integration.manage.test_command_line import refused
from tests.support.manage_process import command
from tests.support.passwords import A_PASSWORD
from tests.support.processes import script

Settings = dict[str, str]
TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def admin(settings: Settings, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return command(["admin", *arguments], settings, typed=typed)


def make(settings: Settings, name: str = "ada", *options: str) -> str:
    made = admin(settings, "create", name, *options, typed=f"{A_PASSWORD}\n")
    assert made.returncode == 0, made
    return made.stdout.strip()


def listed(settings: Settings) -> dict[str, dict[str, Any]]:
    """By name."""
    return {each["name"]: each for each in json.loads(admin(settings, "list", "-o", "json").stdout)}


def test_an_account_is_made_with_a_password_from_standard_input(settings: Settings) -> None:
    made = admin(settings, "create", "ada", "--role", "operator", typed=f"{A_PASSWORD}\r\nand more\n")
    assert made.returncode == 0, made
    shown = listed(settings)["ada"]
    assert made.stdout == f"{shown['id']}\n"
    assert made.stderr == (
        "ada can sign in now, as operator, on the pages that `authz-server manage` serves on 127.0.0.1:0 "
        "(AUTHZ_HTTP_LISTEN)\n"
    )
    assert (shown["role"], shown["active"], shown["last_signed_in_at"]) == ("operator", True, None)


def test_accounts_are_listed_as_a_table(settings: Settings) -> None:
    account_id = make(settings)
    header, row = admin(settings, "list").stdout.splitlines()
    assert header.split() == ["ID", "NAME", "ROLE", "ACTIVE", "CREATED_AT", "LAST_SIGNED_IN_AT"]
    assert row.split()[:4] == [account_id, "ada", "admin", "yes"]


def test_an_account_is_switched_off_and_on_but_for_the_last_admin(settings: Settings) -> None:
    make(settings)
    refused(admin(settings, "disable", "ada"), 1, "admin disable: this is the last active account with the role admin")
    make(settings, "bob")
    assert admin(settings, "disable", "ada").stdout == "ada cannot sign in any more\n"
    assert not listed(settings)["ada"]["active"]
    assert admin(settings, "enable", "ada").stdout == "ada can sign in again\n"
    assert listed(settings)["ada"]["active"]


def test_another_password_is_set(settings: Settings) -> None:
    make(settings)
    before = listed(settings)["ada"]["updated_at"]
    done = admin(settings, "password", "ada", typed="another password\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "ada has another password now\n", "")
    assert listed(settings)["ada"]["updated_at"] > before


def test_what_cannot_be_done_is_said_and_no_password_with_it(settings: Settings) -> None:
    make(settings)
    refused(admin(settings, "create", "ada", typed=f"{A_PASSWORD}\n"), 1, "admin create: this name is taken")
    refused(admin(settings, "create", "bob", typed="a word\n"), 1, r"admin create: password has 6 characters; accepted")
    refused(admin(settings, "create", "bob"), 2, "admin create: give a password: one line of standard input")
    refused(admin(settings, "create", "bob", "--role", "root", typed=f"{A_PASSWORD}\n"), 2, "root")
    refused(admin(settings, "create", " bob", typed=f"{A_PASSWORD}\n"), 1, "white space")
    for name in ("password", "disable", "enable"):
        refused(admin(settings, name, "nobody"), 1, f"admin {name}: there is no such .*account")
    assert set(listed(settings)) == {"ada"}


def test_a_password_that_is_no_text_is_refused(settings: Settings) -> None:
    ended = subprocess.run(
        [script("authz-server"), "admin", "create", "ada"],
        env=settings,
        input=b"\xff" * 12 + b"\n",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr == b"authz-server admin create: the password on standard input is not UTF-8\n"


@pytest.mark.parametrize(
    ("typed", "exit_code"),
    [((A_PASSWORD, A_PASSWORD), 0), ((A_PASSWORD, "other", A_PASSWORD, A_PASSWORD), 0), (("\x03",), 130)],
    ids=["twice", "once more", "Ctrl-C"],
)
def test_on_a_terminal_the_password_is_asked_for_twice_and_never_shown(
    settings: Settings, typed: tuple[str, ...], exit_code: int
) -> None:
    called = [sys.executable, "-c", TERMINAL, str(script("authz-server")), "admin", "create", "ada"]
    environment = {**settings, "PATH": os.environ["PATH"], "TERM": "dumb"}
    with subprocess.Popen(called, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as terminal:
        assert terminal.stdin is not None
        assert terminal.stdout is not None
        shown = b""
        for number, each in enumerate(typed):
            prompt = b"Repeat for confirmation: " if number % 2 else b"Password: "
            asked = b""
            while not asked.endswith(prompt):
                character = terminal.stdout.read(1)
                assert character, shown + asked
                asked += character
            shown += asked
            terminal.stdin.write(each.encode() + (b"" if each == "\x03" else b"\n"))
            terminal.stdin.flush()
        shown += terminal.stdout.read()
        assert terminal.wait(30) == exit_code, shown
    assert A_PASSWORD.encode() not in shown
    assert set(listed(settings)) == ({"ada"} if exit_code == 0 else set())
