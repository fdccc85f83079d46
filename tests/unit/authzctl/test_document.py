"""`authzctl export` and `apply`."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from authz_server.documents.document import read_document
from tests.unit.authzctl.conftest import Run, ScriptedApi, answer, problem

DOCUMENT: Final[dict[str, Any]] = {
    "clients": [
        {
            "id": "cl_acme",
            "name": "Acme: on",
            "profiles": [{"id": "pr_a", "name": "a", "auth": {"type": "token", "token_sha256": "1" * 64}}],
        }
    ]
}


def differences(**changes: Any) -> dict[str, Any]:
    """What a document would change of clients, or of profiles."""
    return {"added": [], "changed": [], "removed": [], "unchanged": [], "kept": [], "changes": {}} | changes


PLANNED: Final = {
    "clients": differences(unchanged=["cl_acme"], kept=["cl_old"]),
    "profiles": differences(
        added=["pr_new"],
        changed=["pr_a"],
        removed=["pr_gone"],
        kept=["pr_old", "pr_older"],
        changes={"pr_a": {"allowed_ips": {"from": [], "to": ["::1"]}, "auth.issuer": {"from": None, "to": "i"}}},
    ),
    "warnings": [{"pointer": "/clients/0/name", "code": "unverified", "detail": "looks odd"}],
    "dry_run": True,
}
APPLIED: Final = PLANNED | {"dry_run": False, "propagation": "published"}
NOTHING: Final = {
    "clients": differences(unchanged=["cl_acme"]),
    "profiles": differences(unchanged=["pr_a"]),
    "warnings": [],
    "dry_run": True,
}
DRY: Final = "POST /apply?dry_run=true&prune=false"
WET: Final = "POST /apply?dry_run=false&prune=false"


@pytest.fixture(name="file")
def a_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("clients: []\n")
    return "mine.yaml"


@pytest.mark.parametrize(("form", "read"), [("yaml", yaml.safe_load), ("json", json.loads)])
def test_the_document_is_exported_in_a_form_that_reads_back(form: str, read: Any, api: ScriptedApi, run: Run) -> None:
    api.on("GET /export", answer(DOCUMENT))
    out = run("export", "-o", form).out
    assert read(out) == DOCUMENT
    assert len(read_document(out.encode()).profiles) == 1


def test_what_would_change_is_shown_and_done_once_agreed(api: ScriptedApi, run: Run, file: str) -> None:
    api.on(DRY, answer(PLANNED))
    api.on(WET, answer(APPLIED))
    outcome = run("apply", file, stdin="y\n")
    assert outcome.code == 0
    assert outcome.out == (
        "+ profile pr_new\n"
        "~ profile pr_a\n"
        '    allowed_ips: [] -> ["::1"]\n'
        '    auth.issuer: none -> "i"\n'
        "- profile pr_gone\n"
        "mine.yaml: clients: 0 added, 0 changed, 0 removed, 1 unchanged\n"
        "mine.yaml: profiles: 1 added, 1 changed, 1 removed, 0 unchanged\n"
        "Applied.\n"
    )
    assert "warning: clients[0].name: looks odd" in outcome.err
    assert "not in the file, and staying: 1 client and 2 profiles; --prune removes them" in outcome.err
    assert [request.content for request in api.requests] == [b"clients: []\n"] * 2
    assert api.requests[0].headers["Content-Type"] == "application/yaml"


@pytest.mark.parametrize(("stdin", "code"), [("n\n", 1), ("\n", 1), ("", 2)])
def test_nothing_is_done_where_nobody_agrees(stdin: str, code: int, api: ScriptedApi, run: Run, file: str) -> None:
    api.on(DRY, answer(PLANNED))
    assert run("apply", file, stdin=stdin).code == code
    assert len(api.calls) == 1


def test_a_dry_run_shows_and_ends_with_0(api: ScriptedApi, run: Run, file: str) -> None:
    api.on("POST /apply?dry_run=true&prune=true", answer(PLANNED))
    outcome = run("apply", file, "--dry-run", "--prune")
    assert outcome.code == 0
    assert "+ profile pr_new" in outcome.out
    assert json.loads(run("apply", file, "--dry-run", "--prune", "-o", "json").out) == PLANNED


def test_where_nothing_would_change_nothing_is_asked_or_done(api: ScriptedApi, run: Run, file: str) -> None:
    api.on(DRY, answer(NOTHING))
    outcome = run("apply", file)
    assert (outcome.code, outcome.err) == (0, "")
    assert "0 added, 0 changed, 0 removed, 1 unchanged" in outcome.out
    assert json.loads(run("apply", file, "--yes", "-o", "json").out) == NOTHING


def test_scripts_say_yes_beforehand(api: ScriptedApi, run: Run, file: str) -> None:
    api.on(DRY, answer(PLANNED))
    api.on(WET, answer(APPLIED | {"propagation": "pending"}))
    outcome = run("apply", file, "--yes", "-o", "json")
    assert json.loads(outcome.out)["propagation"] == "pending"
    assert "pending: " in outcome.err
    outcome = run("apply", file, "-o", "json")
    assert outcome.code == 2
    assert "Give --yes, or --dry-run." in outcome.err


def test_a_document_from_standard_input_needs_a_yes_beforehand(api: ScriptedApi, run: Run) -> None:
    api.on(DRY, answer(PLANNED))
    api.on(WET, answer(APPLIED))
    assert run("apply", "-", stdin="clients: []\n").code == 2
    assert run("apply", "-", "--yes", stdin="clients: []\n").code == 0


def test_every_error_of_a_document_is_told_with_its_line(api: ScriptedApi, run: Run, file: str) -> None:
    errors = [
        {"pointer": "/clients/0/profiles/1/allowed_ips/0", "code": "invalid", "detail": "line 8, column 23: is none"},
        {"pointer": "/clients", "code": "invalid", "detail": "line 1, column 1: is odd"},
    ]
    api.on(DRY, problem(422, "validation_failed", "The document is refused.", errors=errors))
    outcome = run("apply", file)
    assert outcome.code == 1
    assert outcome.err == (
        "authzctl: The document is refused (422 validation_failed)\n"
        "  mine.yaml: clients[0].profiles[1].allowed_ips[0]: line 8, column 23: is none\n"
        "  mine.yaml: clients: line 1, column 1: is odd\n"
    )


def test_a_long_list_of_changes_is_cut_and_says_where_all_of_it_is(api: ScriptedApi, run: Run, file: str) -> None:
    planned = NOTHING | {"profiles": differences(added=[f"pr_{number}" for number in range(300)])}
    api.on(DRY, answer(planned))
    outcome = run("apply", file, "--dry-run")
    assert "... and 100 lines more; --dry-run -o json shows all" in outcome.out
    assert "300 added" in outcome.out
