"""Every error is a problem document, and says all that is wrong at once."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from authz_server.managing.records import Role
from authz_server.web import limits
from tests.support.rest_api import Api

JSON = {"Content-Type": "application/json"}


def problem(answer: Any) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == answer.status_code
    assert found["type"] == f"urn:authz:problem:{found['code']}"
    assert {"type", "title", "status", "code", "detail", "request_id"} <= set(found)
    return found


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "is not JSON"),
        (b"", "is not JSON"),
        (b'{"name": "a", "name": "b"}', "names a field twice"),
        (b'{"labels": {"a": "1", "a": "2"}}', "names a field twice"),
        (b'{"name": NaN}', "no number in JSON"),
        (b'{"name": "\xff"}', "is not UTF-8"),
        (b'{"name": "\\ud800"}', "surrogate"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"1" * 5_000 + b"}", "too long"),
    ],
)
async def test_a_body_that_is_no_strict_json_is_400(body: bytes, words: str) -> None:
    async with Api().client() as client:
        answer = await client.post("clients", content=body, headers=JSON)
    found = problem(answer)
    assert (answer.status_code, found["code"]) == (400, "malformed_json")
    assert words in found["detail"]


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "1", "true"])
async def test_json_that_is_no_object_is_422(body: str) -> None:
    async with Api().client() as client:
        answer = await client.post("clients", content=body, headers=JSON)
    found = problem(answer)
    assert (answer.status_code, found["errors"][0]["pointer"]) == (422, "")


async def test_all_field_errors_come_at_once_with_json_pointers() -> None:
    api = Api()
    body = {
        "id": "a b",
        "allowed_ips": ["10.0.0.1", "10.0.0.1/8", None],
        "allowed_methods": "GET",
        "labels": {"a/b~c": 1},
        "auth": {"type": "token", "token_sha256": "short"},
        "colour": "red",
    }
    async with api.client() as client:
        await client.post("clients", json={"id": "acme", "name": "Acme"})
        answer = await client.post("clients/acme/profiles", json=body)
    assert answer.status_code == 422
    found = {error["pointer"]: error["code"] for error in problem(answer)["errors"]}
    assert found == {
        "/id": "invalid",
        "/name": "missing",
        "/allowed_ips/1": "invalid",
        "/allowed_ips/2": "null",
        "/allowed_methods": "wrong_type",
        "/labels/a~1b~0c": "wrong_type",
        "/auth/token_sha256": "invalid",
        "/colour": "unknown_field",
    }


async def test_another_method_is_405_with_those_that_are_there() -> None:
    async with Api().client() as client:
        answer = await client.put("clients")
    assert (answer.status_code, problem(answer)["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("path", ["nothing", "", "clients/", "clients/a/b", "clients/%00", "profiles/é", "http"])
async def test_a_path_that_is_not_there_is_404(path: str) -> None:
    async with Api().client() as client:
        answer = await client.get(path)
    assert (answer.status_code, problem(answer)["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/api/", "/api/v2/clients", "/api/v1x"])
async def test_below_the_api_404_is_a_problem_document_too(path: str) -> None:
    async with Api().client(None) as client:
        answer = await client.get(f"http://manage.test{path}")
    assert (answer.status_code, problem(answer)["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_another_media_type_is_415(headers: dict[str, str]) -> None:
    async with Api().client() as client:
        answer = await client.post("clients", content=b'{"name": "a"}', headers=headers)
    assert (answer.status_code, problem(answer)["code"]) == (415, "unsupported_media_type")


async def test_a_body_over_the_limit_is_413_whether_it_says_so_or_not() -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    async with Api().client() as client:
        announced = await client.post("clients", content=b" " * (limits.BODY_BYTES + 1), headers=JSON)
        unannounced = await client.post("clients", content=parts(), headers=JSON)
        just_fits = await client.post("clients", content=b"{}".ljust(limits.BODY_BYTES), headers=JSON)
    assert [answer.status_code for answer in (announced, unannounced, just_fits)] == [413, 413, 422]
    assert problem(announced)["code"] == problem(unannounced)["code"] == "content_too_large"


async def test_a_name_of_a_mebibyte_is_refused_and_not_repeated() -> None:
    name = "x" * (limits.BODY_BYTES - 100)
    async with Api().client() as client:
        answer = await client.post("clients", json={"name": name})
    assert answer.status_code == 422
    assert len(answer.content) < 1_000


async def test_a_surprise_is_500_without_its_words_and_is_told() -> None:
    api = Api()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret azt_ in a message")

    api.service.reading.clients = broken  # type: ignore[method-assign, assignment]  # what the test wants
    async with api.client() as client:
        answer = await client.get("clients")
    assert (answer.status_code, problem(answer)["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    ((kind, error),) = api.recorded.faults
    assert (kind, type(error)) == ("api", RuntimeError)


async def test_a_database_that_is_gone_is_503_and_a_gate_that_cannot_tell_lets_nobody_in() -> None:
    api = Api()
    api.database.gone = True
    async with api.client() as client:
        answer = await client.get("clients")
    assert (answer.status_code, problem(answer)["code"]) == (503, "database_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert api.recorded.faults == []


async def test_the_callers_request_id_comes_back_only_where_it_is_well_formed() -> None:
    async with Api().client() as client:
        good = problem(await client.get("nothing", headers={"X-Request-ID": "abc-1"}))
        bad = problem(await client.get("nothing", headers={"X-Request-ID": "<b>"}))
    assert good["request_id"] == "abc-1"
    assert "<" not in bad["request_id"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=1.5", "/limit"),
        ("limit=", "/limit"),
        ("limit=5&limit=6", "/limit"),
        ("cursor=", "/cursor"),
        ("cursor=garbage", "/cursor"),
        ("cursor=é", "/cursor"),
        ("cursor=WzFlOTk5OSwiYSJd", "/cursor"),
        ("cursor=bnVsbA", "/cursor"),
        ("q=%00", "/q"),
        ("q=" + "x" * 201, "/q"),
        ("page=2", "/page"),
    ],
)
async def test_a_query_that_is_not_understood_is_422(query: str, pointer: str) -> None:
    async with Api().client(Role.VIEWER) as client:
        answer = await client.get(f"clients?{query}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in problem(answer)["errors"]] == [pointer]


async def test_a_secret_in_the_place_of_a_fields_name_is_not_repeated() -> None:
    name = "azt_" + "0" * 49
    async with Api().client() as client:
        answer = await client.post("clients", json={"name": "a", name: 1})
    assert answer.status_code == 422
    assert name not in json.dumps(answer.json())
