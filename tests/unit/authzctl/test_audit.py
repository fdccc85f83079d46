"""`authzctl audit`."""

import json

from tests.unit.authzctl.conftest import Run, ScriptedApi, answer
from tests.unit.authzctl.shapes import a_page, an_audit_entry


def test_who_did_what_is_a_line_each(api: ScriptedApi, run: Run) -> None:
    made = an_audit_entry(
        action="api_key.create",
        client_id=None,
        profile_id=None,
        api_key_id="ak_2",
        changes={"name": {"from": None, "to": "a"}, "role": {"from": None, "to": "viewer"}},
    )
    api.on("GET /audit", answer(a_page(an_audit_entry(), made, an_audit_entry(changes={}))))
    rows = [line.split(maxsplit=4) for line in run("audit").out.splitlines()]
    assert [row[1:] for row in rows] == [
        ["WHO", "ACTION", "WHAT", "CHANGES"],
        ["deploy", "profile.update", "pr_production", "active: true -> false"],
        ["deploy", "api_key.create", "ak_2", 'name: "a"; role: "viewer"'],
        ["deploy", "profile.update", "pr_production", "-"],
    ]


def test_the_trail_can_be_narrowed(api: ScriptedApi, run: Run) -> None:
    query = "client_id=c&profile_id=p&actor_id=a&action=client.delete&limit=3"
    api.on(f"GET /audit?{query}", answer(a_page(an_audit_entry())))
    arguments = ["--client", "c", "--profile", "p", "--actor", "a", "--action", "client.delete", "--limit", "3"]
    assert json.loads(run("audit", *arguments, "-o", "json").out) == [an_audit_entry()]
