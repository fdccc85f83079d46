"""Adding a profile, changing its rules, and finding it among all; what is wrong is said where it is."""

from __future__ import annotations

from typing import Any

import pytest

from authz_server.managing.commands import CreateClient, CreateProfile, UpdateProfile
from authz_server.managing.records import COMMAND_LINE, Role, Shape
from tests.support import html
from tests.support.rest_api import Api, a_seal
from tests.support.web_pages import visiting

NEW = "/clients/cl_acme/profiles/new"
EDIT = "/profiles/pr_one/edit"


@pytest.fixture
def api() -> Api:
    """With one client that has one profile."""
    api = Api(seal=a_seal())
    api.service.clients.create(CreateClient(actor=COMMAND_LINE, fields={"id": "cl_acme", "name": "Acme mobile"}))
    add(api, "pr_one", allowed_methods=["GET"], allowed_ips=["10.0.0.0/8"], labels={"tier": "1"})
    return api


def add(api: Api, profile_id: str, **fields: Any) -> None:
    """One more profile."""
    given = {"id": profile_id, "name": f"name of {profile_id}", "auth": {"type": "token"}, **fields}
    api.service.profiles.create(CreateProfile(actor=COMMAND_LINE, client_id="cl_acme", fields=given))


def profile(api: Api, profile_id: str = "pr_one") -> Shape:
    """As it is recorded."""
    return api.service.reading.profile(profile_id).shape


def made_by(answer: Any) -> html.Shown:
    """The page that a form was answered with, of the profile that it has made."""
    assert answer.status_code == 200
    return html.read(answer.text)


def credential(shown: html.Shown) -> str:
    """The one that a page shows."""
    return next(each["value"] for tag, each in shown.elements if tag == "input" and each.get("id") == "credential")


async def test_a_name_is_all_that_a_profile_needs(api: Api) -> None:
    """It is active, has a token that expires, and shows it once."""
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.send(NEW, name="sandbox", id="pr_two")
        shown = made_by(answer)
    assert credential(shown).startswith("azt_")
    assert answer.headers["cache-control"] == "no-store"
    made = profile(api, "pr_two")
    assert (made["active"], made["auth"]["type"], made["allowed_methods"]) == (True, "token", [])
    assert made["credential_state"]["state"] == "valid"
    assert made["credential_state"]["expires_at"] is not None


async def test_the_same_form_sent_twice_makes_one_credential_and_shows_none_again(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        fields = (await visitor.open(NEW)).fields | {"name": "sandbox"}
        first = made_by(await visitor.post(NEW, fields))
        second = await visitor.post(NEW, fields)
    assert credential(first) not in second.text
    assert "This was already done. Nothing was done again." in html.read(second.text).text
    assert api.service.reading.overview().profiles.total == 2


async def test_a_form_without_its_one_time_key_makes_nothing(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.post(NEW, {"name": "x", "auth.type": "token"})
    assert answer.status_code == 400
    assert api.service.reading.overview().profiles.total == 1


async def test_all_that_is_typed_becomes_the_profile(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.send(
            NEW,
            id="pr_two",
            name="production",
            allowed_methods="GET, POST",
            allowed_ips="10.0.0.0/8\n\n2001:db8::/32",
            allowed_routes="orders\ninvoices",
            labels="tier=1\nnote=a=b",
            auth__type="jwt",
            auth__algorithm="HS256",
            auth__issuer="acme",
            expires_in_hours="24",
        )
        shown = made_by(answer)
    assert credential(shown).startswith("azh_")
    made = profile(api, "pr_two")
    assert made["allowed_methods"] == ["GET", "POST"]
    assert made["allowed_ips"] == ["10.0.0.0/8", "2001:db8::/32"]
    assert made["allowed_routes"] == ["orders", "invoices"]
    assert made["labels"] == {"tier": "1", "note": "a=b"}
    assert (made["auth"]["algorithm"], made["auth"]["issuer"]) == ("HS256", "acme")
    assert made["credential_state"]["state"] == "expiring_soon"


async def test_a_box_that_is_not_ticked_makes_an_inactive_profile(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        fields = (await visitor.open(NEW)).fields | {"name": "x", "id": "pr_two"}
        del fields["active"]
        made_by(await visitor.post(NEW, fields))
    assert not profile(api, "pr_two")["active"]


@pytest.mark.parametrize("typed", ["", "  ", "all"])
async def test_no_methods_and_all_mean_every_method(api: Api, typed: str) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        made_by(await visitor.send(NEW, name="x", id="pr_two", allowed_methods=typed))
    assert profile(api, "pr_two")["allowed_methods"] == []


async def test_all_beside_another_method_is_a_mistake_and_not_every_method(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.send(NEW, name="x", allowed_methods="all, GET")
    assert answer.status_code == 422


async def test_everything_that_is_wrong_is_said_at_its_field_and_everything_typed_is_kept(api: Api) -> None:
    typed = {
        "name": "",
        "allowed_methods": "get, P@ST",
        "allowed_ips": "10.0.0.0/8\n\n10.0.0.300\n10.0.0.1/8",
        "allowed_routes": "orders",
        "labels": "tier",
        "auth.type": "oidc",
        "auth.issuer": "https://login.acme.example",
        "auth.leeway_seconds": "301",
    }
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.send(NEW, **{name.replace(".", "__"): text for name, text in typed.items()})
    shown = html.read(answer.text)
    assert answer.status_code == 422
    for sentence in (
        "Nothing was saved: 7 fields need another look.",
        "Name Is missing, and has to be given.",
        'Allowed Methods "get" has lower-case letters, and methods are compared exactly; write GET. "P@ST" is not',
        'Line 3: "10.0.0.300" is not an IPv4 or IPv6 address',
        'Line 4: "10.0.0.1/8" has bits set beyond its prefix length; write 10.0.0.0/8',
        '"tier": has no =; write NAME=VALUE, one in a line.',
        "Leeway (seconds) Is 301; accepted are 0 to 300.",
        "Audience Is missing, and has to be given.",
    ):
        assert sentence in shown.text, sentence
    assert shown.fields.items() >= typed.items()
    focused = [attributes["name"] for _, attributes in shown.elements if "autofocus" in attributes]
    assert focused == ["name"]


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        ({"name": "name of pr_one"}, 409, "This name is taken"),
        ({"name": "x", "id": "pr_one"}, 409, "This id is taken."),
        ({"name": "x", "auth.type": "password"}, 422, '"password" is not accepted here; accepted are token, jwt'),
        ({"name": "x", "expires_in_hours": "0"}, 422, "Is 0; accepted are 1 to 87600."),
    ],
)
async def test_what_is_refused_makes_nothing(api: Api, typed: dict[str, str], status: int, sentence: str) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.send(NEW, **{name.replace(".", "__"): text for name, text in typed.items()})
    assert answer.status_code == status
    assert sentence in html.read(answer.text).text
    assert api.service.reading.overview().profiles.total == 1


async def test_a_private_key_that_was_pasted_by_mistake_is_refused_and_not_repeated(api: Api) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----"
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.send(NEW, name="x", auth__type="jwt", auth__algorithm="RS256", auth__public_key=pem)
    assert answer.status_code == 422
    assert "MIIEvQIBADAN" not in answer.text


async def test_a_profile_of_an_inactive_client_is_made_with_a_warning(api: Api) -> None:
    fields = {"id": "cl_off", "name": "Off", "active": False}
    api.service.clients.create(CreateClient(actor=COMMAND_LINE, fields=fields))
    async with visiting(api, Role.OPERATOR) as visitor:
        shown = await visitor.open("/clients/cl_off/profiles/new")
    assert "Off is switched off: requests with this profile are refused with 403" in shown.text


@pytest.mark.parametrize("path", ["/clients/cl_nobody/profiles/new", "/profiles/pr_nobody/edit"])
async def test_what_is_not_there_has_no_form(api: Api, path: str) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        got = await visitor.get(path)
        posted = await visitor.post(path, {"name": "x", "auth.type": "none", "form_key": "abc", "version": "1"})
    assert (got.status_code, posted.status_code) == (404, 404)


@pytest.mark.parametrize("path", [NEW, EDIT, "/validate/ips"])
async def test_who_may_not_edit_is_refused(api: Api, path: str) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        answer = await visitor.post(path, {"name": "x", "auth.type": "none", "form_key": "abc"})
    assert answer.status_code == 403
    assert api.service.reading.overview().profiles.total == 1


async def test_the_rules_of_a_profile_are_changed_and_its_credential_is_not(api: Api) -> None:
    before = profile(api)
    async with visiting(api, Role.OPERATOR) as visitor:
        fields = (await visitor.open(EDIT)).fields
        assert (fields["allowed_methods"], fields["allowed_ips"], fields["labels"]) == ("GET", "10.0.0.0/8", "tier=1")
        del fields["active"]
        changed = {"allowed_methods": "", "allowed_ips": "::1", "allowed_routes": "orders", "labels": ""}
        shown = await visitor.follow(await visitor.post(EDIT, fields | changed))
    assert "Profile saved." in shown.text
    after = profile(api)
    assert (after["allowed_methods"], after["allowed_ips"], after["allowed_routes"]) == ([], ["::1"], ["orders"])
    assert (after["active"], after["labels"]) == (False, {})
    assert (after["auth"], after["credential_state"]) == (before["auth"], before["credential_state"])


async def test_a_form_that_is_saved_as_it_was_opened_changes_nothing(api: Api) -> None:
    before = profile(api)
    async with visiting(api, Role.OPERATOR) as visitor:
        await visitor.follow(await visitor.send(EDIT))
    assert profile(api) == before


async def test_rules_that_are_wrong_change_nothing(api: Api) -> None:
    before = profile(api)
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.send(EDIT, name="", allowed_ips="10.0.0.1/8\nnowhere")
    assert answer.status_code == 422
    assert 'Line 2: "nowhere" is not' in html.read(answer.text).text
    assert profile(api) == before


async def test_what_somebody_else_has_saved_is_shown_and_not_overwritten_unseen(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        opened = (await visitor.open(EDIT)).fields | {"allowed_ips": "192.0.2.1"}
        theirs = UpdateProfile(actor=COMMAND_LINE, profile_id="pr_one", fields={"allowed_ips": [], "active": False})
        api.service.profiles.update(theirs)
        answer = await visitor.post(EDIT, opened)
        shown = html.read(answer.text)
        assert answer.status_code == 409
        assert "Active off IP Restrictions nothing" in shown.text
        assert profile(api)["allowed_ips"] == []
        await visitor.follow(await visitor.post(EDIT, shown.fields))
    assert (profile(api)["allowed_ips"], profile(api)["active"]) == (["192.0.2.1"], True)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", []),
        ("10.0.0.0/8\n::1", []),
        ("10.0.0.0/8\nnowhere", ['Line 2: "nowhere" is not an IPv4 or IPv6 address, nor a prefix such as']),
        ("\n10.0.0.1/8\n1.2.3.4/33", ['Line 2: "10.0.0.1/8" has bits set', 'Line 3: "1.2.3.4/33" has a prefix']),
        ("nowhere", ['"nowhere" is not']),
    ],
)
async def test_addresses_are_checked_as_they_are_typed_in_the_words_of_the_form(
    api: Api, typed: str, expected: list[str]
) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.post("/validate/ips", {"allowed_ips": typed})
        saved = await visitor.send(EDIT, allowed_ips=typed)
    errors = answer.json()["errors"]
    assert [error.startswith(start) for error, start in zip(errors, expected, strict=True)] == [True] * len(expected)
    assert all(error in html.read(saved.text).text for error in errors)
    assert (saved.status_code == 303) is (not errors)


async def test_checking_without_the_proof_that_the_page_is_ours_is_refused(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.client.post("/validate/ips", data={"allowed_ips": "::1"})
    assert answer.status_code == 403


async def test_all_profiles_are_listed_with_whose_they_are(api: Api) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        shown = await visitor.open("/profiles")
    assert "name of pr_one of cl_acme Token GET 10.0.0.0/8 Valid Active" in shown.text
    assert (shown.links["name of pr_one"], shown.links["cl_acme"]) == ("/profiles/pr_one", "/clients/cl_acme")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["pr_expiring", "pr_off", "pr_one", "pr_open"]),
        ("q=PR_O", ["pr_off", "pr_one", "pr_open"]),
        ("state=valid", ["pr_off", "pr_one"]),
        ("state=expiring_soon", ["pr_expiring"]),
        ("state=none", ["pr_open"]),
        ("active=false", ["pr_off"]),
        ("active=true&state=valid&q=", ["pr_one"]),
        ("state=expired", []),
    ],
)
async def test_the_list_is_narrowed_by_state_switch_and_words(api: Api, query: str, found: list[str]) -> None:
    add(api, "pr_expiring", expires_in_hours=5)
    add(api, "pr_off", active=False)
    add(api, "pr_open", auth={"type": "none"})
    async with visiting(api, Role.VIEWER) as visitor:
        shown = await visitor.open(f"/profiles?{query}")
    assert sorted(name.removeprefix("name of ") for name in shown.links if name.startswith("name of ")) == found
    assert ("No profile is like that." in shown.text) is (not found)
    asked = dict(each.split("=") for each in query.split("&") if each)
    assert {name: text for name, text in shown.fields.items() if text} == {k: v for k, v in asked.items() if v}


@pytest.mark.parametrize("query", ["state=good", "active=yes", "cursor=x"])
async def test_a_filter_that_there_is_not_is_refused_rather_than_left_out(api: Api, query: str) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        assert (await visitor.get(f"/profiles?{query}")).status_code == 422


async def test_without_profiles_the_list_leads_to_the_clients() -> None:
    async with visiting(Api(), Role.VIEWER) as visitor:
        shown = await visitor.open("/profiles")
    assert shown.links["Go to the clients"] == "/clients"
