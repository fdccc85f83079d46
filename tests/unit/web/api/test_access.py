"""Who may do what: one gate before everything, one role for every operation."""

import re
from typing import Final

import httpx
import pytest
from starlette.routing import Mount, Route, Router

from authz_server.core.allow_list import AllowList
from authz_server.managing.records import Role
from authz_server.web.api.operations import Operation
from authz_server.web.api.serving import Endpoint, Gate
from authz_server.web.app import RESOURCES, Attempts, operations
from tests.support.rest_api import API, Api

OPERATIONS: Final = [(method, path, operation) for (method, path), operation in operations().items()]
IDS: Final = [operation.id for _, _, operation in OPERATIONS]
WRONG: Final = "aza_" + "0" * 49


def url(path: str) -> str:
    return re.sub(r"\{\w+\}", "nothing", path).removeprefix("/api/v1").lstrip("/")


def test_everything_under_the_api_is_an_operation_behind_the_gate() -> None:
    """Whatever is added to the application, it is the gate's, a page, or it is named here."""
    routes = Api().app.routes
    mounts = [route for route in routes if isinstance(route, Mount)]
    assert [mount.path for mount in mounts] == ["/api/v1", "/api", ""]
    assert isinstance(mounts[1].app, Router)
    assert mounts[1].app.routes == []
    assert {route.path for route in routes if isinstance(route, Route)} == {"/api/openapi.json", "/api/docs"}
    gate = mounts[0].app
    assert isinstance(gate, Gate)
    router = gate._app  # noqa: SLF001 - what is behind it is the question
    assert isinstance(router, Router)
    served = {route.path: route.endpoint for route in router.routes if isinstance(route, Route)}
    assert len(served) == len(router.routes)
    assert set(served) == {resource.path for resource in RESOURCES}
    assert all(isinstance(endpoint, Endpoint) for endpoint in served.values())


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
async def test_without_a_key_nothing_is_answered_but_401(method: str, path: str, operation: Operation) -> None:
    async with Api().client(None) as client:
        answer = await client.request(method, url(path))
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), operation.id
    assert answer.headers["www-authenticate"] == 'Bearer realm="authz"'


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
async def test_a_role_that_is_too_low_is_refused_and_a_sufficient_one_is_not(
    method: str, path: str, operation: Operation
) -> None:
    api = Api()
    for role in Role:
        async with api.client(role) as client:
            answer = await client.request(method, url(path), content=b"", headers={"Content-Type": "text/plain"})
        assert (answer.status_code == 403) is not role.allows(operation.role), role
        if answer.status_code == 403:
            assert answer.json()["code"] == "forbidden"


def test_roles_are_those_of_the_contract() -> None:
    by_role = {role: {each.id for _, _, each in OPERATIONS if each.role is role} for role in Role}
    assert by_role[Role.ADMIN] == {
        *("list_api_keys", "create_api_key", "get_api_key", "revoke_api_key"),
        *("list_accounts", "create_account", "get_account", "update_account", "delete_account"),
    }
    assert by_role[Role.VIEWER] == {
        *("list_clients", "get_client", "list_profiles", "list_profiles_of_client", "get_profile"),
        "list_audit_entries",
    }
    assert {"check", "export_document", "apply_document", "reveal_credential"} < by_role[Role.OPERATOR]


@pytest.mark.parametrize(
    "authorization", [f"Bearer {WRONG}", "Bearer", "Bearer ", "Basic YTpi", "aza_x", "Bearer é", f"bearer {WRONG} x"]
)
async def test_a_wrong_key_is_401_with_a_challenge(authorization: str) -> None:
    async with Api().client(None) as client:
        answer = await client.get("clients", headers=[(b"Authorization", authorization.encode("latin-1"))])
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="authz", error="invalid_token"'
    assert WRONG not in answer.text


async def test_two_authorizations_are_none() -> None:
    api = Api()
    header = ("Authorization", f"Bearer {api.keys[Role.ADMIN]}")
    async with api.client(None) as client:
        assert (await client.get("clients", headers=[header, header])).status_code == 401


async def test_the_scheme_is_read_in_either_case() -> None:
    api = Api()
    async with api.client(None) as client:
        answer = await client.get("clients", headers={"Authorization": f"bEARER {api.keys[Role.VIEWER]}"})
    assert answer.status_code == 200


async def test_a_revoked_key_stops_at_once() -> None:
    api = Api()
    key = api.new_key(Role.VIEWER, name="temporary")
    async with api.client(Role.ADMIN) as admin, api.client(key) as client:
        assert (await client.get("clients")).status_code == 200
        (found,) = [each for each in (await admin.get("api-keys")).json()["items"] if each["name"] == "temporary"]
        revoked = await admin.delete(f"api-keys/{found['id']}")
        assert (revoked.status_code, revoked.json()["active"]) == (200, False)
        assert (await client.get("clients")).status_code == 401


async def test_failed_attempts_are_limited_per_peer_and_forgotten_after_a_while() -> None:
    api = Api(attempts=Attempts(most=3, seconds=60.0))
    async with api.client(WRONG) as wrong, api.client(Role.VIEWER) as right:
        assert [(await wrong.get("clients")).status_code for _ in range(4)] == [401, 401, 401, 429]
        blocked = await right.get("clients")
        assert (blocked.status_code, blocked.json()["code"]) == (429, "too_many_attempts")
        assert blocked.headers["retry-after"] == "60"
        async with api.client(Role.VIEWER, peer="192.0.2.2") as other:
            assert (await other.get("clients")).status_code == 200
        api.now += 60.0
        assert (await right.get("clients")).status_code == 200


async def test_a_missing_key_is_no_failed_attempt() -> None:
    api = Api(attempts=Attempts(most=1))
    async with api.client(None) as nobody, api.client(Role.VIEWER) as right:
        assert [(await nobody.get("clients")).status_code for _ in range(3)] == [401] * 3
        assert (await right.get("clients")).status_code == 200


async def test_behind_a_trusted_proxy_the_real_peer_is_limited() -> None:
    api = Api(attempts=Attempts(most=1), trusted_proxies=AllowList.of(["10.0.0.0/8"]))
    async with api.client(WRONG, peer="10.0.0.1") as wrong, api.client(Role.VIEWER, peer="10.0.0.1") as right:
        attacker, user = {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "203.0.113.10"}
        assert (await wrong.get("clients", headers=attacker)).status_code == 401
        assert (await right.get("clients", headers=attacker)).status_code == 429
        assert (await right.get("clients", headers=user)).status_code == 200


async def test_a_peer_that_is_no_trusted_proxy_cannot_name_another() -> None:
    api = Api(attempts=Attempts(most=1))
    async with api.client(WRONG) as wrong:
        assert (await wrong.get("clients", headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 401
        assert (await wrong.get("clients", headers={"X-Forwarded-For": "203.0.113.10"})).status_code == 429


async def test_answers_are_told_with_the_operation_and_the_key_and_never_the_path() -> None:
    api = Api()
    async with api.client(Role.VIEWER) as client:
        await client.get("clients/azt_secret-in-the-wrong-place")
    assert api.recorded.answers == [("GET", "/api/v1/clients/{client_id}", 404, "viewer", "192.0.2.1")]


async def test_every_answer_has_the_headers_of_a_careful_server_and_no_cors() -> None:
    api = Api()
    async with api.client(Role.VIEWER) as client:
        answers = [
            await client.get("clients", headers={"Origin": "https://elsewhere.example"}),
            await client.get("nothing"),
            await client.options("clients", headers={"Origin": "https://elsewhere.example"}),
            await client.get(f"{API.removesuffix('/v1')}/docs"),
        ]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert [answer.status_code for answer in answers] == [200, 404, 405, 200]


async def test_over_https_browsers_are_told_to_stay_there() -> None:
    transport = httpx.ASGITransport(Api().app)
    async with httpx.AsyncClient(transport=transport, base_url="https://manage.test") as client:
        assert "max-age" in (await client.get("/api/docs")).headers["strict-transport-security"]
