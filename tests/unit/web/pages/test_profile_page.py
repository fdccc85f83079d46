"""A profile's page: its state, its rules in sentences, and the credential that it shows once."""

from __future__ import annotations

import time
from typing import Any

import pytest

from authz_server.managing.commands import UpdateClient, UpdateProfile
from authz_server.managing.records import COMMAND_LINE, Role
from tests.support.web_pages import visiting
from tests.unit.web.pages.profile_site import (
    AUTHS,
    FOREIGN,
    HMAC,
    MTLS,
    NONE,
    PUBLIC_KEY,
    TOKEN,
    a_site,
    add,
    buttons,
    copies,
    form,
    read,
    rotate,
    secrets_in,
    shape,
)

HOUR = 3600.0
SHOWN_ONCE = {"Show credentials", "Copy credentials", "Copy Authorization header", "Copy a curl line with it"}


@pytest.mark.parametrize("auth", AUTHS.values(), ids=AUTHS)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_every_auth_type_has_a_page_that_holds_no_secret(auth: dict[str, Any], role: Role) -> None:
    api = a_site()
    value = add(api, auth)
    async with visiting(api, role) as visitor:
        answer = await visitor.get("/profiles/pr_1")
    assert answer.status_code == 200
    assert not secrets_in(answer.text)
    assert not value or value not in answer.text
    assert SHOWN_ONCE.isdisjoint(buttons(answer))
    copied = copies(answer)
    assert (copied["Copy X-Client-ID"], copied["Copy X-Profile-ID"]) == ("cl_acme", "pr_1")
    assert "pr_1" in copied["Copy curl"]


async def test_viewers_see_everything_and_can_change_nothing() -> None:
    api = a_site()
    add(api, TOKEN)
    async with visiting(api, Role.VIEWER) as visitor:
        answer = await visitor.get("/profiles/pr_1")
        for path in ("active", "expire", "delete", "auth", "auth/remove", "try"):
            assert (await visitor.get(f"/profiles/pr_1/{path}")).status_code == 403
        for path in ("active", "rotate", "end-grace", "expire", "reveal", "delete", "auth", "auth/remove", "try"):
            assert (await visitor.post(f"/profiles/pr_1/{path}", {"version": "1"})).status_code == 403
    shown = read(answer)
    assert "Rotate credentials" not in shown.text
    assert 'type="checkbox"' not in answer.text
    assert not {"Change auth type", "Remove auth", "Delete this profile", "Edit"} & set(shown.links)
    assert "Valid" in shown.text
    assert "Active" in shown.text


async def test_the_rules_are_sentences_with_ways_to_change_them() -> None:
    api = a_site()
    add(
        api,
        TOKEN,
        allowed_methods=["GET", "POST"],
        allowed_ips=["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"],
        allowed_routes=["orders"],
        labels={"tier": "gold"},
    )
    async with visiting(api) as visitor:
        shown = await visitor.open("/profiles/pr_1")
    for words in ("GET and POST only", "From 10.0.0.0/8 and 2 more", "2001:db8::/32", "Only routes labelled orders"):
        assert words in shown.text
    assert "tier=gold" in shown.text
    assert shown.links["Edit addresses"] == "/profiles/pr_1/edit#field-allowed_ips"
    assert shown.links["Acme"] == "/clients/cl_acme"


async def test_a_profile_without_rules_says_that_nothing_is_restricted() -> None:
    api = a_site()
    add(api, NONE)
    async with visiting(api) as visitor:
        shown = await visitor.open("/profiles/pr_1")
    for words in ("Any method", "From anywhere", "All routes", "Callers prove nothing"):
        assert words in shown.text
    assert "Remove auth" not in shown.links
    assert "Rotate credentials" not in shown.text


async def test_a_client_that_is_switched_off_is_told_on_the_pages_of_its_profiles() -> None:
    api = a_site()
    add(api, TOKEN)
    api.service.clients.update(UpdateClient(actor=COMMAND_LINE, client_id="cl_acme", fields={"active": False}))
    async with visiting(api) as visitor:
        assert "is switched off: every request of all its profiles" in (await visitor.open("/profiles/pr_1")).text


async def test_what_is_no_profile_is_no_page() -> None:
    async with visiting(a_site()) as visitor:
        assert (await visitor.get("/profiles/pr_nobody")).status_code == 404
        assert (await visitor.get("/profiles/%20")).status_code == 404
        assert (await visitor.get("/profiles/pr_nobody/active")).status_code == 404
        assert (await visitor.post("/profiles/pr_nobody/active", {"version": "1", "active": "on"})).status_code == 404


async def test_a_rotation_shows_the_new_token_once_with_all_that_can_be_copied() -> None:
    api = a_site()
    old = add(api, TOKEN)
    async with visiting(api) as visitor:
        answer = await rotate(visitor, expires_in_hours="24", grace_seconds="0")
        later = await visitor.get("/profiles/pr_1")
    assert answer.status_code == 200
    assert "Shown once. Copy it now." in answer.text
    assert "data-shown-once" in answer.text
    (value,) = secrets_in(answer.text)
    assert value != old
    assert buttons(answer) >= SHOWN_ONCE
    copied = copies(answer)
    assert copied["Copy credentials"] == value
    assert copied["Copy Authorization header"] == f"Authorization: Bearer {value}"
    assert copied["Copy a curl line with it"].endswith(f"-H 'Authorization: Bearer {value}'")
    assert value not in copied["Copy curl"]
    assert not secrets_in(later.text)
    assert "Only its digest is stored; rotate to get a new one." in read(later).text


async def test_a_form_that_is_sent_again_rotates_nothing_and_shows_nothing() -> None:
    api = a_site()
    add(api, TOKEN)
    async with visiting(api) as visitor:
        fields = await form(visitor)
        first = await visitor.post("/profiles/pr_1/rotate", fields)
        before = shape(api)
        again = await visitor.post("/profiles/pr_1/rotate", fields)
    assert secrets_in(first.text)
    assert again.status_code == 200
    assert "This was already done. Nothing was done again." in again.text
    assert not secrets_in(again.text)
    assert "data-shown-once" not in again.text
    assert shape(api) == before


async def test_a_form_that_is_sent_again_later_shows_the_profile_as_it_is_then() -> None:
    api = a_site()
    add(api, TOKEN)
    async with visiting(api) as visitor:
        fields = await form(visitor)
        await visitor.post("/profiles/pr_1/rotate", fields)
        command = UpdateProfile(actor=COMMAND_LINE, profile_id="pr_1", fields={"name": "another name"})
        api.service.profiles.update(command)
        again = await visitor.post("/profiles/pr_1/rotate", fields)
    assert "another name" in read(again).text


async def test_a_secret_is_shown_once_and_never_as_a_header() -> None:
    api = a_site()
    add(api, HMAC)
    async with visiting(api) as visitor:
        answer = await rotate(visitor)
    (value,) = secrets_in(answer.text)
    assert value.startswith("azh_")
    assert copies(answer)["Copy credentials"] == value
    assert {"Copy Authorization header", "Copy a curl line with it"}.isdisjoint(buttons(answer))
    assert "It is never sent" in read(answer).text


async def test_a_token_in_a_header_of_its_own_is_copied_as_that_header() -> None:
    api = a_site()
    add(api, {"type": "token", "header": "X-API-Key"})
    async with visiting(api) as visitor:
        answer = await rotate(visitor)
    (value,) = secrets_in(answer.text)
    assert copies(answer)["Copy X-Api-Key header"] == f"X-Api-Key: {value}"
    assert "Copy Authorization header" not in buttons(answer)


async def test_the_present_lifetime_is_suggested_for_the_next_one() -> None:
    api = a_site()
    add(api, TOKEN, "pr_1", expires_in_hours=168)
    add(api, TOKEN, "pr_2")
    async with visiting(api) as visitor:
        assert (await form(visitor))["expires_in_hours"] == "168"
        assert (await form(visitor, "pr_2"))["expires_in_hours"] == ""


async def test_the_times_of_grace_end_with_the_present_credential() -> None:
    """What would reach beyond its expiry is said to end there; of an expired one nothing can be left to work."""
    clock = [time.time()]
    api = a_site(clock=lambda: clock[0])
    add(api, TOKEN, expires_in_hours=2)
    async with visiting(api) as visitor:
        shown = await visitor.open("/profiles/pr_1")
        assert "works for 1 hour more, until" in shown.text
        assert "works until it expires," in shown.text
        assert "24 hours more" not in shown.text
        clock[0] += 3 * HOUR
        visitor.client.cookies.clear()
    async with visiting(api) as visitor:
        shown = await visitor.open("/profiles/pr_1")
    assert "The current token" not in shown.text
    assert "Expired" in shown.text
    assert "Expire now" not in shown.links


async def test_while_two_credentials_work_the_page_says_until_when() -> None:
    clock = [time.time()]
    api = a_site(clock=lambda: clock[0])
    add(api, TOKEN)
    async with visiting(api) as visitor:
        rotated = await rotate(visitor, grace_seconds="300")
        assert "The one before the last rotation works until" in read(rotated).text
        clock[0] += 299
        assert "Two of them work" in (await visitor.open("/profiles/pr_1")).text
        clock[0] += 2
        assert "Two of them work" not in (await visitor.open("/profiles/pr_1")).text


async def test_a_credential_from_elsewhere_cannot_be_rotated_and_the_page_says_so() -> None:
    api = a_site()
    add(api, FOREIGN)
    async with visiting(api) as visitor:
        answer = await visitor.get("/profiles/pr_1")
    assert "It was brought from elsewhere" in read(answer).text
    assert "Rotate credentials" not in buttons(answer)


@pytest.mark.parametrize("auth", [PUBLIC_KEY, MTLS], ids=["public key", "mtls"])
async def test_what_is_no_credential_of_ours_has_nothing_to_rotate(auth: dict[str, Any]) -> None:
    api = a_site()
    add(api, auth)
    async with visiting(api) as visitor:
        answer = await visitor.get("/profiles/pr_1")
    assert "No credential" in read(answer).text
    assert "Rotate credentials" not in buttons(answer)


@pytest.mark.parametrize("auth", [TOKEN, HMAC], ids=["token", "hmac"])
async def test_where_credentials_are_kept_one_can_be_shown_again(auth: dict[str, Any]) -> None:
    api = a_site(reveal=True)
    value = add(api, auth)
    async with visiting(api) as visitor:
        before = await visitor.get("/profiles/pr_1")
        shown = await visitor.post("/profiles/pr_1/reveal")
        rotated = await rotate(visitor)
    assert "Show credentials" in buttons(before)
    assert value not in before.text
    assert secrets_in(shown.text) == {value}
    assert "data-shown-once" not in shown.text
    assert "Hide credentials" in buttons(shown)
    assert "Shown once" not in rotated.text
    assert "can be shown again" in read(rotated).text


async def test_a_name_is_text_wherever_it_stands() -> None:
    api = a_site()
    add(api, TOKEN, name="<script>alert(1)</script>\"'&")
    async with visiting(api) as visitor:
        for path in ("", "/active", "/expire", "/delete", "/auth", "/auth/remove", "/try"):
            assert "<script>alert" not in (await visitor.get(f"/profiles/pr_1{path}")).text
        assert "<script>alert" not in (await visitor.get("/clients/cl_acme/guide")).text
