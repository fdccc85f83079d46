"""Edits over REST: what is answered, under which conditions, and how often."""

import threading
from typing import Any

import httpx
import pytest

from authz_server.managing.records import Role
from authz_server.managing.relay import Propagation
from tests.support.rest_api import Api, a_seal

TOKEN: dict[str, Any] = {"name": "production", "id": "p", "auth": {"type": "token"}}


async def with_profile(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A client `acme` and its profile, as they were answered."""
    assert (await client.post("clients", json={"id": "acme", "name": "Acme"})).status_code == 201
    answer = await client.post("clients/acme/profiles", json={**TOKEN, **fields})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def location(created: httpx.Response) -> str:
    """Where it is, below the API."""
    return created.headers["location"].removeprefix("/api/v1/")


async def test_a_client_is_created_read_changed_and_deleted() -> None:
    async with Api().client(Role.OPERATOR) as client:
        created = await client.post("clients", json={"name": "Acme", "labels": {"tier": "gold"}})
        assert created.status_code == 201
        path = location(created)
        assert path == f"clients/{created.json()['id']}"
        read = await client.get(path)
        assert read.headers["etag"] == created.headers["etag"] == f'"{read.json()["version"]}"'
        assert {**read.json(), "propagation": "published"} == created.json()
        changed = await client.patch(path, json={"active": False})
        assert (changed.json()["active"], changed.json()["labels"]) == (False, {"tier": "gold"})
        assert changed.headers["etag"] != created.headers["etag"]
        gone = await client.delete(path)
        assert gone.json() == {"id": created.json()["id"], "propagation": "published"}
        assert (await client.get(path)).status_code == 404


async def test_a_profiles_token_is_shown_once() -> None:
    api = Api()
    async with api.client() as client:
        created = await with_profile(client, expires_in_hours=720)
        credential = created["credential"]
        assert credential["value"].startswith("azt_")
        assert credential["headers"] == {
            "X-Client-ID": "acme",
            "X-Profile-ID": "p",
            "Authorization": f"Bearer {credential['value']}",
        }
        assert credential["expires_at"] == created["credential_state"]["expires_at"]
        read = await client.get("profiles/p")
        assert "credential" not in read.json()
        assert credential["value"] not in read.text + (await client.get("audit")).text
    assert set(api.publisher.profiles) == {"p"}


async def test_a_secret_is_made_for_an_hmac_algorithm() -> None:
    async with Api(seal=a_seal()).client() as client:
        created = await with_profile(client, auth={"type": "jwt", "algorithm": "HS512"})
    assert created["credential"]["value"].startswith("azh_")
    assert created["auth"]["secret_sealed"] == "********"
    assert "Authorization" not in created["credential"]["headers"]


async def test_rotate_makes_a_new_one_with_an_empty_body_too() -> None:
    async with Api().client() as client:
        first = (await with_profile(client))["credential"]["value"]
        second = (await client.post("profiles/p/rotate")).json()["credential"]["value"]
        third = (await client.post("profiles/p/rotate", json={"expires_in_hours": 1, "grace_seconds": 60})).json()
        wrong = await client.post("profiles/p/rotate", json={"grace_seconds": 86_401, "expires_in_hours": 0})
    assert len({first, second, third["credential"]["value"]}) == 3
    assert third["auth"]["previous"]["token_sha256"] == "********"
    assert {each["pointer"] for each in wrong.json()["errors"]} == {"/grace_seconds", "/expires_in_hours"}


async def test_auth_is_changed_and_removed() -> None:
    async with Api().client() as client:
        await with_profile(client)
        changed = await client.put("profiles/p/auth", json={"auth": {"type": "mtls", "any_verified": True}})
        assert (changed.status_code, changed.json()["auth"]["type"]) == (200, "mtls")
        assert "credential" not in changed.json()
        assert (await client.post("profiles/p/rotate")).json()["code"] == "no_credential"
        back = await client.put("profiles/p/auth", json={"auth": {"type": "token"}, "expires_in_hours": 1})
        assert back.json()["credential"]["value"].startswith("azt_")
        removed = await client.delete("profiles/p/auth")
        assert removed.json()["auth"] == {"type": "none"}
        assert removed.json()["credential_state"]["state"] == "none"


async def test_a_credential_expires_now_and_is_not_revealed_unless_it_is_kept() -> None:
    async with Api().client() as client:
        await with_profile(client)
        assert (await client.post("profiles/p/reveal")).json()["code"] == "reveal_off"
        expired = await client.post("profiles/p/expire")
    assert expired.json()["credential_state"]["state"] == "expired"


async def test_a_kept_credential_is_revealed_and_that_is_recorded() -> None:
    async with Api(seal=a_seal(), reveal=True).client() as client:
        created = await with_profile(client)
        revealed = await client.post("profiles/p/reveal")
        assert revealed.json()["credential"]["value"] == created["credential"]["value"]
        entries = (await client.get("audit?action=credential.reveal")).json()["items"]
    assert [entry["profile_id"] for entry in entries] == ["p"]


async def test_an_existing_token_moves_in_by_its_digest_and_nothing_is_issued() -> None:
    async with Api().client() as client:
        created = await with_profile(client, auth={"type": "token", "token_sha256": "ab" * 32})
        assert "credential" not in created
        assert created["auth"]["token_sha256"] == "********"
        assert (await client.post("profiles/p/rotate")).status_code == 409


@pytest.mark.parametrize("if_match", ['W/"2"', '"1"', "2", '"2", "3"', '"two"', '"', "", "é".encode()])
async def test_a_stale_weak_or_garbled_if_match_is_412_and_changes_nothing(if_match: str | bytes) -> None:
    async with Api().client() as client:
        created = await with_profile(client)
        assert created["version"] == 2
        headers: Any = {"If-Match": if_match}
        answers = [
            await client.patch("profiles/p", json={"active": False}, headers=headers),
            await client.put("profiles/p/auth", json={"auth": {"type": "none"}}, headers=headers),
            await client.post("profiles/p/rotate", headers=headers),
            await client.post("profiles/p/expire", headers=headers),
            await client.delete("profiles/p/auth", headers=headers),
            await client.delete("profiles/p", headers=headers),
        ]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(412, "version_mismatch")}
        assert (await client.get("profiles/p")).json()["version"] == 2


@pytest.mark.parametrize("if_match", ['"2"', "*"])
async def test_a_current_if_match_lets_the_edit_through(if_match: str) -> None:
    async with Api().client() as client:
        await with_profile(client)
        answer = await client.patch("profiles/p", json={"active": False}, headers={"If-Match": if_match})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"3"')


async def test_of_two_edits_of_one_version_one_is_lost_to_nobody() -> None:
    async with Api().client() as client:
        etag = f'"{(await with_profile(client))["version"]}"'
        first = await client.patch("profiles/p", json={"name": "one"}, headers={"If-Match": etag})
        second = await client.patch("profiles/p", json={"name": "two"}, headers={"If-Match": etag})
        assert [first.status_code, second.status_code] == [200, 412]
        assert (await client.get("profiles/p")).json()["name"] == "one"


async def test_a_retried_creation_is_answered_alike_without_the_value() -> None:
    async with Api().client() as client:
        await client.post("clients", json={"id": "acme", "name": "Acme"})
        headers = {"Idempotency-Key": "once"}
        first = await client.post("clients/acme/profiles", json=TOKEN, headers=headers)
        again = await client.post("clients/acme/profiles", json=TOKEN, headers=headers)
        other = await client.post("clients/acme/profiles", json={**TOKEN, "name": "x"}, headers=headers)
        elsewhere = await client.post("clients", json={"name": "x"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    expected = first.json()
    del expected["credential"]["value"], expected["credential"]["headers"]["Authorization"]
    assert again.json() == expected
    assert {(each.status_code, each.json()["code"]) for each in (other, elsewhere)} == {(422, "idempotency_key_reused")}


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é".encode()])
async def test_an_idempotency_key_that_is_none_is_422(key: str | bytes) -> None:
    headers: Any = {"Idempotency-Key": key}
    async with Api().client() as client:
        answer = await client.post("clients", json={"name": "Acme"}, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/Idempotency-Key")


async def test_names_and_ids_that_are_taken_are_409() -> None:
    async with Api().client() as client:
        await with_profile(client)
        taken = [
            await client.post("clients", json={"id": "acme", "name": "Other"}),
            await client.post("clients", json={"name": "Acme"}),
            await client.post("clients/acme/profiles", json={**TOKEN, "name": "other"}),
            await client.post("clients/acme/profiles", json={**TOKEN, "id": "q"}),
        ]
    assert [(answer.status_code, answer.json()["code"]) for answer in taken] == [
        (409, "id_taken"),
        (409, "name_taken"),
        (409, "id_taken"),
        (409, "name_taken"),
    ]


async def test_a_profile_of_another_client_is_neither_listed_nor_made_there() -> None:
    async with Api().client() as client:
        await with_profile(client)
        await client.post("clients", json={"id": "other", "name": "Other"})
        assert (await client.get("clients/other/profiles")).json()["items"] == []
        assert (await client.get("clients/nobody/profiles")).status_code == 404
        assert (await client.post("clients/nobody/profiles", json=TOKEN)).status_code == 404
        moved = await client.patch("profiles/p", json={"client_id": "other"})
        assert (moved.status_code, moved.json()["errors"][0]["code"]) == (422, "unknown_field")


async def test_while_redis_is_gone_an_edit_is_pending() -> None:
    api = Api()
    async with api.client() as client:
        await with_profile(client)
        api.publisher.gone = True
        answer = await client.patch("profiles/p", json={"active": False})
    assert (answer.status_code, answer.json()["propagation"]) == (200, "pending")


async def test_an_edit_does_not_wait_longer_than_it_may_for_redis() -> None:
    """What is slow goes on without the caller, in its own thread."""
    released, finished = threading.Event(), threading.Event()

    def deliver(_: int | None) -> Propagation:
        released.wait(10.0)
        finished.set()
        return Propagation.PUBLISHED

    async with Api(deliver=deliver, propagation_seconds=0.05).client() as client:
        answer = await client.post("clients", json={"name": "Acme"})
        assert (answer.status_code, answer.json()["propagation"]) == (201, "pending")
        assert not finished.is_set()
        released.set()
    assert finished.wait(10.0)


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert('x')</script> & \"quotes\"",
        "🚀 Rakete 👩‍👩‍👧",
        "חברה بیسبال",
        "Ünïcode e\u0301",
        "'; DROP TABLE clients; --",
        "\\u0041 %00 ${x}",
    ],
)
async def test_names_come_back_unharmed(name: str) -> None:
    async with Api().client() as client:
        created = await client.post("clients", json={"name": name, "labels": {"a": name}})
        assert created.status_code == 201
        read = await client.get(location(created))
        assert (read.json()["name"], read.json()["labels"]) == (name, {"a": name})
        found = await client.get("clients", params={"q": name[1:]})
        assert [each["name"] for each in found.json()["items"]] == [name]


@pytest.mark.parametrize("name", ["a\x00b", "a\nb", "a\u202eb", "a\u2066b", "\x7f", " a", ""])
async def test_names_with_characters_that_deceive_are_refused(name: str) -> None:
    async with Api().client() as client:
        answer = await client.post("clients", json={"name": name})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/name")


async def test_ten_thousand_addresses_are_taken_and_given_back() -> None:
    ips = [f"10.{number >> 8}.{number & 255}.7" for number in range(10_000)]
    async with Api().client() as client:
        created = await with_profile(client, allowed_ips=ips)
        assert created["allowed_ips"] == ips
        assert (await client.get("profiles/p")).json()["allowed_ips"] == ips


async def test_an_api_key_is_shown_once_and_works() -> None:
    api = Api()
    async with api.client() as admin:
        created = await admin.post("api-keys", json={"name": "ci", "role": "viewer", "expires_in_hours": 1})
        assert created.status_code == 201
        value = created.json()["credential"]["value"]
        read = await admin.get(location(created))
        assert value not in read.text
        assert (read.json()["name"], read.json()["role"], read.json()["active"]) == ("ci", "viewer", True)
    async with api.client(value) as client:
        assert (await client.get("clients")).status_code == 200
