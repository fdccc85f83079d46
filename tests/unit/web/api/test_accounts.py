"""Accounts over REST, for admins."""

import json
import time

from authz_server.managing.records import Role
from tests.support.passwords import A_PASSWORD
from tests.support.rest_api import Api

ADA = {"name": "ada", "role": "admin", "password": A_PASSWORD}


async def test_an_account_is_created_read_changed_and_deleted() -> None:
    api = Api()
    async with api.client(Role.ADMIN) as client:
        created = await client.post("accounts", json=ADA)
        account_id = created.json()["id"]
        assert (created.status_code, created.headers["location"]) == (201, f"/api/v1/accounts/{account_id}")
        read = await client.get(f"accounts/{account_id}")
        assert {**read.json(), "propagation": "published"} == created.json()
        assert (await client.get("accounts")).json() == {"items": [read.json()], "next_cursor": None}
        await client.post("accounts", json={**ADA, "name": "bob"})
        changed = await client.patch(f"accounts/{account_id}", json={"role": "viewer", "password": "another password"})
        assert (changed.status_code, changed.json()["role"]) == (200, "viewer")
        assert api.service.sessions.sign_in("ada", "another password").account.role is Role.VIEWER
        gone = await client.delete(f"accounts/{account_id}")
        assert gone.json() == {"id": account_id, "propagation": "published"}
        assert (await client.get(f"accounts/{account_id}")).status_code == 404


async def test_nothing_of_a_password_is_in_any_answer() -> None:
    async with Api().client(Role.ADMIN) as client:
        created = await client.post("accounts", json=ADA)
        path = f"accounts/{created.json()['id']}"
        answers = [
            created,
            await client.get(path),
            await client.get("accounts"),
            await client.patch(path, json={"password": "another password"}),
            await client.patch(path, json={"password": "too short"}),
            await client.patch(path, json={"password": "too short " * 40}),
            await client.post("accounts", json=ADA),
            await client.post("accounts", json={**ADA, "pasword": "a misspelt one"}),
            await client.get("audit"),
        ]
    for answer in answers:
        text = answer.text + json.dumps(dict(answer.headers))
        for secret in (A_PASSWORD, "argon2", "another password", "too short", "a misspelt one"):
            assert secret not in text


async def test_the_last_admin_stays() -> None:
    async with Api().client(Role.ADMIN) as client:
        account_id = (await client.post("accounts", json=ADA)).json()["id"]
        for answer in (
            await client.delete(f"accounts/{account_id}"),
            await client.patch(f"accounts/{account_id}", json={"active": False}),
            await client.patch(f"accounts/{account_id}", json={"role": "operator"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")


async def test_what_is_wrong_is_told_at_its_field() -> None:
    async with Api().client(Role.ADMIN) as client:
        answer = await client.post("accounts", json={"name": " ada", "role": "root", "password": "short"})
        pointers = [each["pointer"] for each in answer.json()["errors"]]
        assert (answer.status_code, pointers) == (422, ["/name", "/role", "/password"])
        await client.post("accounts", json=ADA)
        again = await client.post("accounts", json=ADA)
        assert (again.status_code, again.json()["code"]) == (409, "name_taken")


async def test_an_idempotency_key_makes_no_difference() -> None:
    """What would be kept of such a request is a quick digest of a password."""
    api = Api()
    async with api.client(Role.ADMIN) as client:
        headers = {"Idempotency-Key": "k"}
        assert (await client.post("accounts", json=ADA, headers=headers)).status_code == 201
        assert (await client.post("accounts", json=ADA, headers=headers)).status_code == 409
        (entry,) = (await client.get("audit?action=account.create")).json()["items"]
    with api.database.edit() as unit:
        assert unit.idempotency.take(entry["actor"]["id"], "k", b"", time.time()) is None
