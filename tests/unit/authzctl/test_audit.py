"""`authzctl audit`."""

import json

from tests.unit.authzctl.conftest import Run, ScriptedApi, answer
from tests.unit.authzctl.shapes import Shape, a_page, an_audit_entry


def test_who_did_what_is_a_line_each_with_its_changes_below(api: ScriptedApi, run: Run) -> None:
    made = an_audit_entry(
        action="api_key.create",
        client_id=None,
        profile_id=None,
        api_key_id="ak_2",
        changes={"name": {"from": None, "to": "a"}, "role": {"from": None, "to": "viewer"}},
    )
    api.on("GET /audit", answer(a_page(an_audit_entry(), made, an_audit_entry(changes={}))))
    assert run("audit").out == (
        "AT                    WHO     ACTION          WHAT\n"
        "2026-11-02T03:04:05Z  deploy  profile.update  pr_production\n"
        "    active: true -> false\n"
        "2026-11-02T03:04:05Z  deploy  api_key.create  ak_2\n"
        '    name: "a"\n'
        '    role: "viewer"\n'
        "2026-11-02T03:04:05Z  deploy  profile.update  pr_production\n"
    )


def test_who_has_signed_in_is_a_line(api: ScriptedApi, run: Run) -> None:
    ada: Shape = {"actor": {"id": "ac_1", "name": "Ada"}, "client_id": None, "profile_id": None, "account_id": "ac_1"}
    api.on("GET /audit", answer(a_page(an_audit_entry(action="account.sign_in", changes={}, **ada))))
    assert run("audit").out.splitlines()[1:] == ["2026-11-02T03:04:05Z  Ada  account.sign_in  ac_1"]


def test_of_what_is_new_only_what_is_set_is_shown_and_of_what_is_gone_only_its_name(api: ScriptedApi, run: Run) -> None:
    new: Shape = {
        "name": {"from": None, "to": "a"},
        "labels": {"from": None, "to": {}},
        "active": {"from": None, "to": True},
    }
    gone = {name: {"from": each["to"], "to": None} for name, each in new.items()}
    other: Shape = {"labels": {"from": {"a": "b"}, "to": {}}, "auth.jwks": {"from": None, "to": None}}
    other |= {"auth.type": {"from": "jwt", "to": "none"}, "auth.issuer": {"from": "i", "to": None}}
    entries = [an_audit_entry(changes=changes) for changes in (new, gone, other)]
    api.on("GET /audit", answer(a_page(*entries)))
    indented = [line.strip() for line in run("audit").out.splitlines() if line.startswith("    ")]
    of_other = ['labels: {"a": "b"} -> {}', 'auth.type: "jwt" -> "none"', 'auth.issuer: "i" -> none']
    assert indented == ['name: "a"', "active: true", 'name: "a"', *of_other]


def test_the_trail_can_be_narrowed(api: ScriptedApi, run: Run) -> None:
    query = "client_id=c&profile_id=p&account_id=o&actor_id=a&action=client.delete&since=2027&until=2028&limit=3"
    api.on(f"GET /audit?{query}", answer(a_page(an_audit_entry())))
    arguments = ["--client", "c", "--profile", "p", "--actor", "a", "--action", "client.delete", "--limit", "3"]
    arguments += ["--account", "o", "--since", "2027", "--until", "2028"]
    assert json.loads(run("audit", *arguments, "-o", "json").out) == [an_audit_entry()]
