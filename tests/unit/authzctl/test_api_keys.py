"""`authzctl api-keys`."""

import json

from tests.unit.authzctl.conftest import Run, ScriptedApi, answer
from tests.unit.authzctl.shapes import a_page, an_api_key, edited, issued

VALUE = "aza_" + "v" * 49


def test_keys_are_listed_with_their_state(api: ScriptedApi, run: Run) -> None:
    expired = an_api_key(id="ak_2", active=False, expires_at="2026-01-01T00:00:00Z")
    revoked = an_api_key(
        id="ak_3", active=False, revoked_at="2026-01-01T00:00:00Z", last_used_at="2026-01-01T00:00:00Z"
    )
    api.on("GET /api-keys", answer(a_page(an_api_key(), expired, revoked)))
    rows = [line.split() for line in run("api-keys", "list").out.splitlines()][1:]
    assert rows == [
        ["ak_1", "deploy", "operator", "valid", "-", "-"],
        ["ak_2", "deploy", "operator", "expired", "2026-01-01T00:00:00Z", "-"],
        ["ak_3", "deploy", "operator", "revoked", "-", "2026-01-01T00:00:00Z"],
    ]
    assert len(json.loads(run("api-keys", "list", "-o", "json").out)) == 3


def test_a_key_is_shown_once(api: ScriptedApi, run: Run) -> None:
    headers = {"Authorization": f"Bearer {VALUE}"}
    made = issued(an_api_key(), type="api_key", value=VALUE, expires_at=None, headers=headers)
    api.on("POST /api-keys", answer(made, 201))
    outcome = run("api-keys", "create", "deploy", "--role", "operator", "--expires-in-hours", "24")
    assert outcome.out == (
        'Created API key ak_1 "deploy", role operator.\n\nThe API key (never expires):\n\n'
        f"  {VALUE}\n\nStore it now: it is not shown again.\n"
    )
    assert api.body() == {"name": "deploy", "role": "operator", "expires_in_hours": 24}
    assert run("api-keys", "create", "deploy", "--role", "viewer", "-o", "value").out == VALUE + "\n"


def test_a_role_that_is_none_is_a_mistake(api: ScriptedApi, run: Run) -> None:
    outcome = run("api-keys", "create", "deploy", "--role", "root")
    assert (outcome.code, api.calls) == (2, [])
    assert run("api-keys", "create", "deploy").code == 2


def test_a_key_is_revoked_once_that_is_agreed(api: ScriptedApi, run: Run) -> None:
    api.on("DELETE /api-keys/ak_1", answer(edited(an_api_key(active=False))))
    assert run("api-keys", "revoke", "ak_1", stdin="\n").code == 1
    assert api.calls == []
    assert run("api-keys", "revoke", "ak_1", stdin="yes\n").out == 'Revoked API key ak_1 "deploy".\n'
    assert json.loads(run("api-keys", "revoke", "ak_1", "--yes", "-o", "json").out)["active"] is False
