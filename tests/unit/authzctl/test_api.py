"""What becomes of a call: retries that do nothing twice, and every way to fail with its exit code."""

import json

import httpx
import pytest

from authzctl.api import PAUSES_SECONDS
from tests.unit.authzctl.conftest import Run, ScriptedApi, answer, problem
from tests.unit.authzctl.shapes import TOKEN, a_client, a_page, a_profile, edited, issued

REFUSED = httpx.ConnectError("[Errno 111] Connection refused")
LOST = httpx.ReadTimeout("The read operation timed out")
ROTATE = "POST /profiles/pr_production/rotate"


def test_what_only_reads_is_tried_again(api: ScriptedApi, run: Run, pauses: list[float]) -> None:
    api.on("GET /clients", REFUSED, LOST, answer(a_page(a_client())))
    assert run("clients", "list").code == 0
    assert pauses == list(PAUSES_SECONDS)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_without_the_api_behind_it_is_tried_again(status: int, api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients", httpx.Response(status, text="<html>"), answer(a_page()))
    assert run("clients", "list").code == 0


def test_an_api_that_stays_away_is_told_with_exit_code_3(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients", REFUSED)
    outcome = run("clients", "list")
    assert outcome.code == 3
    assert outcome.err == (
        "authzctl: http://127.0.0.1:8080 cannot be reached: [Errno 111] Connection refused\n"
        "Is `authz-server manage` running there? `authzctl whoami` shows which URL is used.\n"
    )
    assert len(api.requests) == 1 + len(PAUSES_SECONDS)


def test_a_creation_whose_answer_was_lost_is_repeated_under_the_same_key(api: ScriptedApi, run: Run) -> None:
    replay = answer(edited(a_client()), 201, Idempotency_Replayed="true")
    api.on("POST /clients", LOST, replay)
    assert run("clients", "create", "--name", "Acme mobile").code == 0
    first, second = (request.headers["Idempotency-Key"] for request in api.requests)
    assert first == second
    assert api.body(0) == api.body(1)


def test_two_creations_have_two_keys(api: ScriptedApi, run: Run) -> None:
    api.on("POST /clients", answer(edited(a_client()), 201))
    for _ in range(2):
        run("clients", "create", "--name", "Acme mobile")
    assert len({request.headers["Idempotency-Key"] for request in api.requests}) == 2


def test_a_credential_that_was_lost_is_told_and_what_to_do(api: ScriptedApi, run: Run) -> None:
    lost = issued(a_profile())
    del lost["credential"]["value"]
    api.on(ROTATE, LOST, answer(lost, Idempotency_Replayed="true"))
    outcome = run("rotate", "pr_production")
    assert outcome.code == 0
    assert TOKEN not in outcome.out
    assert outcome.err == (
        "authzctl: it was done by an earlier attempt whose answer was lost, and a credential is shown once\n"
        "Have another one made: authzctl rotate pr_production\n"
    )


def test_a_script_that_wants_a_lost_credential_fails(api: ScriptedApi, run: Run) -> None:
    lost = issued(a_profile())
    del lost["credential"]["value"]
    api.on(ROTATE, LOST, answer(lost, Idempotency_Replayed="true"))
    outcome = run("rotate", "pr_production", "-o", "value")
    assert (outcome.code, outcome.out) == (1, "")
    assert "authzctl rotate pr_production" in outcome.err


def test_where_no_answer_comes_the_key_is_told_to_repeat_with(api: ScriptedApi, run: Run) -> None:
    api.on("POST /clients", LOST)
    outcome = run("clients", "create", "--name", "Acme mobile")
    assert outcome.code == 3
    assert f"--idempotency-key {api.requests[0].headers['Idempotency-Key']}" in outcome.err


def test_a_key_can_be_given(api: ScriptedApi, run: Run) -> None:
    api.on(ROTATE, answer(issued(a_profile())))
    run("rotate", "pr_production", "--idempotency-key", "mine")
    assert api.requests[0].headers["Idempotency-Key"] == "mine"


def test_a_change_whose_answer_was_lost_is_not_repeated(api: ScriptedApi, run: Run, pauses: list[float]) -> None:
    api.on("PATCH /clients/cl_acme", LOST)
    outcome = run("clients", "update", "cl_acme", "--name", "New")
    assert outcome.code == 3
    assert "It may have been done all the same: look before you repeat it." in outcome.err
    assert (len(api.requests), pauses) == (1, [])


def test_a_change_that_cannot_have_arrived_is_repeated(api: ScriptedApi, run: Run) -> None:
    api.on("PATCH /clients/cl_acme", REFUSED, answer(edited(a_client())))
    assert run("clients", "update", "cl_acme", "--name", "New").code == 0


@pytest.mark.parametrize(
    ("response", "code", "words"),
    [
        (problem(401, "unauthenticated", "This needs an API key."), 1, "`authzctl login`"),
        (problem(403, "forbidden", "This needs the role operator."), 1, "a higher role"),
        (problem(404, "not_found", "There is no such client."), 1, "`authzctl clients list`"),
        (problem(409, "name_taken", "This name is taken."), 1, "another --name"),
        (problem(422, "idempotency_key_reused", "It came before."), 1, "another --idempotency-key"),
        (problem(418, "teapot", "Nobody knows this code."), 1, "(418 teapot)"),
        (problem(500, "internal_error", "Something failed."), 3, "(500 internal_error)"),
        (problem(503, "database_unavailable", "The database is locked."), 3, "Try again later."),
    ],
    ids=lambda value: str(value.status_code) if isinstance(value, httpx.Response) else "",
)
def test_every_refusal_is_told_in_plain_words_with_what_to_do(
    response: httpx.Response, code: int, words: str, api: ScriptedApi, run: Run
) -> None:
    api.on("GET /clients", response)
    outcome = run("clients", "list")
    assert (outcome.code, outcome.out) == (code, "")
    assert json.loads(response.content)["detail"].rstrip(".") in outcome.err
    assert words in outcome.err


def test_too_many_attempts_say_how_long_to_wait(api: ScriptedApi, run: Run) -> None:
    response = problem(429, "too_many_attempts", "Too many failed attempts.")
    response.headers["Retry-After"] = "30"
    api.on("GET /clients", response)
    outcome = run("clients", "list")
    assert outcome.code == 1
    assert "Try again in 30 s." in outcome.err


def test_a_problem_without_words_is_told_by_its_number(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients", answer({}, 400))
    assert run("clients", "list").err == "authzctl: refused (400)\n"


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, text="<html>\x1b[2J</html>", headers={"Content-Type": "text/html"}),
        httpx.Response(404, text="no such page"),
        httpx.Response(200, json=["a list"]),
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(204),
    ],
    ids=["html", "404", "list", "bytes", "nothing"],
)
def test_what_is_not_the_api_is_told_so(response: httpx.Response, api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients", response)
    outcome = run("clients", "list")
    assert outcome.code == 3
    assert "what answers at http://127.0.0.1:8080 is not the API" in outcome.err
    assert "\x1b" not in outcome.err


def test_a_list_of_another_form_is_not_the_apis(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients", answer({"ok": True}))
    assert run("clients", "list").code == 3


@pytest.mark.parametrize("key", [" ", "a b", "\u00e9", "k" * 256])
def test_an_idempotency_key_that_no_header_can_have_is_a_mistake(key: str, api: ScriptedApi, run: Run) -> None:
    api.on("POST /clients", answer(edited(a_client()), 201))
    outcome = run("clients", "create", "--name", "a", "--idempotency-key", key)
    assert (outcome.code, api.calls) == (2, [])


def test_an_argument_that_is_not_utf_8_is_a_mistake(api: ScriptedApi, run: Run) -> None:
    outcome = run("clients", "create", "--name", "a\udcff")
    assert (outcome.code, api.calls) == (2, [])
    assert run("clients", "list", "-q", "a\udcff").code == 2


def test_the_key_follows_no_redirect(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients", httpx.Response(308, headers={"Location": "https://elsewhere.example/api/v1/clients"}))
    outcome = run("clients", "list")
    assert outcome.code == 2
    assert "leads on to https://elsewhere.example" in outcome.err
    assert len(api.requests) == 1


def test_a_certificate_that_is_not_trusted_says_which_option_helps(api: ScriptedApi, run: Run) -> None:
    api.on("GET /clients", httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"))
    outcome = run("clients", "list")
    assert outcome.code == 3
    assert "--ca FILE" in outcome.err


def test_an_interruption_ends_with_130(api: ScriptedApi, run: Run) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    api.handle = interrupt  # type: ignore[method-assign] # what a signal does
    assert run("clients", "list").code == 130
