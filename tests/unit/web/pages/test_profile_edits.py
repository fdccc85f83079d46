"""What a profile's page does by one button: asked first where callers notice, never over another's edit."""

from __future__ import annotations

import pytest

from authz_server.managing.commands import RotateCredential, UpdateProfile
from authz_server.managing.records import COMMAND_LINE, Role
from authz_server.managing.relay import Propagation
from tests.support.rest_api import Api
from tests.support.web_pages import visiting
from tests.unit.web.pages.profile_site import (
    FOREIGN,
    HMAC,
    NONE,
    TOKEN,
    a_site,
    actions,
    add,
    form,
    read,
    rotate,
    secrets_in,
    shape,
)


@pytest.fixture
def api() -> Api:
    api = a_site()
    add(api, TOKEN, expires_in_hours=24)
    return api


def change(api: Api) -> None:
    """Somebody else's edit."""
    api.service.profiles.update(UpdateProfile(actor=COMMAND_LINE, profile_id="pr_1", fields={"name": "changed"}))


async def test_switching_off_is_asked_first_in_terms_of_callers(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        fields = await form(visitor)
        del fields["active"]  # a box that is not ticked is not sent
        asked = await visitor.follow(await visitor.post("/profiles/pr_1/active", fields))
        assert "Every request with pr_1 will be refused with 403 from now on. Nothing is deleted." in asked.text
        assert shape(api)["active"]
        done = await visitor.follow(await visitor.post("/profiles/pr_1/active", asked.fields))
    assert not shape(api)["active"]
    assert "Profile switched off. Every request with it is refused with 403." in done.text
    assert "Every request with pr_1 is refused with 403. Nothing is deleted." in done.text


async def test_switching_on_goes_at_once(api: Api) -> None:
    api.service.profiles.update(UpdateProfile(actor=COMMAND_LINE, profile_id="pr_1", fields={"active": False}))
    async with visiting(api, Role.OPERATOR) as visitor:
        fields = await form(visitor) | {"active": "on"}
        done = await visitor.follow(await visitor.post("/profiles/pr_1/active", fields))
        assert "It is switched off already" not in done.text
        assert (await visitor.open("/profiles/pr_1/active")).text
    assert shape(api)["active"]
    assert "Profile switched on." in done.text


async def test_a_profile_that_is_off_already_can_only_be_switched_on_there(api: Api) -> None:
    api.service.profiles.update(UpdateProfile(actor=COMMAND_LINE, profile_id="pr_1", fields={"active": False}))
    async with visiting(api) as visitor:
        shown = await visitor.open("/profiles/pr_1/active")
        assert "It is switched off already" in shown.text
        await visitor.post("/profiles/pr_1/active", shown.fields)
    assert shape(api)["active"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("active", {"confirmed": "yes"}),
        ("rotate", {}),
        ("end-grace", {}),
        ("expire", {}),
        ("auth/remove", {}),
    ],
)
async def test_nothing_is_done_over_somebody_elses_edit(api: Api, path: str, fields: dict[str, str]) -> None:
    async with visiting(api) as visitor:
        given = await form(visitor)
        del given["active"]
        change(api)
        before = shape(api)
        answer = await visitor.post(f"/profiles/pr_1/{path}", given | fields)
    assert answer.status_code == 409
    assert "Somebody else has changed this profile since you opened the page, and nothing was done." in answer.text
    assert "changed" in read(answer).title
    assert shape(api) == before
    assert not secrets_in(answer.text)


@pytest.mark.parametrize("path", ["active", "rotate", "end-grace", "expire", "auth/remove"])
async def test_a_form_that_does_not_say_what_it_was_opened_with_does_nothing(api: Api, path: str) -> None:
    async with visiting(api) as visitor:
        answer = await visitor.post(f"/profiles/pr_1/{path}", {"confirmed": "yes", "form_key": "k" * 32})
    assert answer.status_code == 409
    assert actions(api) == ["profile.create"]


async def test_a_rotation_without_its_one_time_key_makes_nothing(api: Api) -> None:
    async with visiting(api) as visitor:
        answer = await visitor.post("/profiles/pr_1/rotate", {"version": str(shape(api)["version"])})
    assert answer.status_code == 400
    assert actions(api) == ["profile.create"]


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ("0", "accepted are 1 to 87600"),
        ("87601", "accepted are 1 to 87600"),
        ("a week", "Is not a whole number"),
        ("-1", "Is not a whole number"),
    ],
)
async def test_an_expiry_that_cannot_be_is_told_at_its_field_and_kept(api: Api, hours: str, sentence: str) -> None:
    async with visiting(api) as visitor:
        answer = await rotate(visitor, expires_in_hours=hours, grace_seconds="3600")
    assert answer.status_code == 422
    shown = read(answer)
    assert sentence in shown.text
    assert (shown.fields["expires_in_hours"], shown.fields["grace_seconds"]) == (hours, "3600")
    assert actions(api) == ["profile.create"]


async def test_a_time_of_grace_that_was_not_offered_is_refused(api: Api) -> None:
    async with visiting(api) as visitor:
        answer = await rotate(visitor, grace_seconds="86401")
    assert answer.status_code == 422
    assert "accepted are 0 to 86400" in read(answer).text


async def test_an_empty_expiry_means_never(api: Api) -> None:
    async with visiting(api) as visitor:
        answer = await rotate(visitor, expires_in_hours="")
    assert "It never expires." in read(answer).text
    assert shape(api)["credential_state"]["expires_at"] is None


async def test_the_old_credential_can_be_ended_while_both_work(api: Api) -> None:
    async with visiting(api) as visitor:
        await rotate(visitor, grace_seconds="3600")
        assert shape(api)["auth"]["previous"] is not None
        version = {"version": str(shape(api)["version"])}
        done = await visitor.follow(await visitor.post("/profiles/pr_1/end-grace", version))
    assert shape(api)["auth"]["previous"] is None
    assert "The old credential has stopped working; the new one works on." in done.text
    assert actions(api)[0] == "credential.end_grace"


async def test_ending_a_credential_is_asked_first(api: Api) -> None:
    async with visiting(api) as visitor:
        asked = await visitor.open("/profiles/pr_1/expire")
        assert "Every request with this credential will be refused with 401 from now on." in asked.text
        done = await visitor.follow(await visitor.post("/profiles/pr_1/expire", asked.fields))
        assert "It has expired already" in (await visitor.open("/profiles/pr_1/expire")).text
    assert shape(api)["credential_state"]["state"] == "expired"
    assert "The credential has expired as of now." in done.text


async def test_the_one_before_is_told_to_end_with_it(api: Api) -> None:
    async with visiting(api) as visitor:
        await rotate(visitor, grace_seconds="3600")
        assert "and with the one before it, too" in (await visitor.open("/profiles/pr_1/expire")).text


async def test_what_is_no_credential_cannot_be_ended_rotated_or_shown() -> None:
    api = a_site()
    add(api, NONE)
    async with visiting(api) as visitor:
        assert "no credential that could expire" in (await visitor.open("/profiles/pr_1/expire")).text
        given = {"version": str(shape(api)["version"]), "form_key": "k" * 32}
        for path in ("expire", "rotate", "reveal"):
            answer = await visitor.post(f"/profiles/pr_1/{path}", given)
            assert answer.status_code == 422
            assert "This profile has no credential that was made here, and nothing was done." in answer.text


@pytest.mark.parametrize("auth", [TOKEN, HMAC, FOREIGN], ids=["token", "hmac", "foreign"])
async def test_what_is_not_kept_is_not_shown_again(auth: dict[str, str]) -> None:
    api = a_site()
    add(api, auth)
    async with visiting(api) as visitor:
        answer = await visitor.post("/profiles/pr_1/reveal")
    assert answer.status_code == 422
    assert "is not kept so that it could be shown again" in answer.text
    assert not secrets_in(answer.text)


async def test_showing_a_credential_again_is_recorded() -> None:
    api = a_site(reveal=True)
    add(api, TOKEN)
    async with visiting(api) as visitor:
        await visitor.post("/profiles/pr_1/reveal")
    assert actions(api)[0] == "credential.reveal"


async def test_a_profile_is_deleted_by_who_types_its_name(api: Api) -> None:
    async with visiting(api) as visitor:
        wrong = await visitor.send("/profiles/pr_1/delete", typed="pr_1")
        assert wrong.status_code == 422
        assert "This is not its name, and nothing was deleted." in wrong.text
        assert read(wrong).fields["typed"] == "pr_1"
        assert shape(api)
        done = await visitor.send("/profiles/pr_1/delete", typed="name of pr_1")
        assert done.headers["location"] == "/clients/cl_acme"
        assert "Profile deleted." in (await visitor.follow(done)).text
        assert (await visitor.get("/profiles/pr_1")).status_code == 404
    assert actions(api)[0] == "profile.delete"


async def test_an_edit_that_redis_did_not_take_is_told_to_be_pending() -> None:
    api = a_site(deliver=lambda _: Propagation.PENDING)
    add(api, TOKEN)
    async with visiting(api) as visitor:
        rotated = await rotate(visitor)
        assert "Redis did not take it within a second." in rotated.text
        assert secrets_in(rotated.text)
        fields = {"version": str(shape(api)["version"]), "confirmed": "yes"}
        done = await visitor.follow(await visitor.post("/profiles/pr_1/active", fields))
    assert "Redis did not take it within a second." in done.text


async def test_two_people_who_rotate_at_once_do_not_end_each_others_credential(api: Api) -> None:
    """Whoever is second is told, and whatever the first one copied works on."""
    async with visiting(api) as visitor:
        fields = await form(visitor)
        api.service.credentials.rotate(RotateCredential(actor=COMMAND_LINE, profile_id="pr_1", fields={}))
        before = shape(api)
        answer = await visitor.post("/profiles/pr_1/rotate", fields)
    assert answer.status_code == 409
    assert shape(api) == before


async def test_the_address_of_what_a_button_did_leads_back_to_the_profile(api: Api) -> None:
    """That is where one is when the theme is chosen on the page which shows a new credential."""
    async with visiting(api) as visitor:
        answer = await visitor.post("/theme", {"theme": "dark", "next": "/profiles/pr_1/rotate"})
        again = await visitor.get(answer.headers["location"])
        assert (again.status_code, again.headers["location"]) == (303, "/profiles/pr_1")
        assert (await visitor.follow(again)).text
