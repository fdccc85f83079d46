"""`authzctl accounts`."""

import json
from collections.abc import Iterator

import httpx
import pytest

from authzctl import asking
from tests.unit.authzctl.conftest import Run, ScriptedApi, answer, problem
from tests.unit.authzctl.shapes import a_page, an_account, edited

PASSWORD = "correct horse battery"


def test_accounts_are_listed_and_shown(api: ScriptedApi, run: Run) -> None:
    seen = an_account(id="ac_2", name="Bob", active=False, last_signed_in_at="2026-11-03T00:00:00.5Z")
    api.on("GET /accounts", answer(a_page(an_account(), seen)))
    rows = [line.split() for line in run("accounts", "list").out.splitlines()]
    assert rows == [
        ["ID", "NAME", "ROLE", "ACTIVE", "SIGNED", "IN"],
        ["ac_1", "Ada", "operator", "yes", "-"],
        ["ac_2", "Bob", "operator", "no", "2026-11-03T00:00:00Z"],
    ]
    assert json.loads(run("accounts", "list", "-o", "json").out) == [an_account(), seen]
    api.on("GET /accounts/ac_2", answer(seen))
    assert run("accounts", "show", "ac_2").out == (
        "id         ac_2\nname       Bob\nrole       operator\nactive     no\nsigned in  2026-11-03T00:00:00Z\n"
        "created    2026-11-01T00:00:00Z\nupdated    2026-11-02T03:04:05Z\n"
    )
    assert json.loads(run("accounts", "show", "ac_2", "-o", "json").out) == seen


@pytest.mark.parametrize("stdin", [PASSWORD, f"{PASSWORD}\n", f"{PASSWORD}\r\nand more\n"])
def test_an_account_is_made_with_the_first_line_of_standard_input(api: ScriptedApi, run: Run, stdin: str) -> None:
    api.on("POST /accounts", answer(edited(an_account()), 201))
    outcome = run("accounts", "create", "Ada", "--role", "operator", stdin=stdin)
    assert outcome.out == 'Created account ac_1 "Ada", role operator.\n'
    assert api.body() == {"name": "Ada", "role": "operator", "password": PASSWORD}
    assert (
        json.loads(run("accounts", "create", "Ada", "--role", "admin", "-o", "json", stdin=stdin).out)["id"] == "ac_1"
    )


def test_an_account_is_not_asked_for_twice_where_the_first_time_may_have_arrived(api: ScriptedApi, run: Run) -> None:
    """The API remembers nothing of a request that holds a password."""
    api.on("POST /accounts", httpx.ReadTimeout("slow"))
    outcome = run("accounts", "create", "Ada", "--role", "operator", stdin=PASSWORD)
    assert (outcome.code, api.calls) == (3, ["POST /accounts"])
    assert "It may have been done all the same" in outcome.err
    assert "Idempotency-Key" not in api.requests[0].headers


@pytest.fixture(name="typed")
def what_is_typed_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """To be filled by a test; each prompt takes the first."""
    lines: list[str] = []
    remaining: Iterator[str] = iter(lines)
    monkeypatch.setattr(asking, "is_terminal", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda _: next(remaining))
    return lines


def test_at_a_terminal_the_password_is_typed_twice(api: ScriptedApi, run: Run, typed: list[str]) -> None:
    api.on("PATCH /accounts/ac_1", answer(edited(an_account())))
    typed += [PASSWORD, PASSWORD]
    assert run("accounts", "password", "ac_1").out == 'Set another password of account ac_1 "Ada".\n'
    assert api.body() == {"password": PASSWORD}


def test_two_passwords_that_differ_change_nothing(api: ScriptedApi, run: Run, typed: list[str]) -> None:
    typed += [PASSWORD, PASSWORD.upper()]
    outcome = run("accounts", "password", "ac_1")
    assert (outcome.code, api.calls) == (1, [])
    assert outcome.err == "authzctl: the two are not the same; nothing was changed\n"


def test_without_a_password_nothing_is_asked_of_the_api(api: ScriptedApi, run: Run) -> None:
    for arguments in (("create", "Ada", "--role", "viewer"), ("password", "ac_1")):
        outcome = run("accounts", *arguments)
        assert (outcome.code, api.calls) == (2, [])
        assert "no password was given" in outcome.err
    assert run("accounts", "password", "no id", stdin=PASSWORD).code == 1
    assert run("accounts", "create", "Ada", stdin=PASSWORD).code == 2
    assert api.calls == []


def test_an_account_is_changed(api: ScriptedApi, run: Run) -> None:
    api.on("PATCH /accounts/ac_1", answer(edited(an_account(role="viewer"))))
    assert run("accounts", "update", "ac_1", "--role", "viewer", "--inactive").out == 'Updated account ac_1 "Ada".\n'
    assert api.body() == {"role": "viewer", "active": False}
    assert run("accounts", "disable", "ac_1").out == 'Disabled account ac_1 "Ada".\n'
    assert api.body() == {"active": False}
    assert run("accounts", "enable", "ac_1").out == 'Enabled account ac_1 "Ada".\n'
    assert api.body() == {"active": True}
    assert run("accounts", "update", "ac_1").code == 2


def test_an_account_is_deleted_once_its_name_was_typed(api: ScriptedApi, run: Run) -> None:
    api.on("GET /accounts/ac_1", answer(an_account()))
    api.on("DELETE /accounts/ac_1", answer({"id": "ac_1", "propagation": "published"}))
    assert run("accounts", "delete", "ac_1", stdin="Bob\n").code == 1
    assert "DELETE /accounts/ac_1" not in api.calls
    outcome = run("accounts", "delete", "ac_1", stdin="Ada\n")
    assert outcome.out == "Deleted account ac_1.\n"
    assert 'This deletes account ac_1 "Ada"; whoever is signed in with it is signed out.' in outcome.err
    assert run("accounts", "delete", "ac_1", "--yes").code == 0


def test_a_refusal_is_told(api: ScriptedApi, run: Run) -> None:
    api.on("PATCH /accounts/ac_1", problem(409, "last_admin", "This is the last active account with the role admin."))
    outcome = run("accounts", "disable", "ac_1")
    assert outcome.code == 1
    assert outcome.err == "authzctl: This is the last active account with the role admin (409 last_admin)\n"
