"""The description of the API: complete, true to what is served, and shown without a third party."""

import json
import re
from typing import Any, Final

import jsonschema_rs
import pytest

from authz_server.web.api import documentation, openapi, problems
from authz_server.web.app import RESOURCES, operations
from tests.support.rest_api import Api

DESCRIBED: Final[dict[str, Any]] = openapi.describe(RESOURCES)
OPERATIONS: Final = [
    (path, method, item[method])
    for path, item in DESCRIBED["paths"].items()
    for method in item
    if method != "parameters"
]
IDS: Final = [operation["operationId"] for _, _, operation in OPERATIONS]


def resolved(schema: Any) -> dict[str, Any]:
    return {"$defs": DESCRIBED["components"]["schemas"], **json.loads(_local(json.dumps(schema)))}


def _local(text: str) -> str:
    return text.replace("#/components/schemas/", "#/$defs/")


def validate(value: Any, schema: Any) -> None:
    whole = json.loads(_local(json.dumps(resolved(schema))))
    jsonschema_rs.Draft202012Validator(whole).validate(value)


def test_every_operation_is_described_once() -> None:
    described = {(method.upper(), path) for path, method, _ in OPERATIONS}
    assert described == set(operations())
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=IDS)
def test_every_example_is_what_its_schema_says(path: str, method: str, operation: dict[str, Any]) -> None:
    contents = list(operation.get("requestBody", {"content": {}})["content"].values())
    contents += [each for answer in operation["responses"].values() for each in answer.get("content", {}).values()]
    assert contents, (path, method)
    for content in contents:
        validate(content["example"], content["schema"])


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=IDS)
def test_every_operation_names_its_errors_and_parameters(path: str, method: str, operation: dict[str, Any]) -> None:
    assert {"401", "403", "405", "422", "429", "500", "503"} <= set(operation["responses"])
    if "requestBody" in operation:
        assert {"400", "413", "415"} <= set(operation["responses"])
    shared = DESCRIBED["paths"][path].get("parameters", [])
    assert [each["name"] for each in shared] == re.findall(r"\{(\w+)\}", path)
    assert ("404" in operation["responses"]) is ("{" in path)
    for each in operation.get("parameters", []):
        assert {"name", "in", "description", "schema", "example"} == set(each), (path, method)
        if isinstance(each["example"], str):
            validate(each["example"], each["schema"])


def test_every_kind_of_error_has_an_example_that_is_a_problem_document() -> None:
    responses = DESCRIBED["components"]["responses"]
    examples = [
        each["value"]
        for answer in responses.values()
        for content in answer["content"].values()
        for each in content["examples"].values()
    ]
    assert {each["code"] for each in examples} == set(map(str, problems.KINDS))
    for each in examples:
        validate(each, {"$ref": "#/components/schemas/Problem"})


def test_all_schemas_are_schemas() -> None:
    for schema in DESCRIBED["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


async def test_it_is_served_without_a_key() -> None:
    async with Api().client(None) as client:
        answer = await client.get("http://manage.test/api/openapi.json")
    assert answer.json() == DESCRIBED
    assert DESCRIBED["security"] == [{"apiKey": []}]


def test_the_documentation_loads_nothing_and_runs_nothing() -> None:
    page = documentation.page(DESCRIBED).decode()
    assert not re.search(r"<script|<link|<img|<iframe|\bsrc=|@import|url\(|\bon\w+=", page)
    assert set(re.findall(r'href="([^"]*)"', page)) >= {"/api/openapi.json", "#create_client"}
    assert all(target.startswith(("#", "/api/")) for target in re.findall(r'href="([^"]*)"', page))
    assert all(identifier in page for identifier in IDS)
    assert documentation.STYLE_HASH in documentation.CONTENT_SECURITY_POLICY
