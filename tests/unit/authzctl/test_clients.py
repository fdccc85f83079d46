"""`authzctl clients`."""

import json

import pytest
import yaml

from tests.unit.authzctl.conftest import Run, ScriptedApi, answer, problem
from tests.unit.authzctl.shapes import a_client, a_page, a_profile, edited


def test_clients_are_a_table_for_people(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients", answer(a_page(a_client(), a_client("cl_b", name="B", active=False, labels={}))))
    outcome = run("clients", "list")
    assert outcome.code == 0
    header, first, second = (line.split() for line in outcome.out.splitlines())
    assert header == ["ID", "NAME", "ACTIVE", "LABELS", "UPDATED"]
    assert first == ["cl_acme", "Acme", "mobile", "yes", "team=mobile", "2026-11-02T03:04:05Z"]
    assert second == ["cl_b", "B", "no", "-", "2026-11-02T03:04:05Z"]


def test_the_search_and_the_key_are_sent(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients?q=acme&limit=5", answer(a_page()))
    assert run("clients", "list", "-q", "acme", "--limit", "5").code == 0
    assert api.requests[0].headers["Authorization"].startswith("Bearer aza_")


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_scripts_get_the_objects_as_the_api_gives_them(form: str, read: object, api: ScriptedApi, run: Run) -> None:
    assert callable(read)
    api.on("GET /clients", answer(a_page(a_client())))
    assert read(run("clients", "list", "-o", form).out) == [a_client()]


def test_all_pages_are_read(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients?limit=200", answer(a_page(a_client("cl_1"), cursor="next")))
    api.on("GET /clients?limit=200&cursor=next", answer(a_page(a_client("cl_2"))))
    outcome = run("clients", "list", "--all", "-o", "json")
    assert [each["id"] for each in json.loads(outcome.out)] == ["cl_1", "cl_2"]


def test_a_limit_beyond_a_page_reads_as_many_pages_as_it_needs(api: ScriptedApi, run: Run) -> None:
    full = [a_client(f"cl_{number}") for number in range(200)]
    api.on("GET /clients?limit=200", answer(a_page(*full, cursor="next")))
    api.on("GET /clients?limit=1&cursor=next", answer(a_page(a_client("cl_last"), cursor="more")))
    assert len(json.loads(run("clients", "list", "--limit", "201", "-o", "json").out)) == 201


def test_a_list_that_goes_on_says_so(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients", answer(a_page(a_client(), cursor="next")))
    assert "the first 1 are shown; --all shows all" in run("clients", "list", "--limit", "1").err


def test_a_client_is_shown_with_its_profiles(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients/cl_acme", answer(a_client(description="An app.")))
    api.on("GET /clients/cl_acme/profiles", answer(a_page(a_profile(), a_profile("pr_b", active=False))))
    out = run("clients", "show", "cl_acme").out
    assert "name         Acme mobile\n" in out
    assert "description  An app.\n" in out
    assert [line.split()[-1] for line in out.splitlines()[-2:]] == ["valid", "disabled"]


def test_scripts_get_a_client_without_its_profiles(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients/cl_acme", answer(a_client()))
    assert json.loads(run("clients", "show", "cl_acme", "-o", "json").out) == a_client()


def test_a_client_is_created_with_what_is_given(api: ScriptedApi, run: Run) -> None:
    api.on("POST /clients", answer(edited(a_client()), 201))
    arguments = ["--name", "Acme mobile", "--id", "cl_acme", "--description", "An app.", "--label", "team=a=b"]
    outcome = run("clients", "create", *arguments, "--inactive")
    assert outcome.out == 'Created client cl_acme "Acme mobile".\n'
    assert api.body() == {
        "id": "cl_acme",
        "name": "Acme mobile",
        "description": "An app.",
        "active": False,
        "labels": {"team": "a=b"},
    }


def test_only_what_is_given_changes_and_only_at_that_version(api: ScriptedApi, run: Run) -> None:
    api.on("PATCH /clients/cl_acme", answer(edited(a_client(name="New"))))
    outcome = run("clients", "update", "cl_acme", "--name", "New", "--no-labels", "--active", "--version", "7")
    assert outcome.out == 'Updated client cl_acme "New".\n'
    assert api.body() == {"name": "New", "labels": {}, "active": True}
    assert api.requests[0].headers["If-Match"] == '"7"'


def test_without_a_version_any_will_do(api: ScriptedApi, run: Run) -> None:
    api.on("PATCH /clients/cl_acme", answer(edited(a_client())))
    run("clients", "update", "cl_acme", "--description", "")
    assert "If-Match" not in api.requests[0].headers
    assert api.body() == {"description": ""}


def test_an_update_of_nothing_is_a_mistake(api: ScriptedApi, run: Run) -> None:
    outcome = run("clients", "update", "cl_acme")
    assert outcome.code == 2
    assert "nothing is given that should change" in outcome.err
    assert api.calls == []


def test_a_stale_version_says_what_to_do(api: ScriptedApi, run: Run) -> None:
    api.on("PATCH /clients/cl_acme", problem(412, "version_mismatch", "It was changed since it was read."))
    outcome = run("clients", "update", "cl_acme", "--name", "New", "--version", "3")
    assert outcome.code == 1
    assert outcome.err == (
        "authzctl: It was changed since it was read (412 version_mismatch)\n"
        "Look at it again with `show`, and give the version that you see there.\n"
    )


def test_a_client_is_deleted_once_its_name_is_typed(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients/cl_acme", answer(a_client()))
    api.on("DELETE /clients/cl_acme", answer({"id": "cl_acme", "propagation": "published"}))
    outcome = run("clients", "delete", "cl_acme", "--version", "7", stdin="Acme mobile\n")
    assert outcome.out == "Deleted client cl_acme.\n"
    assert 'deletes client cl_acme "Acme mobile" and all its profiles' in outcome.err
    assert api.requests[-1].headers["If-Match"] == '"7"'


def test_another_name_deletes_nothing(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients/cl_acme", answer(a_client()))
    outcome = run("clients", "delete", "cl_acme", stdin="acme mobile\n")
    assert outcome.code == 1
    assert api.calls == ["GET /clients/cl_acme"]


def test_where_nobody_answers_nothing_is_deleted(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients/cl_acme", answer(a_client()))
    outcome = run("clients", "delete", "cl_acme")
    assert outcome.code == 2
    assert "--yes does it without asking" in outcome.err
    assert api.calls == ["GET /clients/cl_acme"]


def test_yes_asks_nothing(api: ScriptedApi, run: Run) -> None:
    api.on("DELETE /clients/cl_acme", answer({"id": "cl_acme", "propagation": "published"}))
    outcome = run("clients", "delete", "cl_acme", "--yes", "-o", "json")
    assert json.loads(outcome.out) == {"id": "cl_acme", "propagation": "published"}
    assert api.calls == ["DELETE /clients/cl_acme"]


@pytest.mark.parametrize(("verb", "active"), [("disable", False), ("enable", True)])
def test_a_client_is_switched_off_and_on(verb: str, *, active: bool, api: ScriptedApi, run: Run) -> None:
    api.on("PATCH /clients/cl_acme", answer(edited(a_client(active=active))))
    outcome = run("clients", verb, "cl_acme", "--version", "7")
    assert outcome.out == f'{verb.capitalize()}d client cl_acme "Acme mobile".\n'
    assert api.body() == {"active": active}
    assert api.requests[0].headers["If-Match"] == '"7"'


def test_a_change_that_is_pending_says_what_that_means(api: ScriptedApi, run: Run) -> None:
    api.on("PATCH /clients/cl_acme", answer(edited(a_client(), "pending")))
    outcome = run("clients", "disable", "cl_acme")
    assert outcome.code == 0
    assert "pending: Redis has not taken this change yet" in outcome.err


@pytest.mark.parametrize("identifier", ["", "..", "a/b", "cl_acme?x", "a" * 65, "\x1b[2J"])
def test_what_is_no_id_is_never_sent(identifier: str, api: ScriptedApi, run: Run) -> None:
    outcome = run("clients", "show", identifier)
    assert outcome.code == 1
    assert "is no id" in outcome.err
    assert "\x1b" not in outcome.err
    assert api.calls == []


def test_a_label_without_a_value_is_a_mistake(api: ScriptedApi, run: Run) -> None:
    outcome = run("clients", "create", "--name", "A", "--label", "team")
    assert (outcome.code, api.calls) == (2, [])
    assert "--label NAME=VALUE" in outcome.err


def test_what_others_wrote_moves_no_cursor(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients", answer(a_page(a_client(name="a\x1b[2J\u202eb<i>[red]é"))))
    out = run("clients", "list").out
    assert "a\\x1b[2J\\u202eb<i>[red]é" in out
