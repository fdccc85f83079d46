"""The document over REST: applied, exported, and applied again."""

import json

import pytest
import yaml

from authz_server.managing.records import Role
from tests.support.rest_api import Api, a_seal

YAML = {"Content-Type": "application/yaml"}
DOCUMENT = """
clients:
  - id: acme
    name: Acme
    profiles:
      - {id: p, name: production, allowed_ips: [10.0.0.0/8], auth: {type: none}}
      - {id: m, name: mtls, auth: {type: mtls, san_dns: [a.example]}}
"""


async def test_a_document_is_applied_and_told_by_id() -> None:
    api = Api()
    async with api.client(Role.OPERATOR) as client:
        planned = await client.post("apply?dry_run=true", content=DOCUMENT, headers=YAML)
        assert planned.json()["profiles"]["added"] == ["p", "m"]
        assert planned.json()["dry_run"] is True
        assert "propagation" not in planned.json()
        assert (await client.get("clients")).json()["items"] == []
        done = await client.post("apply", content=DOCUMENT, headers=YAML)
        assert (done.json()["dry_run"], done.json()["propagation"]) == (False, "published")
        assert done.json()["warnings"][0]["pointer"] == "/clients/0/profiles/1/auth/san_dns"
    assert set(api.publisher.profiles) == {"p", "m"}


async def test_what_is_exported_changes_nothing_when_it_is_applied() -> None:
    async with Api(seal=a_seal()).client() as client:
        await client.post("apply", content=DOCUMENT, headers=YAML)
        for name, auth in {"t": {"type": "token"}, "h": {"type": "jwt", "algorithm": "HS256"}}.items():
            await client.post("clients/acme/profiles", json={"id": name, "name": name, "auth": auth})
        exported = await client.get("export")
        assert exported.headers["content-type"].startswith("application/yaml")
        as_json = await client.get("export", headers={"Accept": "application/json"})
        assert as_json.headers["content-type"] == "application/json"
        for content, kind in ((exported.text, "application/yaml"), (as_json.text, "application/json")):
            again = await client.post("apply?prune=true", content=content, headers={"Content-Type": kind})
            assert again.status_code == 200, again.text
            for of in ("clients", "profiles"):
                found = again.json()[of]
                assert (found["added"], found["changed"], found["removed"]) == ([], [], [])
    assert {each["id"] for each in yaml.safe_load(exported.text)["clients"][0]["profiles"]} == {"p", "m", "t", "h"}


async def test_prune_removes_what_the_document_does_not_have() -> None:
    async with Api().client() as client:
        await client.post("apply", content=DOCUMENT, headers=YAML)
        kept = await client.post("apply", json={"clients": []})
        assert kept.json()["clients"]["kept"] == ["acme"]
        gone = await client.post("apply?prune=true", json={"clients": []})
        assert (gone.json()["clients"]["removed"], sorted(gone.json()["profiles"]["removed"])) == (["acme"], ["m", "p"])


async def test_a_document_that_is_wrong_says_where_and_does_nothing() -> None:
    async with Api().client() as client:
        answer = await client.post("apply", content=DOCUMENT.replace("10.0.0.0", "10.0.0.1"), headers=YAML)
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["pointer"] == "/clients/0/profiles/0/allowed_ips/0"
        assert error["detail"].startswith("line 6, column ")
        assert (await client.get("clients")).json()["items"] == []


@pytest.mark.parametrize("body", [b"{", b"", b'{"clients": [], "clients": []}', b"clients: []"])
async def test_what_is_no_json_is_400_also_as_a_document(body: bytes) -> None:
    async with Api().client() as client:
        answer = await client.post("apply", content=body, headers={"Content-Type": "application/json; charset=utf-8"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


async def test_a_document_may_be_larger_than_other_bodies() -> None:
    clients = [{"id": f"c{number}", "name": f"Client {number}", "description": "x" * 1_000} for number in range(1_200)]
    body = json.dumps({"clients": clients})
    assert len(body) > 1_048_576
    async with Api().client() as client:
        answer = await client.post("apply?dry_run=true", content=body, headers={"Content-Type": "application/json"})
    assert len(answer.json()["clients"]["added"]) == 1_200
