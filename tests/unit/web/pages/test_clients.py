"""Clients as pages: found, added, changed, switched off and deleted, by whoever may."""

from __future__ import annotations

import pytest

from authz_server.managing.commands import CreateClient, CreateProfile, UpdateClient
from authz_server.managing.records import COMMAND_LINE, Role
from authz_server.managing.relay import Propagation
from tests.support import html
from tests.support.rest_api import Api
from tests.support.web_pages import Visitor, visiting

DAY = 86_400.0


@pytest.fixture
def api() -> Api:
    """With one client that has two profiles, one of them inactive and one about to expire."""
    api = Api()
    add(api, "cl_acme", "Acme mobile", description="Ask Ada", labels={"plan": "gold"})
    for profile_id, fields in (("pr_one", {"expires_in_hours": 5}), ("pr_two", {"active": False})):
        given = {"id": profile_id, "name": profile_id, "auth": {"type": "token"}, **fields}
        api.service.profiles.create(CreateProfile(actor=COMMAND_LINE, client_id="cl_acme", fields=given))
    return api


def add(api: Api, client_id: str, name: str, **fields: object) -> None:
    """One more client."""
    given = {"id": client_id, "name": name, **fields}
    api.service.clients.create(CreateClient(actor=COMMAND_LINE, fields=given))


def client(api: Api, client_id: str = "cl_acme") -> dict[str, object]:
    """As it is recorded."""
    return dict(api.service.reading.client(client_id).shape)


async def refused(visitor: Visitor, path: str, status: int, **typed: str) -> html.Shown:
    """The form once more, as the answer shows it."""
    answer = await visitor.send(path, **typed)
    assert answer.status_code == status
    return html.read(answer.text)


async def test_the_list_tells_how_many_profiles_a_client_has_and_in_which_state(api: Api) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        shown = await visitor.open("/clients")
    assert "Acme mobile cl_acme 2 1 expiring soon 1 inactive Active" in shown.text
    assert shown.links["Acme mobile"] == "/clients/cl_acme"


async def test_the_list_goes_on_page_by_page_and_back_to_its_beginning(api: Api) -> None:
    for number in range(30):
        add(api, f"cl_{number:02}", f"Customer {number:02}")
    async with visiting(api, Role.VIEWER) as visitor:
        first = await visitor.open("/clients?q=customer")
        second = await visitor.open(first.links["Next page"])
    assert "q=customer" in first.links["Next page"]
    names = [name for shown in (first, second) for name in shown.links if name.startswith("Customer")]
    assert sorted(names) == [f"Customer {number:02}" for number in range(30)]
    assert "Next page" not in second.links
    assert second.links["First page"] == "/clients?q=customer"
    assert "First page" not in first.links


async def test_a_search_finds_names_ids_and_descriptions_and_says_what_it_searched_for(api: Api) -> None:
    add(api, "cl_other", "Initech")
    async with visiting(api, Role.VIEWER) as visitor:
        for q in ("acme", "CL_ACME", "ask+ada"):
            shown = await visitor.open(f"/clients?q={q}")
            assert ("Acme mobile" in shown.links, "Initech" in shown.links) == (True, False), q
        nothing = await visitor.open("/clients?q=nobody")
    assert "No client has “nobody” in its name, id or description." in nothing.text
    assert nothing.fields["q"] == "nobody"


@pytest.mark.parametrize("query", ["cursor=nonsense", "q=" + "x" * 201, "q=%00"])
async def test_an_address_that_no_page_leads_to_is_refused(api: Api, query: str) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        answer = await visitor.get(f"/clients?{query}")
    assert answer.status_code == 422
    assert "In the address of this page" in answer.text


async def test_without_clients_the_list_says_what_one_is_and_how_to_add_it() -> None:
    async with visiting(Api(), Role.OPERATOR) as visitor:
        shown = await visitor.open("/clients")
    assert shown.links["Add Client"] == "/clients/new"
    assert 'authzctl clients create --name "Acme mobile"' in shown.text


@pytest.mark.parametrize(("role", "may"), [(Role.VIEWER, False), (Role.OPERATOR, True)])
async def test_only_who_may_edit_is_offered_to(api: Api, role: Role, *, may: bool) -> None:
    async with visiting(api, role) as visitor:
        listed, shown = await visitor.open("/clients"), await visitor.open("/clients/cl_acme")
    assert ("Add Client" in listed.links) is may
    assert [name in shown.links for name in ("Add Profile", "Edit client", "Switch off")] == [may] * 3


@pytest.mark.parametrize("path", ["new", "cl_acme/edit", "cl_acme/active", "cl_acme/delete"])
async def test_who_may_not_edit_is_refused_the_forms_and_what_they_send(api: Api, path: str) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        got = await visitor.get(f"/clients/{path}")
        posted = await visitor.post(f"/clients/{path}", {"name": "x", "typed": "Acme mobile"})
    assert (got.status_code, posted.status_code) == (403, 403)
    assert client(api)["active"]


async def test_a_client_is_added_and_its_page_invites_to_add_a_profile(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.send("/clients/new", name=" Initech ", description="Two\nlines", labels="plan=gold")
        shown = await visitor.follow(answer)
    assert "Client created." in shown.text
    assert shown.links["Add Profile"].endswith("/profiles/new")
    made = client(api, answer.headers["location"].rpartition("/")[2])
    assert (made["name"], made["description"], made["labels"]) == ("Initech", "Two\nlines", {"plan": "gold"})


async def test_a_client_can_be_given_an_id(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.send("/clients/new", name="Initech", id="cl_initech")
    assert answer.headers["location"] == "/clients/cl_initech"


async def test_the_same_form_sent_twice_adds_one_client(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        fields = (await visitor.open("/clients/new")).fields | {"name": "Initech"}
        first = await visitor.post("/clients/new", fields)
        second = await visitor.post("/clients/new", fields)
        shown = await visitor.follow(second)
    assert first.headers["location"] == second.headers["location"]
    assert "This was already done. Nothing was done again." in shown.text


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        ({"name": " "}, 422, "Is missing, and has to be given."),
        ({"name": "Acme mobile"}, 409, "This name is taken"),
        ({"name": "x", "id": "cl_acme"}, 409, "This id is taken."),
        ({"name": "x", "id": "no id"}, 422, "is not an id"),
        ({"name": "x", "labels": "gold"}, 422, '"gold": has no ='),
        ({"name": "x", "labels": "plan=gold\nplan=silver"}, 422, '"plan": is there twice.'),
        ({"name": "x", "labels": "plan="}, 422, '"plan": "" has 0 characters'),
    ],
)
async def test_a_client_that_is_refused_keeps_what_was_typed(
    api: Api, typed: dict[str, str], status: int, sentence: str
) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        shown = await refused(visitor, "/clients/new", status, description="kept", **typed)
    assert sentence in shown.text
    assert shown.fields.items() >= {**typed, "description": "kept"}.items()
    assert api.service.reading.overview().clients == 1


async def test_a_client_shows_its_profiles_and_what_was_changed(api: Api) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        shown = await visitor.open("/clients/cl_acme")
    assert "pr_one pr_one Token Any Anywhere Expiring Soon Active" in shown.text
    assert "pr_two pr_two Token Any Anywhere Valid Inactive" in shown.text
    assert "command line added the profile pr_two" in shown.text
    assert shown.links["Guide for callers"] == "/clients/cl_acme/guide"


async def test_a_client_with_many_profiles_shows_them_page_by_page(api: Api) -> None:
    for number in range(26):
        given = {"name": f"profile {number}", "auth": {"type": "none"}, "allowed_ips": ["10.0.0.0/8", "::1"]}
        api.service.profiles.create(CreateProfile(actor=COMMAND_LINE, client_id="cl_acme", fields=given))
    async with visiting(api, Role.VIEWER) as visitor:
        first = await visitor.open("/clients/cl_acme")
        second = await visitor.open(first.links["Next page"])
    assert len({name for shown in (first, second) for name in shown.links if name.startswith("profile ")}) == 26
    assert "10.0.0.0/8 and 1 more" in first.text


@pytest.mark.parametrize("path", ["cl_nobody", "cl_nobody/edit", "cl_nobody/active", "cl_nobody/delete", "no%20id"])
async def test_a_client_that_is_not_there_is_no_page(api: Api, path: str) -> None:
    async with visiting(api) as visitor:
        got = await visitor.get(f"/clients/{path}")
        posted = await visitor.post(f"/clients/{path}") if "/" in path else got
    assert (got.status_code, posted.status_code) == (404, 404)


async def test_a_client_is_changed(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        assert (await visitor.open("/clients/cl_acme/edit")).fields["labels"] == "plan=gold"
        answer = await visitor.send("/clients/cl_acme/edit", name="Acme apps", labels="", description="")
        shown = await visitor.follow(answer)
    assert "Client saved." in shown.text
    changed = client(api)
    assert (changed["name"], changed["labels"], changed["description"]) == ("Acme apps", {}, "")


async def test_a_change_without_a_name_is_refused_and_changes_nothing(api: Api) -> None:
    before = client(api)
    async with visiting(api, Role.OPERATOR) as visitor:
        shown = await refused(visitor, "/clients/cl_acme/edit", 422, name="", description="kept")
    assert shown.fields["description"] == "kept"
    assert client(api) == before


async def test_what_somebody_else_has_saved_is_shown_and_not_overwritten_unseen(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        opened = (await visitor.open("/clients/cl_acme/edit")).fields | {"name": "Mine"}
        theirs = UpdateClient(actor=COMMAND_LINE, client_id="cl_acme", fields={"name": "Theirs", "description": ""})
        api.service.clients.update(theirs)
        answer = await visitor.post("/clients/cl_acme/edit", opened)
        shown = html.read(answer.text)
        assert answer.status_code == 409
        assert client(api)["name"] == "Theirs"
        assert "Somebody else has changed this" in shown.text
        assert "Name Theirs Description nothing" in shown.text
        assert shown.fields["name"] == "Mine"
        await visitor.follow(await visitor.post("/clients/cl_acme/edit", shown.fields))
    assert client(api)["name"] == "Mine"


@pytest.mark.parametrize("version", ["", "x", "-1", None])
async def test_a_form_that_does_not_say_what_it_was_opened_with_saves_nothing(api: Api, version: str | None) -> None:
    fields = {"name": "x"} if version is None else {"name": "x", "version": version}
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.post("/clients/cl_acme/edit", fields)
    assert answer.status_code == 409


async def test_switching_off_says_first_what_it_means_to_callers(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        asked = await visitor.open("/clients/cl_acme/active")
        assert "Every request of its 2 profiles will be refused with 403 from now on. Nothing is deleted." in asked.text
        assert client(api)["active"]
        shown = await visitor.follow(await visitor.send("/clients/cl_acme/active"))
    assert not client(api)["active"]
    assert "Client switched off." in shown.text
    assert "Every request of its profiles is refused with 403" in shown.text


async def test_switching_on_takes_one_click(api: Api) -> None:
    add(api, "cl_off", "Off", active=False)
    async with visiting(api, Role.OPERATOR) as visitor:
        shown = await visitor.open("/clients/cl_off")
        assert shown.fields["active"] == "on"
        again = await visitor.open("/clients/cl_off/active")
        assert "It is switched off already" in again.text
        await visitor.follow(await visitor.post("/clients/cl_off/active", {"active": "on"}))
    assert client(api, "cl_off")["active"]


async def test_a_change_that_redis_does_not_take_is_told(api: Api) -> None:
    pending = Api(deliver=lambda _: Propagation.PENDING)
    add(pending, "cl_acme", "Acme mobile")
    given = {"name": "x", "auth": {"type": "none"}}
    pending.service.profiles.create(CreateProfile(actor=COMMAND_LINE, client_id="cl_acme", fields=given))
    async with visiting(pending, Role.OPERATOR) as visitor:
        shown = await visitor.follow(await visitor.send("/clients/cl_acme/active"))
    assert "Redis did not take it within a second." in shown.text


async def test_deleting_wants_the_name_typed_and_says_what_goes(api: Api) -> None:
    async with visiting(api, Role.OPERATOR) as visitor:
        asked = await visitor.open("/clients/cl_acme/delete")
        assert "Its 2 profiles will go with it, and their credentials stop at once" in asked.text
        for typed in ("", "acme mobile", "Acme"):
            shown = await refused(visitor, "/clients/cl_acme/delete", 422, typed=typed)
            assert "This is not its name, and nothing was deleted." in shown.text
        assert client(api)
        shown = await visitor.follow(await visitor.send("/clients/cl_acme/delete", typed="Acme mobile"))
    assert "Client and its profiles deleted." in shown.text
    assert api.service.reading.overview().profiles.total == 0


async def test_spaces_that_a_page_does_not_show_need_not_be_typed(api: Api) -> None:
    add(api, "cl_spaces", "two  spaces")
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.send("/clients/cl_spaces/delete", typed="two spaces")
    assert answer.status_code == 303


async def test_a_client_without_profiles_is_deleted_unnoticed(api: Api) -> None:
    add(api, "cl_quiet", "Quiet")
    async with visiting(api, Role.OPERATOR) as visitor:
        assert "so no caller will notice" in (await visitor.open("/clients/cl_quiet/delete")).text
        assert "It has no profiles yet." in (await visitor.open("/clients/cl_quiet/active")).text


async def test_markup_in_a_name_is_shown_and_does_nothing(api: Api) -> None:
    evil = '"><script>alert(1)</script>'
    add(api, "cl_evil", evil, description=evil, labels={"x": evil})
    async with visiting(api) as visitor:
        for path in ("", "/cl_evil", "/cl_evil/edit", "/cl_evil/active", "/cl_evil/delete", "/cl_evil/profiles/new"):
            answer = await visitor.get(f"/clients{path}")
            assert "<script>alert" not in answer.text, path
            assert evil in html.read(answer.text).text or evil in html.read(answer.text).fields.values(), path
