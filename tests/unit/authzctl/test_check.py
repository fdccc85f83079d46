"""`authzctl check`."""

import json
from pathlib import Path
from typing import Any

from tests.unit.authzctl.conftest import Run, ScriptedApi, answer, problem

STEPS = ("identity", "profile", "active", "client_ip", "method", "route", "credential")


def steps(refused: str | None = None, last: str = "passed") -> list[dict[str, str]]:
    """The seven steps, `refused` the first that refuses."""
    verdicts = dict.fromkeys(STEPS, "passed") | {"credential": last}
    if refused is not None:
        after = STEPS[STEPS.index(refused) + 1 :]
        verdicts |= {refused: "refused"} | dict.fromkeys(after, "not_reached")
    return [{"step": step, "verdict": verdict, "detail": f"About {step}."} for step, verdict in verdicts.items()]


ALLOWED: dict[str, Any] = {
    "outcome": "allowed",
    "status": 200,
    "code": "allowed",
    "headers": {},
    "body": None,
    "upstream_headers": {"set": {"x-authz-client-id": "cl_acme"}, "remove": ["authorization"]},
    "steps": steps(last="assumed"),
}
DENIED: dict[str, Any] = {
    "outcome": "denied",
    "status": 405,
    "code": "method_not_allowed",
    "headers": {"allow": "GET, POST"},
    "body": '{"status":405}',
    "upstream_headers": None,
    "steps": steps("method"),
}


def test_a_call_that_would_pass_ends_with_0(api: ScriptedApi, run: Run) -> None:
    api.on("POST /check", answer(ALLOWED))
    outcome = run("check", "--client", "cl_acme", "--profile", "pr_a", "--assume-credential")
    assert outcome.code == 0
    assert "credential  assumed  About credential." in " ".join(outcome.out.split("\n"))
    assert outcome.out.endswith("\nallowed; the application gets:\n  x-authz-client-id: cl_acme\n")
    assert api.body() == {
        "client_id": "cl_acme",
        "profile_id": "pr_a",
        "method": "GET",
        "path": "/",
        "assume_credential": True,
    }


def test_a_call_that_would_be_refused_ends_with_1_and_says_at_which_step(api: ScriptedApi, run: Run) -> None:
    api.on("POST /check", answer(DENIED))
    outcome = run("check", "--client", "cl_acme", "--profile", "pr_a", "-X", "DELETE")
    assert outcome.code == 1
    rows = [line.split(maxsplit=2) for line in outcome.out.splitlines()]
    assert ["method", "refused", "About method."] in rows
    assert ["route", "not", "reached  About route."] in rows
    assert outcome.out.endswith(
        '\ndenied: 405 method_not_allowed; the caller gets:\n  allow: GET, POST\n  {"status":405}\n'
    )
    assert outcome.err == ""


def test_scripts_get_the_verdicts_and_the_same_exit_code(api: ScriptedApi, run: Run) -> None:
    api.on("POST /check", answer(DENIED))
    outcome = run("check", "-o", "json")
    assert (outcome.code, json.loads(outcome.out)) == (1, DENIED)


def test_everything_that_a_call_has_can_be_said(api: ScriptedApi, run: Run, tmp_path: Path) -> None:
    api.on("POST /check", answer(ALLOWED))
    (tmp_path / "cert.pem").write_text("PEM")
    arguments = ["--path", "/orders", "--route", "orders", "--ip", "10.0.0.1", "-H", "X-Request-ID: a:b"]
    run("check", *arguments, "--bearer-file", "-", "--certificate", str(tmp_path / "cert.pem"), stdin="azt_x\n")
    assert api.body() == {
        "method": "GET",
        "path": "/orders",
        "route": "orders",
        "client_ip": "10.0.0.1",
        "headers": {"x-request-id": "a:b", "authorization": "Bearer azt_x"},
        "certificate": "PEM",
    }


def test_a_header_without_a_name_is_a_mistake(api: ScriptedApi, run: Run) -> None:
    outcome = run("check", "-H", "azt_secret")
    assert (outcome.code, api.calls) == (2, [])
    assert "azt_secret" not in outcome.err


def test_a_key_that_may_not_check_is_told_so(api: ScriptedApi, run: Run) -> None:
    api.on("POST /check", problem(403, "forbidden", "This needs the role operator."))
    assert run("check").code == 1
