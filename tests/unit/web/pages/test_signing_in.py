"""Signing in and out: what is said, how often it may be tried, what cookies are set, and where it leads."""

import asyncio
import threading
from collections import Counter
from typing import Final

import httpx
import pytest

from authz_server.core.allow_list import AllowList
from authz_server.managing.commands import UpdateAccount
from authz_server.managing.records import COMMAND_LINE, Role
from authz_server.sealing.passwords import Argon2Passwords
from authz_server.web.sessions import csrf_token
from tests.support import html
from tests.support.passwords import A_PASSWORD, PASSWORDS
from tests.support.rest_api import Api
from tests.support.web_pages import ORIGIN, SESSION_COOKIE, VISITOR_COOKIE, Visitor, an_account, visiting

PROXIES: Final = AllowList.of(["10.0.0.0/8"])
WRONG: Final = "a password, but another one"


@pytest.fixture
def api() -> Api:
    api = Api()
    an_account(api, "ada")
    return api


async def said(visitor: Visitor, name: str, password: str = WRONG) -> tuple[int, str]:
    answer = await visitor.sign_in(name, password)
    return answer.status_code, html.read(answer.text).text.replace(name, "NAME")


async def test_who_signs_in_gets_a_new_session_and_the_one_before_ends(api: Api) -> None:
    async with visiting(api, None) as visitor:
        await visitor.sign_in("ada")
        first = visitor.secret
        await visitor.get("/sign-in")
        token = csrf_token(visitor.client.cookies[VISITOR_COOKIE])
        answer = await visitor.post("/sign-in", {"name": "ada", "password": A_PASSWORD, "csrf_token": token})
        assert answer.status_code == 303
        assert visitor.secret != first
        visitor.client.cookies.set(SESSION_COOKIE, first, domain="manage.test")
        assert (await visitor.get("/")).status_code == 303


@pytest.mark.parametrize("planted", ["chosen-by-somebody-else", "azs_" + "0" * 49])
async def test_a_session_that_somebody_else_has_planted_is_not_taken_over(api: Api, planted: str) -> None:
    async with visiting(api, None) as visitor:
        visitor.client.cookies.set(SESSION_COOKIE, planted, domain="manage.test")
        await visitor.get("/sign-in")
        token = csrf_token(visitor.client.cookies[VISITOR_COOKIE])
        fields = {"name": "ada", "password": A_PASSWORD, "csrf_token": token}
        assert (await visitor.post("/sign-in", fields)).status_code == 303
        assert visitor.secret not in {"", planted}


async def test_nobody_is_signed_in_by_a_form_of_another_site(api: Api) -> None:
    """Else a victim would work, and leave secrets, in an account of the attacker's."""
    async with visiting(api, None) as victim, visiting(api, None) as attacker:
        await victim.get("/sign-in")
        await attacker.get("/sign-in")
        fields = {"name": "ada", "password": A_PASSWORD}
        for token in ("", attacker.csrf_token):
            assert (await victim.post("/sign-in", {**fields, "csrf_token": token})).status_code == 403
        answer = await victim.post("/sign-in", fields, {"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        assert not victim.secret
        assert (await victim.post("/sign-in", fields)).status_code == 303


async def test_whatever_is_wrong_the_answer_is_the_same(api: Api) -> None:
    off = an_account(api, "switched off", Role.VIEWER)
    api.service.accounts.update(UpdateAccount(actor=COMMAND_LINE, account_id=off, fields={"active": False}))
    async with visiting(api, None) as visitor:
        answers = [
            await said(visitor, "ada"),
            await said(visitor, "nobody"),
            await said(visitor, "switched off", A_PASSWORD),
        ]
        api.now += 60
        answers += [await said(visitor, "ada", ""), await said(visitor, "no\x00body")]
    assert len(set(answers)) == 1
    assert answers[0][0] == 401
    assert "The user name or the password is wrong." in answers[0][1]


@pytest.mark.parametrize("name", ["ada", "nobody", "", "a" * 10_000, "ad\x00a", "\u202eada"])
async def test_whatever_is_wrong_one_hash_is_made(api: Api, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, since time would tell of the machine: argon2 is nearly all of the work."""
    made: Counter[str] = Counter()
    hash_, verify = PASSWORDS.hash, PASSWORDS.verify

    def counted_hash(_: Argon2Passwords, password: str) -> str:
        made["made"] += 1
        return hash_(password)

    def counted_verify(_: Argon2Passwords, hashed: str, password: str) -> bool:
        made["made"] += 1
        return verify(hashed, password)

    monkeypatch.setattr(Argon2Passwords, "hash", counted_hash)
    monkeypatch.setattr(Argon2Passwords, "verify", counted_verify)
    async with visiting(api, None) as visitor:
        assert (await visitor.sign_in(name, WRONG)).status_code == 401
    assert made == {"made": 1}


@pytest.mark.parametrize("name", ["ada", "nobody"])
async def test_after_five_failures_an_account_is_closed_for_a_minute_from_everywhere(api: Api, name: str) -> None:
    for number in range(5):
        async with visiting(api, None, peer=f"192.0.2.{number}") as visitor:
            assert (await visitor.sign_in(name, WRONG)).status_code == 401
    async with visiting(api, None, peer="198.51.100.1") as visitor:
        answer = await visitor.sign_in(name)
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "60"
        assert "Too many attempts failed. Try again in 60 seconds." in html.read(answer.text).text
        an_account(api, "another")
        assert (await visitor.sign_in("another")).status_code == 303
        api.now += 60
    async with visiting(api, None, peer="198.51.100.1") as visitor:
        assert (await visitor.sign_in(name)).status_code == (303 if name == "ada" else 401)


async def test_after_five_failures_an_address_waits_whatever_names_it_tries(api: Api) -> None:
    async with visiting(api, None) as visitor:
        for number in range(5):
            assert (await visitor.sign_in(f"name {number}", WRONG)).status_code == 401
        assert (await visitor.sign_in("ada")).status_code == 429
    async with visiting(api, None, peer="192.0.2.2") as visitor:
        assert (await visitor.sign_in("ada")).status_code == 303


async def test_attempts_at_the_same_time_are_not_more_than_those_in_a_row(api: Api) -> None:
    async with visiting(api, None) as visitor:
        await visitor.get("/sign-in")
        fields = {"name": "ada", "password": WRONG}
        answers = await asyncio.gather(*(visitor.post("/sign-in", fields) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {401: 5, 429: 15}


async def test_who_would_wait_too_long_is_sent_away_and_has_used_up_no_attempt(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many addresses have many attempts, and each that waits holds a request: of these there are not that many."""
    may_go_on = threading.Event()
    verify = Argon2Passwords.verify

    def slow(passwords: Argon2Passwords, hashed: str, password: str) -> bool:
        assert may_go_on.wait(30)
        return verify(passwords, hashed, password)

    monkeypatch.setattr("authz_server.web.pages.signing_in._MOST_WAITING", 3)
    monkeypatch.setattr(Argon2Passwords, "verify", slow)
    names = [f"person {number}" for number in range(4 + 3 + 2)]
    for name in names:
        an_account(api, name)

    async def sign_in(number: int, name: str) -> httpx.Response:
        async with visiting(api, None, peer=f"192.0.2.{number + 1}") as visitor:
            answer = await visitor.sign_in(name)
        if answer.status_code == 429:
            may_go_on.set()
        return answer

    answers = await asyncio.gather(*(sign_in(number, name) for number, name in enumerate(names)))
    assert api.recorded.faults == []
    assert Counter(answer.status_code for answer in answers) == {303: 4 + 3, 429: 2}
    by_status = {answer.status_code: answer for answer in answers}
    assert by_status[429].headers["retry-after"] == "5"
    assert "Too many people are signing in just now. Try again in 5 seconds." in html.read(by_status[429].text).text
    (first, *_) = (name for name, answer in zip(names, answers, strict=True) if answer.status_code == 429)
    for _ in range(5):
        async with visiting(api, None, peer="198.51.100.1") as visitor:
            assert (await visitor.sign_in(first)).status_code == 303


async def test_who_gets_it_right_has_used_up_no_attempt(api: Api) -> None:
    for _ in range(6):
        async with visiting(api, None) as visitor:
            assert (await visitor.sign_in("ada")).status_code == 303


async def test_what_the_database_did_not_do_is_no_failed_attempt(api: Api) -> None:
    async with visiting(api, None) as visitor:
        await visitor.get("/sign-in")
        fields = {"name": "ada", "password": A_PASSWORD}
        api.database.gone = True
        for _ in range(6):
            assert (await visitor.post("/sign-in", fields)).status_code == 503
        api.database.gone = False
        assert (await visitor.post("/sign-in", fields)).status_code == 303


async def test_a_password_is_in_no_answer(api: Api) -> None:
    async with visiting(api, None) as visitor:
        for _ in range(6):
            answer = await visitor.sign_in("ada", WRONG)
            assert WRONG not in answer.text
            assert WRONG not in str(answer.headers)


@pytest.mark.parametrize(
    ("scheme", "peer", "forwarded", "is_secure"),
    [
        ("http", "192.0.2.1", "", False),
        ("http", "192.0.2.1", "https", False),  # whoever says so is no proxy of ours
        ("http", "10.0.0.1", "", False),
        ("http", "10.0.0.1", "http", False),
        ("http", "10.0.0.1", "https", True),
        ("https", "192.0.2.1", "", True),
        ("https", "192.0.2.1", "http", True),
    ],
)
async def test_cookies_are_bound_to_the_host_and_to_tls_where_there_is_tls(
    scheme: str, peer: str, forwarded: str, *, is_secure: bool
) -> None:
    api = Api(trusted_proxies=PROXIES)
    an_account(api, "ada")
    headers = {"X-Forwarded-Proto": forwarded} if forwarded else {}
    async with visiting(api, None, peer=peer, origin=f"{scheme}://manage.test", headers=headers) as visitor:
        met = await visitor.get("/sign-in")
        token = html.read(met.text).fields["csrf_token"]
        cookies = {"cookie": met.headers["set-cookie"].partition(";")[0]}
        answer = await visitor.post("/sign-in", {"name": "ada", "password": A_PASSWORD, "csrf_token": token}, cookies)
        assert answer.status_code == 303
        for response, name in ((met, VISITOR_COOKIE), (answer, SESSION_COOKIE)):
            (cookie,) = response.headers.get_list("set-cookie")
            written, *attributes = cookie.split("; ")
            assert written.partition("=")[0] == (f"__Host-{name}" if is_secure else name)
            assert set(attributes) == {"HttpOnly", "Path=/", "SameSite=lax", *(["Secure"] if is_secure else [])}
        page = await visitor.get("/", cookie=answer.headers["set-cookie"].partition(";")[0])
        assert page.status_code == 200


async def test_a_cookie_without_the_prefix_is_not_read_over_tls(api: Api) -> None:
    """A sibling, or whoever is on the way while there is no TLS, can set that one."""
    secret = api.service.sessions.sign_in("ada", A_PASSWORD).secret.reveal()
    async with visiting(api, None, origin="https://manage.test") as visitor:
        assert (await visitor.get("/", cookie=f"authz_session={secret}")).status_code == 303
        assert (await visitor.get("/", cookie=f"__Host-authz_session={secret}")).status_code == 200


@pytest.mark.parametrize("blank", [b"\xa0", b"\x85", b"\x0c", b"\x1f"])
async def test_a_name_that_only_looks_like_the_prefix_is_not_read_over_tls(api: Api, blank: bytes) -> None:
    """To a browser these are other names, which any sibling of this host may set; to `str.strip` they are blanks."""
    secret = api.service.sessions.sign_in("ada", A_PASSWORD).secret.reveal().encode()
    async with visiting(api, None, origin="https://manage.test") as visitor:
        for name in (blank + b"__Host-authz_session", b"__Host-authz_session" + blank):
            answer = await visitor.client.get("/", headers=[(b"cookie", name + b"=" + secret)])
            assert answer.status_code == 303
        spaced = [(b"cookie", b"a=b;  __Host-authz_session=" + secret)]
        assert (await visitor.client.get("/", headers=spaced)).status_code == 200


PATHS: Final = [
    ("/clients/cl_1?q=a%20b&state=x", "/clients/cl_1?q=a%20b&state=x"),
    ("", "/"),
    ("clients", "/"),
    ("//evil.example", "/"),
    ("///evil.example", "/"),
    ("/\\evil.example", "/"),
    ("\\\\evil.example", "/"),
    ("/\t/evil.example", "/"),
    ("/\n/evil.example", "/"),
    ("\t//evil.example", "/"),
    ("http://evil.example/", "/"),
    ("HTTPS:evil.example", "/"),
    ("javascript:alert(1)", "/"),
    ("data:text/html,x", "/"),
    ("/ok\r\nSet-Cookie: a=b", "/"),
    ("/ok\u2028x", "/"),
    ("/\u202e/elpmaxe.live", "/"),
    ("@evil.example", "/"),
    ("/@evil.example", "/@evil.example"),
    ("/é", "/%C3%A9"),
    ("/%0d%0aSet-Cookie:%20a=b", "/%0d%0aSet-Cookie:%20a=b"),
]


@pytest.mark.parametrize(("asked", "led"), PATHS)
async def test_signing_in_leads_to_a_page_of_ours_or_home(api: Api, asked: str, led: str) -> None:
    async with visiting(api, None) as visitor:
        answer = await visitor.sign_in("ada", next=asked)
        assert answer.headers["location"] == led
        assert answer.headers.get_list("set-cookie")[0].startswith("authz_session=azs_")
        assert len(answer.headers.get_list("set-cookie")) == 1
        again = await visitor.client.get("/sign-in", params={"next": asked})
        assert (again.status_code, again.headers["location"]) == (303, led)
        chosen = await visitor.post("/theme", {"theme": "dark", "next": asked})
        assert chosen.headers["location"] == led


async def test_who_has_to_sign_in_first_gets_where_they_wanted(api: Api) -> None:
    async with visiting(api, None) as visitor:
        answer = await visitor.get("/audit?client_id=cl_one&since=2027-01-15T08:00")
        shown = await visitor.follow(answer)
        fields = shown.fields | {"name": "ada", "password": A_PASSWORD}
        answer = await visitor.post("/sign-in", fields)
        assert answer.headers["location"] == "/audit?client_id=cl_one&since=2027-01-15T08:00"


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/%5C%5Cevil.example", "/%0d%0aSet-Cookie:a=b", "/%09/evil.example"]
)
async def test_no_address_leads_elsewhere_by_way_of_signing_in(api: Api, path: str) -> None:
    async with visiting(api, None) as visitor:
        answer = await visitor.client.get(f"{ORIGIN}{path}")
        assert len(answer.headers.get_list("set-cookie")) == 0
        if answer.status_code == 404:  # the end of a line is in no path of ours
            return
        shown = await visitor.follow(answer)
        fields = shown.fields | {"name": "ada", "password": A_PASSWORD}
        answer = await visitor.post("/sign-in", fields)
        assert answer.headers["location"] in {"/", "/%5C%5Cevil.example"}


async def test_signing_out_ends_the_session_the_cookie_and_the_cache(api: Api) -> None:
    async with visiting(api) as visitor:
        secret = visitor.secret
        answer = await visitor.post("/sign-out")
        assert answer.headers["clear-site-data"] == '"cache"'
        assert "Signed out." in (await visitor.follow(answer)).text
        assert not visitor.secret
        visitor.client.cookies.set(SESSION_COOKIE, secret, domain="manage.test")
        assert (await visitor.get("/")).status_code == 303


async def test_a_theme_is_one_that_there_is(api: Api) -> None:
    async with visiting(api, None) as visitor:
        await visitor.get("/sign-in")
        await visitor.post("/theme", {"theme": 'x" onload="alert(1)'})
        assert "authz_theme" not in visitor.client.cookies
        await visitor.post("/theme", {"theme": "dark"})
        assert 'data-theme="dark"' in (await visitor.get("/sign-in")).text
    async with visiting(api, None) as visitor:
        answer = await visitor.get("/sign-in", cookie="authz_theme=x'onload='alert(1)")
        assert 'data-theme="system"' in answer.text
        assert "onload" not in answer.text


async def test_a_notice_is_one_that_there_is_and_is_said_once(api: Api) -> None:
    async with visiting(api) as visitor:
        visitor.client.cookies.set("authz_notice", "<b>pay at evil.example</b>", domain="manage.test")
        assert "evil.example" not in (await visitor.get("/")).text
