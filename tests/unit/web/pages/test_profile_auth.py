"""Changing a profile's auth type, and removing its auth: what is said first, and what is shown once."""

from __future__ import annotations

import pytest

from authz_server.managing.commands import UpdateProfile
from authz_server.managing.records import COMMAND_LINE
from tests.support.rest_api import Api
from tests.support.signing import es256_key, public_pem
from tests.support.web_pages import visiting
from tests.unit.web.pages.profile_site import (
    HMAC,
    MTLS,
    NONE,
    OIDC,
    PUBLIC_KEY,
    TOKEN,
    a_site,
    actions,
    add,
    copies,
    read,
    secrets_in,
    shape,
)

PATH = "/profiles/pr_1/auth"


@pytest.fixture
def api() -> Api:
    api = a_site()
    add(api, TOKEN)
    return api


async def test_the_page_says_what_happens_to_callers_before_anything_does(api: Api) -> None:
    async with visiting(api) as visitor:
        shown = await visitor.open(PATH)
    assert "Today: Token ." in shown.text or "Today: Token." in shown.text
    assert "the credential of today is gone, and whoever still calls with it is refused with 401" in shown.text
    assert "There is no time of grace" in shown.text
    assert shown.fields["auth.type"] == "token"


@pytest.mark.parametrize("auth", [HMAC, PUBLIC_KEY, OIDC, MTLS, NONE], ids=lambda auth: str(len(str(auth))))
async def test_the_form_begins_with_what_is_there(auth: dict[str, str]) -> None:
    api = a_site()
    add(api, auth)
    async with visiting(api) as visitor:
        fields = (await visitor.open(PATH)).fields
        saved = await visitor.post(PATH, fields)
    assert saved.status_code in {200, 303}
    assert fields["auth.type"] == auth["type"]
    assert shape(api)["auth"]["type"] == auth["type"]


async def test_a_new_token_is_shown_once_and_the_old_one_is_gone(api: Api) -> None:
    async with visiting(api) as visitor:
        answer = await visitor.send(PATH, auth__type="token", expires_in_hours="24", auth__header="X-API-Key")
    assert answer.status_code == 200
    (value,) = secrets_in(answer.text)
    assert "Shown once. Copy it now." in answer.text
    assert copies(answer)["Copy X-Api-Key header"] == f"X-Api-Key: {value}"
    assert shape(api)["credential_state"]["state"] == "expiring_soon"


async def test_a_new_secret_is_shown_once(api: Api) -> None:
    async with visiting(api) as visitor:
        answer = await visitor.send(PATH, auth__type="jwt", auth__algorithm="HS512", expires_in_hours="")
    (value,) = secrets_in(answer.text)
    assert value.startswith("azh_")
    assert shape(api)["auth"]["algorithm"] == "HS512"


async def test_where_no_credential_is_made_the_profile_is_next(api: Api) -> None:
    async with visiting(api) as visitor:
        answer = await visitor.send(
            PATH, auth__type="jwt", auth__algorithm="ES256", auth__public_key=public_pem(es256_key())
        )
        assert "Auth type changed." in (await visitor.follow(answer)).text
    assert actions(api)[0] == "credential.set_auth"


async def test_a_form_that_is_sent_again_changes_nothing_and_shows_nothing(api: Api) -> None:
    async with visiting(api) as visitor:
        fields = (await visitor.open(PATH)).fields
        first = await visitor.post(PATH, fields)
        before = shape(api)
        again = await visitor.post(PATH, fields)
    assert secrets_in(first.text)
    assert "This was already done. Nothing was done again." in again.text
    assert not secrets_in(again.text)
    assert shape(api) == before


async def test_a_form_without_its_one_time_key_changes_nothing(api: Api) -> None:
    async with visiting(api) as visitor:
        fields = (await visitor.open(PATH)).fields
        del fields["form_key"]
        assert (await visitor.post(PATH, fields)).status_code == 400
    assert actions(api) == ["profile.create"]


async def test_what_is_wrong_is_told_at_its_field_and_everything_typed_is_kept(api: Api) -> None:
    async with visiting(api) as visitor:
        answer = await visitor.send(PATH, auth__type="oidc", auth__issuer="http://login.example", auth__audience="a\nb")
    assert answer.status_code == 422
    shown = read(answer)
    assert "https" in shown.text
    assert (shown.fields["auth.type"], shown.fields["auth.issuer"]) == ("oidc", "http://login.example")
    assert shown.fields["auth.audience"] == "a\nb"
    assert actions(api) == ["profile.create"]


async def test_a_private_key_that_was_pasted_by_mistake_is_not_repeated(api: Api) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
    async with visiting(api) as visitor:
        answer = await visitor.send(PATH, auth__type="jwt", auth__algorithm="ES256", auth__public_key=pem)
    assert answer.status_code == 422
    assert "AAAA" not in answer.text


async def test_somebody_elses_edit_is_told_and_what_was_typed_stays(api: Api) -> None:
    async with visiting(api) as visitor:
        fields = (await visitor.open(PATH)).fields | {"auth.type": "none"}
        api.service.profiles.update(UpdateProfile(actor=COMMAND_LINE, profile_id="pr_1", fields={"name": "changed"}))
        answer = await visitor.post(PATH, fields)
        assert answer.status_code == 409
        assert "Somebody else has changed this since you opened the page" in answer.text
        assert shape(api)["auth"]["type"] == "token"
        shown = read(answer)
        assert shown.fields["auth.type"] == "none"
        await visitor.post(PATH, shown.fields)
    assert shape(api)["auth"]["type"] == "none"


async def test_removing_auth_is_asked_first_and_says_who_is_let_in_then(api: Api) -> None:
    async with visiting(api) as visitor:
        asked = await visitor.open(f"{PATH}/remove")
        assert "whoever knows both ids and comes from an allowed address is let in" in asked.text
        assert "This profile may be used from anywhere" in asked.text
        done = await visitor.follow(await visitor.post(f"{PATH}/remove", asked.fields))
        assert "They are asked for none already" in (await visitor.open(f"{PATH}/remove")).text
    assert shape(api)["auth"] == {"type": "none"}
    assert "Auth removed. The profile asks for no credential any more." in done.text


async def test_removing_auth_names_the_addresses_that_are_left_to_protect_it() -> None:
    api = a_site()
    add(api, TOKEN, allowed_ips=["10.0.0.0/8", "192.0.2.1"], allowed_methods=["GET"])
    async with visiting(api) as visitor:
        shown = await visitor.open(f"{PATH}/remove")
    assert "Allowed addresses: 10.0.0.0/8 and 1 more. Methods: GET only." in shown.text
    assert "from anywhere" not in shown.text
