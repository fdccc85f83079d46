"""API keys by pages: shown once, done once, revoked in words."""

import pytest

from authz_server.managing.commands import CreateApiKey
from authz_server.managing.records import COMMAND_LINE, Role
from tests.support import html
from tests.support.rest_api import Api
from tests.support.web_pages import visiting


@pytest.fixture
def api() -> Api:
    return Api()


def a_key(api: Api, name: str = "deploy") -> str:
    command = CreateApiKey(actor=COMMAND_LINE, fields={"name": name, "role": "operator"})
    made: str = api.service.api_keys.create(command).shape["id"]
    return made


async def test_a_key_is_shown_by_the_answer_that_makes_it_and_works(api: Api) -> None:
    async with visiting(api) as visitor:
        answer = await visitor.send("/api-keys/new", name="deploy", role="operator", expires_in_hours="24")
        assert answer.status_code == 200
        shown = html.read(answer.text)
        value = next(attributes["value"] for tag, attributes in shown.elements if attributes.get("id") == "credential")
        assert value.startswith("aza_")
        assert "Shown once. Copy it now." in shown.text
        assert "Its role is operator" in shown.text
        assert "It expires" in shown.text
        for path in ("/api-keys", "/api-keys/new", "/audit", "/audit.csv", "/"):
            assert value not in (await visitor.get(path)).text
    async with api.client(value) as client:
        assert (await client.get("clients")).status_code == 200
        assert (await client.get("api-keys")).status_code == 403


async def test_a_form_that_is_sent_again_makes_no_second_key_and_shows_none(api: Api) -> None:
    async with visiting(api) as visitor:
        form = (await visitor.open("/api-keys/new")).fields | {"name": "deploy", "role": "viewer"}
        assert "Shown once" in (await visitor.post("/api-keys/new", form)).text
        before = len(api.service.reading.api_keys(limit=100).items)
        again = await visitor.post("/api-keys/new", form)
    assert again.status_code == 200
    assert "This was already done. Nothing was done again." in again.text
    assert "aza_" not in again.text
    assert "data-shown-once" not in again.text
    assert len(api.service.reading.api_keys(limit=100).items) == before


async def test_a_form_without_its_one_time_key_makes_nothing(api: Api) -> None:
    async with visiting(api) as visitor:
        before = len(api.service.reading.api_keys(limit=100).items)
        answer = await visitor.post("/api-keys/new", {"name": "deploy", "role": "viewer"})
    assert answer.status_code == 400
    assert len(api.service.reading.api_keys(limit=100).items) == before


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Is missing"),
        ({"name": "a\tb"}, "control character"),
        ({"role": "root"}, "accepted are"),
        ({"expires_in_hours": "0"}, "accepted are 1 to 87600"),
        ({"expires_in_hours": "soon"}, "Is not a whole number"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_all_is_kept(
    api: Api, typed: dict[str, str], sentence: str
) -> None:
    given = {"name": "deploy", "role": "operator", "expires_in_hours": "24"} | typed
    async with visiting(api) as visitor:
        answer = await visitor.send("/api-keys/new", **given)
    assert answer.status_code == 422
    shown = html.read(answer.text)
    assert sentence in shown.text
    assert shown.fields["expires_in_hours"] == given["expires_in_hours"]
    assert shown.fields["name"] == given["name"]


async def test_an_empty_expiry_is_none(api: Api) -> None:
    async with visiting(api) as visitor:
        answer = await visitor.send("/api-keys/new", name="deploy", expires_in_hours="")
    assert "It never expires." in html.read(answer.text).text


async def test_a_key_is_revoked_after_it_is_said_what_that_means(api: Api) -> None:
    key_id = a_key(api)
    async with visiting(api) as visitor:
        asked = await visitor.open(f"/api-keys/{key_id}/revoke")
        assert "Every program that calls the REST API with this key is refused with 401 from now on." in asked.text
        assert "It was never used" in asked.text
        listed = await visitor.follow(await visitor.post(f"/api-keys/{key_id}/revoke"))
        assert "API key revoked." in listed.text
        assert "Revoked never revoked" in listed.text
        assert "was revoked" in (await visitor.open(f"/api-keys/{key_id}/revoke")).text
    assert not api.service.reading.api_key(key_id).shape["active"]


async def test_an_expired_key_says_so(api: Api) -> None:
    now = [1_000_000.0]
    api = Api(clock=lambda: now[0])
    fields = {"name": "short", "role": "viewer", "expires_in_hours": 1}
    made = api.service.api_keys.create(CreateApiKey(actor=COMMAND_LINE, fields=fields))
    now[0] += 3_600
    async with visiting(api) as visitor:
        assert "viewer Expired never" in (await visitor.open("/api-keys")).text
        assert "has expired" in (await visitor.open(f"/api-keys/{made.shape['id']}/revoke")).text


async def test_a_key_that_is_not_there_is_a_page_that_says_so(api: Api) -> None:
    async with visiting(api) as visitor:
        assert (await visitor.get("/api-keys/ak_nothing/revoke")).status_code == 404
        assert (await visitor.post("/api-keys/ak_nothing/revoke")).status_code == 404


async def test_who_is_no_admin_neither_sees_nor_makes_keys(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        for path in ("/api-keys", "/api-keys/new"):
            assert (await visitor.get(path)).status_code == 403
        assert (await visitor.post("/api-keys/new", {"name": "x", "role": "admin"})).status_code == 403
