"""`authzctl profiles`."""

import json
from pathlib import Path

import pytest

from tests.unit.authzctl.conftest import Run, ScriptedApi, answer, problem
from tests.unit.authzctl.shapes import TOKEN, Shape, a_page, a_profile, edited, issued

CREATE = ("profiles", "create", "cl_acme", "--name", "production")


@pytest.fixture(name="creating")
def an_api_that_creates_a_profile(api: ScriptedApi) -> ScriptedApi:
    api.on("POST /clients/cl_acme/profiles", answer(issued(a_profile()), 201))
    return api


def test_profiles_of_all_clients_are_listed_with_their_state(api: ScriptedApi, run: Run) -> None:
    expired = a_profile("pr_b", credential_state={"state": "expired", "expires_at": None, "created_at": None})
    api.on("GET /profiles", answer(a_page(a_profile(), expired, a_profile("pr_c", active=False))))
    rows = [line.split() for line in run("profiles", "list").out.splitlines()]
    assert rows == [
        ["ID", "NAME", "CLIENT", "AUTH", "STATE"],
        ["pr_production", "production", "cl_acme", "token", "valid"],
        ["pr_b", "production", "cl_acme", "token", "expired"],
        ["pr_c", "production", "cl_acme", "token", "disabled"],
    ]


def test_a_list_can_be_narrowed(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients/cl_acme/profiles?q=x&state=expired&active=false&limit=2", answer(a_page()))
    arguments = ["-q", "x", "--state", "expired", "--inactive", "--limit", "2"]
    assert run("profiles", "list", "cl_acme", *arguments).code == 0


def test_a_table_fits_80_columns_of_a_terminal(api: ScriptedApi, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("authzctl.output.is_terminal", lambda: True)
    long = a_profile("pr_" + "x" * 22, client_id="cl_" + "y" * 22, name="a name that is rather long for a table")
    api.on("GET /profiles", answer(a_page(long)))
    out = run("profiles", "list").out
    assert max(map(len, out.splitlines())) <= 80
    assert long["id"] in out
    assert "expiring_soon" not in out


def test_a_profile_is_shown_with_what_is_set(api: ScriptedApi, run: Run) -> None:
    auth: Shape = {"type": "jwt", "algorithm": "RS256", "public_key": "-----BEGIN PUBLIC KEY-----\nx\n", "issuer": None}
    auth |= {"audience": ["a", "b"], "leeway_seconds": 30, "required_claims": {"role": ["admin", 1]}}
    auth |= {"jwks": {"keys": [{}, {}]}}
    api.on("GET /profiles/pr_production", answer(a_profile(auth=auth, allowed_ips=["10.0.0.0/8"])))
    lines = run("profiles", "show", "pr_production").out.splitlines()
    shown = {line.strip().partition("  ")[0]: line.strip().partition("  ")[2].strip() for line in lines}
    assert shown["methods"] == "GET, POST"
    assert shown["addresses"] == "10.0.0.0/8"
    assert shown["routes"] == "all"
    assert shown["auth"] == "jwt"
    assert shown["public_key"] == "PEM, 2 lines; -o yaml shows it"
    assert shown["jwks"] == "2 keys; -o yaml shows them"
    assert shown["audience"] == "a, b"
    assert shown["required_claims"] == '{"role": ["admin", 1]}'
    assert shown["credential"] == "valid, never expires, made 2026-11-02T03:04:05Z"
    assert shown["version"] == "12"
    assert "issuer" not in shown


def test_scripts_get_a_profile_as_the_api_gives_it(api: ScriptedApi, run: Run) -> None:
    api.on("GET /profiles/pr_production", answer(a_profile()))
    assert json.loads(run("profiles", "show", "pr_production", "-o", "json").out) == a_profile()


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"state": "none"}, "-"),
        (
            {"state": "expired", "expires_at": "2026-01-01T00:00:00Z", "created_at": "2025-01-01T00:00:00Z"},
            "expired, since 2026-01-01T00:00:00Z, made 2025-01-01T00:00:00Z",
        ),
        (
            {"state": "expiring_soon", "expires_at": "2026-01-01T00:00:00Z", "created_at": "2025-01-01T00:00:00Z"},
            "expiring_soon, expires 2026-01-01T00:00:00Z, made 2025-01-01T00:00:00Z",
        ),
    ],
    ids=["none", "expired", "expiring_soon"],
)
def test_the_state_of_a_credential_is_said(state: dict[str, str], expected: str, api: ScriptedApi, run: Run) -> None:
    api.on("GET /profiles/pr_production", answer(a_profile(credential_state=state)))
    assert f"credential                 {expected}".split() == next(
        line.split() for line in run("profiles", "show", "pr_production").out.splitlines() if "credential" in line
    )


def test_a_new_token_is_shown_once_with_what_a_caller_sends(creating: ScriptedApi, run: Run) -> None:
    outcome = run(*CREATE)
    assert outcome.code == 0
    assert outcome.err == ""
    assert outcome.out == (
        'Created profile pr_production "production" of client cl_acme.\n'
        "\n"
        "The token (expires 2027-01-01T00:00:00Z):\n"
        "\n"
        f"  {TOKEN}\n"
        "\n"
        "A caller sends:\n"
        "\n"
        "  X-Client-ID: cl_acme\n"
        "  X-Profile-ID: pr_production\n"
        f"  Authorization: Bearer {TOKEN}\n"
        "\n"
        "Store it now: it is not shown again.\n"
    )
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_the_credential_can_stand_alone_on_standard_output(creating: ScriptedApi, run: Run) -> None:
    assert run(*CREATE, "-o", "value").out == TOKEN + "\n"


def test_scripts_get_the_whole_answer(creating: ScriptedApi, run: Run) -> None:
    assert json.loads(run(*CREATE, "-o", "json").out) == issued(a_profile())


def test_a_profile_has_a_token_unless_another_type_is_named(creating: ScriptedApi, run: Run) -> None:
    run(*CREATE)
    assert creating.body() == {"name": "production", "auth": {"type": "token"}}


def test_everything_that_decides_has_an_option(creating: ScriptedApi, run: Run) -> None:
    rules = ["--method", "GET,POST", "--method", "PUT", "--ip", "10.0.0.0/8", "--ip", "::1", "--route", "a,b"]
    run(*CREATE, "--id", "pr_x", *rules, "--label", "a=b", "--inactive", "--expires-in-hours", "720")
    assert creating.body() == {
        "id": "pr_x",
        "name": "production",
        "active": False,
        "allowed_methods": ["GET", "POST", "PUT"],
        "allowed_ips": ["10.0.0.0/8", "::1"],
        "allowed_routes": ["a,b"],
        "labels": {"a": "b"},
        "expires_in_hours": 720,
        "auth": {"type": "token"},
    }


def test_a_file_gives_fields_and_options_win(creating: ScriptedApi, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "profile.yaml"
    file.write_text("name: from the file\nallowed_methods: [GET]\nauth: {type: oidc, issuer: a, audience: [b]}\n")
    run(*CREATE, "--file", str(file), "--issuer", "c")
    assert creating.body() == {
        "name": "production",
        "allowed_methods": ["GET"],
        "auth": {"type": "oidc", "issuer": "c", "audience": ["b"]},
    }


def test_another_type_takes_nothing_from_the_files(creating: ScriptedApi, run: Run) -> None:
    run(*CREATE, "--file", "-", "--auth", "none", stdin='{"auth": {"type": "oidc", "issuer": "a"}}')
    assert creating.body()["auth"] == {"type": "none"}


def test_every_error_of_a_file_is_told_where_it_is(creating: ScriptedApi, run: Run) -> None:
    outcome = run(*CREATE, "--file", "-", stdin="name: a\nname: b\nallowed_methods: [on]\n")
    assert outcome.code == 1
    assert "  -:2:1: name: is given twice" in outcome.err or "-:2:1" in outcome.err
    assert "  allowed_methods[0]: is a boolean to some YAML readers" in outcome.err
    assert creating.calls == []


@pytest.mark.parametrize(
    ("stdin", "expected"),
    [("a: [", "is not YAML"), ("- a\n", "holds no mapping"), ("a: \xff", "holds"), ("", "holds no mapping")],
)
def test_a_file_that_is_no_mapping_is_refused(
    stdin: str, expected: str, creating: ScriptedApi, run: Run, tmp_path: Path
) -> None:
    del creating
    if stdin == "a: \xff":
        file = tmp_path / "latin.yaml"
        file.write_bytes(b"a: \xff")
        outcome = run(*CREATE, "--file", str(file))
        expected = "is not UTF-8"
    else:
        outcome = run(*CREATE, "--file", "-", stdin=stdin)
    assert outcome.code == 1
    assert expected in outcome.err


def test_a_file_that_is_not_there_is_a_mistake(creating: ScriptedApi, run: Run) -> None:
    outcome = run(*CREATE, "--file", "/nowhere/profile.yaml")
    assert (outcome.code, creating.calls) == (2, [])
    assert outcome.err == "authzctl: /nowhere/profile.yaml cannot be read: No such file or directory\n"


def test_every_field_that_is_wrong_is_told(api: ScriptedApi, run: Run) -> None:
    errors = [
        {"pointer": "/allowed_ips/0", "code": "invalid", "detail": '"10.0.0.1/8" has bits set'},
        {"pointer": "/auth/required_claims/a~1b", "code": "invalid", "detail": "is empty"},
        {"pointer": "", "code": "missing", "detail": "no fields are given"},
    ]
    refusal = problem(422, "validation_failed", "Values are refused.", errors=errors)
    api.on("POST /clients/cl_acme/profiles", refusal)
    outcome = run(*CREATE)
    assert outcome.code == 1
    assert outcome.err == (
        "authzctl: Values are refused (422 validation_failed)\n"
        '  allowed_ips[0]: "10.0.0.1/8" has bits set\n'
        '  auth.required_claims["a/b"]: is empty\n'
        "  no fields are given\n"
    )


def test_a_list_that_is_given_replaces_and_can_be_emptied(api: ScriptedApi, run: Run) -> None:
    api.on("PATCH /profiles/pr_production", answer(edited(a_profile())))
    outcome = run("profiles", "update", "pr_production", "--ip", "::1", "--all-methods", "--all-routes", "--no-labels")
    assert outcome.out == 'Updated profile pr_production "production".\n'
    assert api.body() == {"allowed_ips": ["::1"], "allowed_methods": [], "allowed_routes": [], "labels": {}}


def test_an_update_takes_a_file_and_a_version(api: ScriptedApi, run: Run) -> None:
    api.on("PATCH /profiles/pr_production", answer(edited(a_profile())))
    run("profiles", "update", "pr_production", "--file", "-", "--name", "b", "--version", "12", stdin="active: false")
    assert api.body() == {"active": False, "name": "b"}
    assert api.requests[0].headers["If-Match"] == '"12"'


@pytest.mark.parametrize(
    "arguments", [(), ("--any-ip", "--ip", "::1")], ids=["nothing", "a list that is given and taken away"]
)
def test_an_update_that_says_nothing_sends_nothing(arguments: tuple[str, ...], api: ScriptedApi, run: Run) -> None:
    outcome = run("profiles", "update", "pr_production", *arguments)
    assert (outcome.code, api.calls) == (2, [])


def test_a_profile_is_deleted_once_its_name_is_typed(api: ScriptedApi, run: Run) -> None:
    api.on("GET /profiles/pr_production", answer(a_profile()))
    api.on("DELETE /profiles/pr_production", answer({"id": "pr_production", "propagation": "published"}))
    outcome = run("profiles", "delete", "pr_production", stdin="production\n")
    assert outcome.out == "Deleted profile pr_production.\n"
    assert run("profiles", "delete", "pr_production", stdin="sandbox\n").code == 1
    assert api.calls.count("DELETE /profiles/pr_production") == 1
    assert run("profiles", "delete", "pr_production", "--yes", "-o", "json").code == 0


@pytest.mark.parametrize(("verb", "active"), [("disable", False), ("enable", True)])
def test_a_profile_is_switched_off_and_on(verb: str, *, active: bool, api: ScriptedApi, run: Run) -> None:
    api.on("PATCH /profiles/pr_production", answer(edited(a_profile(active=active))))
    assert json.loads(run("profiles", verb, "pr_production", "-o", "json").out)["active"] is active
    assert api.body() == {"active": active}


@pytest.mark.parametrize(("verb", "active"), [("disable", False), ("enable", True)])
@pytest.mark.parametrize("kind", ["clients", "profiles"])
def test_an_id_alone_tells_what_is_switched(kind: str, verb: str, *, active: bool, api: ScriptedApi, run: Run) -> None:
    for each in ("clients", "profiles"):
        found = answer(a_profile()) if each == kind else problem(404, "not_found", "There is no such thing.")
        api.on(f"GET /{each}/an_id", found)
    api.on(f"PATCH /{kind}/an_id", answer(edited(a_profile(active=active))))
    assert run(verb, "an_id").code == 0
    assert api.body() == {"active": active}


def test_an_id_of_nothing_is_refused(api: ScriptedApi, run: Run) -> None:
    for each in ("clients", "profiles"):
        api.on(f"GET /{each}/an_id", problem(404, "not_found", "There is no such thing."))
    outcome = run("disable", "an_id")
    assert outcome.code == 1
    assert "neither a client nor a profile an_id" in outcome.err


def test_an_id_of_two_things_has_to_be_told_apart(api: ScriptedApi, run: Run) -> None:
    for each in ("clients", "profiles"):
        api.on(f"GET /{each}/an_id", answer(a_profile()))
    outcome = run("disable", "an_id")
    assert outcome.code == 2
    assert "`authzctl clients disable`" in outcome.err


def test_a_key_that_may_not_look_is_told_so(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients/an_id", problem(403, "forbidden", "This needs the role operator."))
    outcome = run("disable", "an_id")
    assert outcome.code == 1
    assert "(403 forbidden)" in outcome.err
