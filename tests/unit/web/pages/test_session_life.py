"""A session ends when it should, for pages and for REST alike; and what may be done over REST with one."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from authz_server.managing.commands import DeleteAccount, UpdateAccount
from authz_server.managing.records import COMMAND_LINE, Role
from authz_server.managing.sessions import IDLE_SECONDS, MOST_SECONDS
from tests.support.passwords import A_PASSWORD
from tests.support.rest_api import API, Api
from tests.support.web_pages import SESSION_COOKIE, Visitor, an_account, visiting

ANOTHER_PASSWORD: Final = "another horse, no battery"
CSRF: Final = "X-CSRF-Token"


class Clock:
    """It moves when it is told."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(clock: Clock) -> Api:
    api = Api(clock=clock)
    an_account(api, "another")
    return api


async def works(api: Api, secret: str) -> bool:
    """Whether a session opens pages, and REST; both, or neither, whoever has its cookie."""
    async with visiting(api, None, peer="198.51.100.66") as thief:
        thief.client.cookies.set(SESSION_COOKIE, secret, domain="manage.test")
        page = (await thief.get("/")).status_code
        rest = (await thief.get(f"{API}/clients")).status_code
        edit = await thief.client.post(f"{API}/clients", json={}, headers={CSRF: thief.csrf_token})
    assert (page, rest, edit.status_code) in {(200, 200, 422), (303, 401, 401)}
    return page == 200


async def sign_out(visitor: Visitor) -> None:
    await visitor.post("/sign-out")


async def sign_out_everywhere(visitor: Visitor) -> None:
    async with visiting(visitor.api) as elsewhere:
        await elsewhere.post("/account/sign-out")


async def change_password(visitor: Visitor) -> None:
    fields = {"current_password": A_PASSWORD, "new_password": ANOTHER_PASSWORD}
    assert (await visitor.post("/account", fields)).status_code == 303


async def sign_in_again(visitor: Visitor) -> None:
    shown = await visitor.get("/account")
    assert shown.status_code == 200
    await sign_out(visitor)
    assert (await visitor.sign_in("admin")).status_code == 303


def by_an_admin(**fields: Any) -> Callable[[Visitor], Awaitable[None]]:
    async def change(visitor: Visitor) -> None:
        account_id = an_account(visitor.api, "admin")
        command = UpdateAccount(actor=COMMAND_LINE, account_id=account_id, fields=fields)
        visitor.api.service.accounts.update(command)

    return change


async def delete(visitor: Visitor) -> None:
    account_id = an_account(visitor.api, "admin")
    visitor.api.service.accounts.delete(DeleteAccount(actor=COMMAND_LINE, account_id=account_id))


ENDS: Final[dict[str, Callable[[Visitor], Awaitable[None]]]] = {
    "sign out": sign_out,
    "sign out everywhere": sign_out_everywhere,
    "change the password": change_password,
    "sign in again": sign_in_again,
    "an admin sets a password": by_an_admin(password=ANOTHER_PASSWORD),
    "an admin changes the role": by_an_admin(role="viewer"),
    "an admin switches the account off": by_an_admin(active=False),
    "an admin deletes the account": delete,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_a_stolen_cookie_is_worth_nothing_after_its_session_has_ended(
    api: Api, end: Callable[[Visitor], Awaitable[None]]
) -> None:
    async with visiting(api) as visitor:
        stolen = visitor.secret
        assert await works(api, stolen)
        await end(visitor)
    assert not await works(api, stolen)


async def test_a_session_ends_after_half_an_hour_in_which_nothing_is_done(api: Api, clock: Clock) -> None:
    async with visiting(api) as visitor:
        for _ in range(3):
            clock.now += IDLE_SECONDS - 1
            assert await works(api, visitor.secret)
        clock.now += IDLE_SECONDS
        assert not await works(api, visitor.secret)


async def test_a_session_ends_after_half_a_day_whatever_is_done(api: Api, clock: Clock) -> None:
    async with visiting(api) as visitor:
        began = clock.now
        while clock.now + IDLE_SECONDS / 2 < began + MOST_SECONDS:
            clock.now += IDLE_SECONDS / 2
            assert (await visitor.get("/account")).status_code == 200
        clock.now = began + MOST_SECONDS
        assert not await works(api, visitor.secret)


async def test_a_click_on_stay_signed_in_keeps_a_session(api: Api, clock: Clock) -> None:
    async with visiting(api) as visitor:
        for _ in range(3):
            clock.now += IDLE_SECONDS - 60
            assert (await visitor.post("/session")).status_code == 204


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_over_rest_a_session_changes_nothing_without_the_header_that_only_our_pages_can_send(
    api: Api, method: str
) -> None:
    async with visiting(api) as visitor, visiting(api) as other:
        url, body = f"{API}/clients", {"name": "x"}
        for headers in (
            {},
            {CSRF: ""},
            {CSRF: other.csrf_token},
            {CSRF: visitor.csrf_token, "Origin": "http://evil.example"},
            {CSRF: visitor.csrf_token, "Sec-Fetch-Site": "cross-site"},
            {CSRF: visitor.csrf_token, "Sec-Fetch-Site": "same-site"},
        ):
            answer = await visitor.client.request(method, url, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), headers
        as_field = await visitor.client.request(method, url, data={"csrf_token": visitor.csrf_token})
        assert as_field.status_code == 403
        if method == "POST":
            made = await visitor.client.post(url, json=body, headers={CSRF: visitor.csrf_token})
            assert made.status_code == 201


async def test_over_rest_a_session_reads_without_the_header(api: Api) -> None:
    async with visiting(api, Role.VIEWER) as visitor:
        assert (await visitor.get(f"{API}/clients")).status_code == 200
        assert (await visitor.client.head(f"{API}/clients")).status_code in {200, 405}
        assert (await visitor.get(f"{API}/accounts")).status_code == 403
        answer = await visitor.client.post(f"{API}/clients", json={"name": "x"}, headers={CSRF: visitor.csrf_token})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_an_authorization_header_wins_over_the_session(api: Api) -> None:
    """A script that a person runs in a browser is what its key says, never what the person is."""
    async with visiting(api) as visitor:
        headers = {CSRF: visitor.csrf_token, "Authorization": f"Bearer {api.keys[Role.VIEWER]}"}
        assert (await visitor.client.post(f"{API}/clients", json={"name": "x"}, headers=headers)).status_code == 403
        for wrong in ("Bearer aza_" + "0" * 49, "Basic YTpi", ""):
            answer = await visitor.client.get(f"{API}/clients", headers=headers | {"Authorization": wrong})
            assert answer.status_code == 401, wrong
    async with visiting(api, Role.VIEWER) as visitor:
        headers = {"Authorization": f"Bearer {api.keys[Role.ADMIN]}"}
        assert (await visitor.client.post(f"{API}/clients", json={"name": "x"}, headers=headers)).status_code == 201


async def test_a_secret_of_a_session_is_no_api_key(api: Api) -> None:
    async with visiting(api) as visitor, visiting(api, None) as other:
        answer = await other.get(f"{API}/clients", authorization=f"Bearer {visitor.secret}")
        assert answer.status_code == 401
        other.client.cookies.set(SESSION_COOKIE, api.keys[Role.ADMIN], domain="manage.test")
        assert (await other.get("/")).status_code == 303
        assert (await other.get(f"{API}/clients")).status_code == 401


async def test_two_cookies_of_the_name_are_not_one_of_each(api: Api) -> None:
    async with visiting(api) as visitor, visiting(api, None) as other:
        for value in (f"{visitor.secret}; {SESSION_COOKIE}=x", f'"{visitor.secret}x"', f"{visitor.secret},x", ""):
            answer = await other.get("/", cookie=f"{SESSION_COOKIE}={value}")
            assert answer.status_code == 303, value
