"""Lists: paged by cursor, searched, filtered."""

from itertools import count
from typing import Any

import httpx
import pytest

from authz_server.web.api.queries import number, write_cursor, write_number
from tests.support.rest_api import Api


async def paged(client: httpx.AsyncClient, path: str, **params: Any) -> list[list[dict[str, Any]]]:
    """All pages of a list."""
    pages = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(path, params={**params, **cursor})).json()
        pages.append(page["items"])
        if page["next_cursor"] is None:
            return pages
        cursor = {"cursor": page["next_cursor"]}


async def test_pages_hold_everything_once_newest_first() -> None:
    seconds = count(1_800_000_000)
    async with Api(clock=lambda: float(next(seconds))).client() as client:
        for position in range(7):
            await client.post("clients", json={"id": f"c{position}", "name": f"Client {position}"})
        pages = await paged(client, "clients", limit=3)
    assert [[item["id"] for item in page] for page in pages] == [["c6", "c5", "c4"], ["c3", "c2", "c1"], ["c0"]]


async def test_what_was_made_at_one_time_is_listed_by_id() -> None:
    async with Api(clock=lambda: 1_800_000_000.0).client() as client:
        for name in ("b", "c", "a"):
            await client.post("clients", json={"id": name, "name": name})
        pages = await paged(client, "clients", limit=1)
    assert [[item["id"] for item in page] for page in pages] == [["a"], ["b"], ["c"]]


async def test_clients_are_found_by_a_part_of_id_name_or_description() -> None:
    async with Api().client() as client:
        await client.post("clients", json={"id": "alpha", "name": "One", "description": "mobile app"})
        await client.post("clients", json={"id": "beta", "name": "100% Two"})
        for q, ids in {"LPH": ["alpha"], "two": ["beta"], "Mobile": ["alpha"], "%": ["beta"], "zzz": []}.items():
            found = (await client.get("clients", params={"q": q})).json()["items"]
            assert [item["id"] for item in found] == ids
        assert len((await client.get("clients?q=")).json()["items"]) == 2


async def test_profiles_are_filtered_across_clients() -> None:
    async with Api().client() as client:
        for client_id in ("a", "b"):
            await client.post("clients", json={"id": client_id, "name": client_id})
        await client.post("clients/a/profiles", json={"id": "p1", "name": "x", "auth": {"type": "token"}})
        await client.post(
            "clients/b/profiles", json={"id": "p2", "name": "y", "active": False, "auth": {"type": "none"}}
        )
        await client.post(
            "clients/b/profiles", json={"id": "p3", "name": "z", "auth": {"type": "token"}, "expires_in_hours": 1}
        )
        for query, ids in {
            "": {"p1", "p2", "p3"},
            "active=false": {"p2"},
            "state=valid": {"p1"},
            "state=none": {"p2"},
            "state=expiring_soon&active=true": {"p3"},
            "q=Z": {"p3"},
        }.items():
            assert {each["id"] for each in (await client.get(f"profiles?{query}")).json()["items"]} == ids, query
        assert {each["id"] for each in (await client.get("clients/b/profiles")).json()["items"]} == {"p2", "p3"}
        assert (await client.get("profiles?state=new&active=yes")).json()["errors"].__len__() == 2


async def test_the_audit_trail_is_paged_and_filtered() -> None:
    async with Api().client() as client:
        for position in range(5):
            await client.post("clients", json={"id": f"c{position}", "name": f"Client {position}"})
        await client.delete("clients/c1")
        pages = await paged(client, "audit", limit=2, action="client.create")
        assert [[entry["client_id"] for entry in page] for page in pages] == [["c4", "c3"], ["c2", "c1"], ["c0"]]
        of_one = (await client.get("audit?client_id=c1")).json()["items"]
        assert [entry["action"] for entry in of_one] == ["client.delete", "client.create"]
        assert of_one[0]["actor"]["name"] == "admin"
        assert of_one[1]["changes"]["name"] == {"from": None, "to": "Client 1"}


async def test_the_audit_trail_is_filtered_by_time_and_account() -> None:
    seconds = count(1_800_000_000)  # 2027-01-15T08:00:00Z
    async with Api(clock=lambda: float(next(seconds))).client() as client:
        fields = {"role": "viewer", "password": "correct horse"}
        made = [(await client.post("accounts", json={"name": name, **fields})).json() for name in ("ada", "bob")]
        first, second = (await client.get("audit?action=account.create")).json()["items"][::-1]
        assert [first["account_id"], second["account_id"]] == [each["id"] for each in made]
        for query, found in (
            ({"account_id": second["account_id"]}, [second]),
            ({"since": second["at"], "action": "account.create"}, [second]),
            ({"until": second["at"], "action": "account.create"}, [first]),
            ({"since": first["at"].replace("Z", "+00:00"), "until": second["at"]}, [first]),
            ({"since": "2028-01-01T00:00:00Z"}, []),
        ):
            assert (await client.get("audit", params=query)).json()["items"] == found, query
        for wrong in ("2027-01-15", "yesterday", "1800000000", ""):
            refused = await client.get("audit", params={"since": wrong})
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/since")


def test_a_number_is_a_cursor_like_all_others() -> None:
    assert number(write_number(17)) == 17
    assert write_number(None) is None
    assert write_cursor(None) is None
    with pytest.raises(ValueError, match="no cursor"):
        number(write_number(1).replace("W", "X"))  # type: ignore[union-attr]  # it is text
