"""The dry run: the data plane's own verdict, step by step, in fixed words."""

import json
from typing import Any

import httpx
import pytest

from authz_server.core.denial_reasons import Step
from authz_server.managing.records import Role
from tests.support.rest_api import Api, a_seal
from tests.support.signing import es256_key, public_pem

PROFILE: dict[str, Any] = {
    "id": "p",
    "name": "production",
    "allowed_methods": ["GET", "POST"],
    "allowed_ips": ["10.0.0.0/8"],
    "allowed_routes": ["orders"],
    "auth": {"type": "token"},
}
CALL: dict[str, Any] = {
    "client_id": "acme",
    "profile_id": "p",
    "method": "GET",
    "client_ip": "10.1.2.3",
    "route": "orders",
    "path": "/orders",
}


async def with_profile(client: httpx.AsyncClient, **fields: Any) -> str:
    """The profile's credential."""
    await client.post("clients", json={"id": "acme", "name": "Acme"})
    answer = await client.post("clients/acme/profiles", json={**PROFILE, **fields})
    assert answer.status_code == 201, answer.text
    value: str = answer.json().get("credential", {}).get("value", "")
    return value


async def check(client: httpx.AsyncClient, **changed: Any) -> dict[str, Any]:
    """What the dry run says."""
    call = {name: value for name, value in {**CALL, **changed}.items() if value is not None}
    answer = await client.post("check", json=call)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert [step["step"] for step in found["steps"]] == list(Step)
    assert all(step["detail"] for step in found["steps"])
    return found


def verdicts(found: dict[str, Any]) -> list[str]:
    return [step["verdict"] for step in found["steps"]]


async def test_a_good_token_passes_every_step_and_is_never_repeated() -> None:
    async with Api().client(Role.OPERATOR) as client:
        token = await with_profile(client)
        found = await check(client, headers={"Authorization": f"Bearer {token}"})
    assert (found["outcome"], found["status"], found["code"], found["body"]) == ("allowed", 200, "allowed", None)
    assert verdicts(found) == ["passed"] * 7
    assert found["upstream_headers"]["set"]["x-authz-client-id"] == "acme"
    assert "authorization" in found["upstream_headers"]["remove"]
    assert token not in json.dumps(found)


async def test_a_token_in_the_header_that_its_profile_names_is_found_there_alone() -> None:
    async with Api().client(Role.OPERATOR) as client:
        token = await with_profile(client, auth={"type": "token", "header": "X-API-Key"})
        found = await check(client, headers={"X-Api-Key": token, "Authorization": "Basic YTpi"})
        elsewhere = await check(client, headers={"Authorization": f"Bearer {token}"})
        twice = await check(client, headers={"X-API-Key": token, "x-api-key": token})
    assert found["outcome"] == "allowed"
    assert "x-api-key" in found["upstream_headers"]["remove"]
    assert "authorization" not in found["upstream_headers"]["remove"]
    assert [elsewhere["code"], twice["code"]] == ["credential_missing", "credential_malformed"]


@pytest.mark.parametrize(
    ("changed", "code", "status", "step"),
    [
        ({"client_id": None}, "identity_missing", 403, 0),
        ({"client_id": "a b"}, "identity_malformed", 403, 0),
        ({"headers": {"X-Client-ID": "acme"}}, "identity_malformed", 403, 0),
        ({"profile_id": "q"}, "profile_unknown", 403, 1),
        ({"client_id": "other"}, "profile_unknown", 403, 1),
        ({"client_ip": "192.0.2.1"}, "ip_not_allowed", 403, 3),
        ({"client_ip": None}, "ip_not_allowed", 403, 3),
        ({"method": "DELETE"}, "method_not_allowed", 405, 4),
        ({"route": None}, "route_not_allowed", 403, 5),
        ({}, "credential_missing", 401, 6),
        ({"headers": {"authorization": "Bearer wrong"}}, "token_invalid", 401, 6),
        ({"headers": {"Authorization": "Bearer a", "authorization": "Bearer b"}}, "credential_malformed", 401, 6),
    ],
)
async def test_the_first_step_that_refuses_decides(changed: dict[str, Any], code: str, status: int, step: int) -> None:
    async with Api().client() as client:
        await with_profile(client)
        found = await check(client, **changed)
    assert (found["outcome"], found["code"], found["status"]) == ("denied", code, status)
    assert verdicts(found) == ["passed"] * step + ["refused"] + ["not_reached"] * (6 - step)
    assert json.loads(found["body"])["code"] == code
    assert found["headers"]["content-type"] == "application/problem+json"
    assert found["upstream_headers"] is None


async def test_headers_are_those_that_the_caller_would_get() -> None:
    async with Api().client() as client:
        await with_profile(client)
        refused = await check(client, method="DELETE")
        missing = await check(client, headers={"X-Request-ID": "abc"})
        grpc = await check(client, headers={"Content-Type": "application/grpc"})
    assert refused["headers"]["allow"] == "GET, POST"
    assert missing["headers"]["www-authenticate"] == 'Bearer realm="authz"'
    assert json.loads(missing["body"])["request_id"] == "abc"
    assert json.loads(refused["body"])["request_id"] == "made-here"
    assert (grpc["headers"]["content-type"], grpc["body"][:19]) == ("text/plain", "credential_missing:")


async def test_the_credential_may_be_assumed_but_nothing_before_it() -> None:
    async with Api().client() as client:
        await with_profile(client)
        passed = await check(client, assume_credential=True)
        refused = await check(client, assume_credential=True, method="PUT")
    assert verdicts(passed) == ["passed"] * 6 + ["assumed"]
    assert passed["outcome"] == "allowed"
    assert refused["code"] == "method_not_allowed"


async def test_a_disabled_client_is_inactive_whatever_is_published() -> None:
    api = Api()
    async with api.client() as client:
        await with_profile(client)
        api.publisher.gone = True
        await client.patch("clients/acme", json={"active": False})
        found = await check(client)
    assert (found["code"], verdicts(found)[2]) == ("profile_inactive", "refused")


async def test_a_profile_that_restricts_nothing_says_so() -> None:
    async with Api().client() as client:
        nothing = {"allowed_methods": [], "allowed_ips": [], "allowed_routes": [], "auth": {"type": "none"}}
        await with_profile(client, **nothing)
        found = await check(client, client_ip=None, route=None)
    assert found["outcome"] == "allowed"
    assert [step["detail"] for step in found["steps"][3:]] == [
        "The profile has no list of addresses: any may use it.",
        "The profile has no list of methods: any may be used.",
        "The profile has no list of routes: any may be used.",
        "The profile asks for no credential.",
    ]


async def test_a_certificate_is_given_as_pem() -> None:
    async with Api().client() as client:
        await with_profile(client, auth={"type": "mtls", "any_verified": True})
        missing = await check(client)
        garbled = await check(client, certificate="no certificate")
    assert [missing["code"], garbled["code"]] == ["certificate_missing", "certificate_malformed"]
    assert "no certificate" not in json.dumps(garbled)


async def test_a_token_may_be_in_its_own_header() -> None:
    async with Api().client() as client:
        token = await with_profile(client, auth={"type": "token", "header": "x-api-key"})
        found = await check(client, headers={"X-API-Key": token})
    assert (found["outcome"], verdicts(found)) == ("allowed", ["passed"] * 7)
    assert token not in json.dumps(found)


async def test_signed_tokens_are_verified_too() -> None:
    async with Api(seal=a_seal()).client() as client:
        await with_profile(client, auth={"type": "jwt", "algorithm": "ES256", "public_key": public_pem(es256_key())})
        found = await check(client, headers={"Authorization": "Bearer a.b.c"})
    assert found["code"] == "credential_malformed"


async def test_what_is_wrong_with_the_request_itself_is_422() -> None:
    async with Api().client() as client:
        answer = await client.post("check", json={"method": 1, "headers": {"a": []}, "token": "x"})
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/method", "/headers/a", "/token"}


async def test_a_surprise_is_a_fault_of_the_first_step_as_in_the_data_plane() -> None:
    api = Api()
    async with api.client() as client:
        await with_profile(client)
        with api.database.read() as unit:
            profiles = type(unit.profiles)
        broken = profiles.get
        profiles.get = lambda *_: 1 / 0
        try:
            found = await check(client)
        finally:
            profiles.get = broken
    assert (found["status"], found["code"], verdicts(found)[0]) == (503, "internal_error", "fault")
    assert [kind for kind, _ in api.recorded.faults] == ["internal_error"]


async def test_a_database_that_fails_is_503_of_the_api_not_a_verdict() -> None:
    api = Api()
    async with api.client() as client:
        await with_profile(client)
        authenticate = api.service.api_keys.authenticate

        def and_then_gone(secret: str) -> Any:
            key = authenticate(secret)
            api.database.gone = True
            return key

        api.service.api_keys.authenticate = and_then_gone  # type: ignore[method-assign]  # what the test wants
        answer = await client.post("check", json=CALL)
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
