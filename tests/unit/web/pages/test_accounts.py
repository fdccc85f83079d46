"""Accounts by pages: made, changed, ended; the last admin stays; and one's own, whatever one's role."""

import pytest

from authz_server.managing.commands import UpdateAccount
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import COMMAND_LINE, Role
from tests.support import html
from tests.support.passwords import A_PASSWORD
from tests.support.rest_api import Api
from tests.support.web_pages import an_account, visiting

ANOTHER_PASSWORD = "another horse, no battery"


@pytest.fixture
def api() -> Api:
    return Api()


def actions(api: Api, account_id: str) -> list[str]:
    return [each["action"] for each in api.service.reading.audit(AuditFilter(account_id=account_id), limit=20)]


async def test_the_list_says_who_there_is_and_when_they_were_here(api: Api) -> None:
    an_account(api, "vera", Role.VIEWER)
    async with visiting(api) as visitor:
        shown = await visitor.open("/accounts")
    assert "vera viewer Active never" in shown.text
    assert "admin (you) admin Active" in shown.text
    assert shown.links["vera"] == f"/accounts/{an_account(api, 'vera')}"


async def test_a_long_list_has_pages(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authz_server.web.pages.lists.ITEMS", 1)
    an_account(api, "vera", Role.VIEWER)
    async with visiting(api) as visitor:
        first = await visitor.open("/accounts")
        second = await visitor.open(first.links["Next page"])
    assert {"vera", "admin"} <= first.links.keys() | second.links.keys()
    assert second.links["First page"] == "/accounts"


async def test_an_account_is_made_and_can_sign_in(api: Api) -> None:
    async with visiting(api) as visitor:
        answer = await visitor.send("/accounts/new", name=" vera ", role="viewer", password=ANOTHER_PASSWORD)
        shown = await visitor.follow(answer)
    assert "Account created." in shown.text
    assert shown.fields["role"] == "viewer"
    async with visiting(api, None) as vera:
        home = await vera.follow(await vera.sign_in("vera", ANOTHER_PASSWORD))
    assert home.title.startswith("Home")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Is missing"),
        ({"name": "admin"}, "This name is taken"),
        ({"password": "too short"}, "Has 9 characters; accepted are 12 to 256."),
        ({"password": ""}, "Is missing"),
        ({"name": "a name as password", "password": "A name as password"}, "Is the account's name"),
        ({"role": "root"}, "accepted"),
    ],
)
async def test_what_is_wrong_is_said_and_all_is_kept_but_the_password(
    api: Api, typed: dict[str, str], sentence: str
) -> None:
    given = {"name": "vera", "role": "operator", "password": ANOTHER_PASSWORD} | typed
    async with visiting(api) as visitor:
        answer = await visitor.send("/accounts/new", **given)
    assert answer.status_code == (409 if typed == {"name": "admin"} else 422)
    shown = html.read(answer.text)
    assert sentence in shown.text
    assert shown.fields["name"] == given["name"]
    assert shown.fields["password"] == ""
    assert not given["password"] or given["password"] not in answer.text.replace(given["name"], "")


async def test_a_change_of_role_ends_the_sessions(api: Api) -> None:
    account_id = an_account(api, "operator", Role.OPERATOR)
    async with visiting(api) as admin, visiting(api, Role.OPERATOR) as operator:
        answer = await admin.post(f"/accounts/{account_id}", {"change": "access", "role": "viewer", "active": "on"})
        assert "Account saved." in (await admin.follow(answer)).text
        assert (await operator.get("/")).status_code == 303
    assert api.service.reading.account(account_id).shape["role"] == "viewer"


async def test_an_account_is_switched_off_by_a_box_that_is_not_ticked(api: Api) -> None:
    account_id = an_account(api, "vera", Role.VIEWER)
    async with visiting(api) as admin, visiting(api, None) as vera:
        shown = await admin.open(f"/accounts/{account_id}")
        assert shown.fields["active"] == "on"
        await admin.post(f"/accounts/{account_id}", {"change": "access", "role": "viewer"})
        shown = await admin.open(f"/accounts/{account_id}")
        assert "active" not in shown.fields
        assert (await vera.sign_in("vera")).status_code == 401


async def test_a_new_password_is_set_and_the_old_one_gone(api: Api) -> None:
    account_id = an_account(api, "vera", Role.VIEWER)
    async with visiting(api) as admin, visiting(api, None) as vera:
        refused = await admin.post(f"/accounts/{account_id}", {"change": "password", "password": "short"})
        assert refused.status_code == 422
        assert "Has 5 characters" in html.read(refused.text).text
        answer = await admin.post(f"/accounts/{account_id}", {"change": "password", "password": ANOTHER_PASSWORD})
        assert "Password set. Every session of this account has ended." in (await admin.follow(answer)).text
        assert (await vera.sign_in("vera")).status_code == 401
        assert (await vera.sign_in("vera", ANOTHER_PASSWORD)).status_code == 303
    assert "account.set_password" in actions(api, account_id)


async def test_all_sessions_of_an_account_end(api: Api) -> None:
    account_id = an_account(api, "viewer", Role.VIEWER)
    async with visiting(api) as admin, visiting(api, Role.VIEWER) as viewer:
        answer = await admin.post(f"/accounts/{account_id}/sign-out")
        assert "Every session of this account has ended." in (await admin.follow(answer)).text
        assert (await viewer.get("/")).status_code == 303
        assert (await admin.get("/")).status_code == 200


async def test_an_account_is_deleted_after_it_is_said_what_that_means(api: Api) -> None:
    account_id = an_account(api, "vera", Role.VIEWER)
    async with visiting(api) as admin:
        asked = await admin.open(f"/accounts/{account_id}/delete")
        assert "vera is signed out everywhere at once, and cannot sign in any more." in asked.text
        assert "Account deleted." in (await admin.follow(await admin.post(f"/accounts/{account_id}/delete"))).text
        assert (await admin.get(f"/accounts/{account_id}")).status_code == 404
        assert (await admin.post(f"/accounts/{account_id}/delete")).status_code == 404


async def test_the_last_admin_stays_whatever_is_sent(api: Api) -> None:
    async with visiting(api) as admin:
        account_id = an_account(api, "admin")
        shown = await admin.open(f"/accounts/{account_id}")
        assert "This is the last active account with the role admin" in shown.text
        assert "Delete account" not in shown.links
        for fields in ({"role": "viewer", "active": "on"}, {"role": "admin"}):
            answer = await admin.post(f"/accounts/{account_id}", {"change": "access", **fields})
            assert answer.status_code == 409
            assert "give another one that role first" in html.read(answer.text).text
        assert "cannot be deleted" in (await admin.open(f"/accounts/{account_id}/delete")).text
        answer = await admin.post(f"/accounts/{account_id}/delete")
        assert answer.status_code == 409
        an_account(api, "another")
        assert "Delete account" in (await admin.open(f"/accounts/{account_id}")).links


@pytest.mark.parametrize("account_id", ["ac_nobody", "%3Cscript%3E", "a%00b", "x" * 65])
async def test_an_account_that_is_not_there_is_a_page_that_says_so(api: Api, account_id: str) -> None:
    async with visiting(api) as admin:
        for path in ("", "/delete"):
            assert (await admin.get(f"/accounts/{account_id}{path}")).status_code == 404
        for path in ("", "/delete", "/sign-out"):
            assert (await admin.post(f"/accounts/{account_id}{path}", {"role": "viewer"})).status_code == 404


@pytest.mark.parametrize("role", Role)
async def test_everybody_sees_who_they_are_and_what_they_may_do(api: Api, role: Role) -> None:
    async with visiting(api, role) as visitor:
        shown = await visitor.open("/account")
    assert f"Signed in as {role.value}" in shown.text


@pytest.mark.parametrize("role", Role)
async def test_who_changes_the_password_stays_and_all_other_sessions_end(api: Api, role: Role) -> None:
    async with visiting(api, role) as here, visiting(api, role) as elsewhere:
        before = here.secret
        answer = await here.send("/account", current_password=A_PASSWORD, new_password=ANOTHER_PASSWORD)
        assert "Password changed. Every other session of this account has ended." in (await here.follow(answer)).text
        assert here.secret != before
        assert (await elsewhere.get("/")).status_code == 303
    async with visiting(api, None) as thief:
        thief.client.cookies.set("authz_session", before, domain="manage.test")
        assert (await thief.get("/")).status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "sentence"),
    [
        ("a wrong password", ANOTHER_PASSWORD, "Is not the account's password."),
        (A_PASSWORD, "short", "Has 5 characters; accepted are 12 to 256."),
        ("", "", "Has 0 characters"),
    ],
)
async def test_a_change_of_password_that_is_refused_changes_nothing(
    api: Api, current: str, new: str, sentence: str
) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        before = visitor.secret
        answer = await visitor.send("/account", current_password=current, new_password=new)
        assert answer.status_code == 422
        shown = html.read(answer.text)
        assert sentence in shown.text
        assert shown.fields["current_password"] == shown.fields["new_password"] == ""
        assert visitor.secret == before
        assert (await visitor.get("/")).status_code == 200


async def test_whoever_tries_passwords_in_a_browser_that_was_left_open_has_to_wait(api: Api) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        for _ in range(5):
            tried = await visitor.send("/account", current_password="a wrong one", new_password=ANOTHER_PASSWORD)
            assert tried.status_code == 422
        locked = await visitor.send("/account", current_password=A_PASSWORD, new_password=ANOTHER_PASSWORD)
        assert locked.status_code == 429
        assert "Try again in 60 seconds." in html.read(locked.text).text
        api.now += 60
        answer = await visitor.send("/account", current_password=A_PASSWORD, new_password=ANOTHER_PASSWORD)
        assert answer.status_code == 303


async def test_a_new_password_that_is_refused_is_no_failed_attempt(api: Api) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        for _ in range(6):
            tried = await visitor.send("/account", current_password=A_PASSWORD, new_password="short")
            assert tried.status_code == 422


@pytest.mark.parametrize("role", Role)
async def test_who_signs_out_everywhere_is_signed_out_here_too(api: Api, role: Role) -> None:
    async with visiting(api, role) as here, visiting(api, role) as elsewhere:
        answer = await here.post("/account/sign-out")
        assert answer.headers["clear-site-data"] == '"cache"'
        assert "Signed out everywhere" in (await here.follow(answer)).text
        assert not here.secret
        assert (await elsewhere.get("/")).status_code == 303


async def test_somebody_who_is_switched_off_meanwhile_changes_nothing(api: Api) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        off = {"active": False}
        account_id = an_account(api, "viewer")
        api.service.accounts.update(UpdateAccount(actor=COMMAND_LINE, account_id=account_id, fields=off))
        answer = await visitor.post("/account", {"current_password": A_PASSWORD, "new_password": ANOTHER_PASSWORD})
        assert answer.status_code == 401
