"""Who may do what on the pages, over the whole table: a page that is added is tested with it."""

from collections.abc import Mapping
from typing import Any, Final

import httpx
import pytest
from starlette.routing import Mount, Route, Router

from authz_server.managing.records import Role
from authz_server.web.pages import assets
from authz_server.web.pages.serving import Endpoint, Nowhere
from authz_server.web.pages.site import PAGES
from authz_server.web.pages.visits import Page
from tests.support import html
from tests.support.rest_api import Api
from tests.support.web_pages import ORIGIN, SESSION_COOKIE, visiting
from tests.support.web_site import WholeSite

ACTIONS: Final = [(method, page.path) for page in PAGES for method in page.actions]
POSTS: Final = [path for method, path in ACTIONS if method == "POST"]
GETS: Final = [path for method, path in ACTIONS if method == "GET"]
# Before anybody is known, and after: these need a proof, but no role.
OPEN: Final = ("/sign-in", "/sign-out", "/theme")

FOREIGN: Final[list[tuple[str, Mapping[str, str]]]] = [
    ("a form of another site", {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}),
    ("another site, by Sec-Fetch-Site alone", {"Sec-Fetch-Site": "cross-site"}),
    ("a sibling", {"Sec-Fetch-Site": "same-site", "Origin": "http://other.manage.test"}),
    ("another site, by Origin alone", {"Origin": "http://evil.example"}),
    ("a lie about Sec-Fetch-Site", {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}),
    ("no Sec-Fetch-Site that there is", {"Sec-Fetch-Site": ""}),
    ("an opaque origin", {"Origin": "null"}),
    ("an empty origin", {"Origin": ""}),
    ("another port", {"Origin": f"{ORIGIN}:8081"}),
    ("our name in front of theirs", {"Origin": "http://manage.test.evil.example"}),
    ("our name as a user", {"Origin": "http://manage.test@evil.example"}),
    ("an origin that cannot be read", {"Origin": "http://[manage.test"}),
]


@pytest.fixture(scope="module")
def site() -> WholeSite:
    """Shared: nothing here may change it, which each test asserts."""
    return WholeSite()


def test_every_page_is_served_behind_the_same_door(site: WholeSite) -> None:
    """Whatever is added to the site, it is of the table, an asset, or it is named here."""
    mount = next(route for route in site.api.app.routes if isinstance(route, Mount) and route.path == "")
    assert isinstance(mount.app, Router)
    routes = {route.path: route.endpoint for route in mount.app.routes if isinstance(route, Route)}
    assert len(routes) == len(mount.app.routes)
    assert {path for path, endpoint in routes.items() if isinstance(endpoint, Endpoint)} == {
        page.path for page in PAGES
    }
    files = {asset.path for asset in assets.load().values()}
    assert routes.keys() - {page.path for page in PAGES} - files == set(OPEN)
    assert isinstance(mount.app.default, Nowhere)
    assert {method for method, _ in ACTIONS} == {"GET", "POST"}
    assert len({page.path for page in PAGES}) == len(PAGES)


@pytest.mark.parametrize(("method", "path"), ACTIONS)
async def test_without_a_session_nothing_is_shown_or_done(site: WholeSite, method: str, path: str) -> None:
    before = site.state()
    async with visiting(site.api, None) as visitor:
        await visitor.get("/sign-in")  # and so has a proof of its own, which is none here
        address = site.address(path)
        if method == "GET":
            answer = await visitor.get(address)
            assert (answer.status_code, answer.content) == (303, b"")
            assert answer.headers["location"].startswith("/sign-in?next=%2F")
        else:
            answer = await visitor.post(address)
            assert answer.status_code == 401
            assert "Your session has ended, and nothing was done." in html.read(answer.text).text
    assert answer.headers["cache-control"] == "no-store"
    assert site.state() == before


@pytest.mark.parametrize("path", [page.path for page in PAGES])
async def test_an_api_key_opens_no_page(site: WholeSite, path: str) -> None:
    async with site.api.client(Role.ADMIN) as client:
        answer = await client.get(ORIGIN + site.address(path))
    assert answer.status_code == 303


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
async def test_a_role_that_is_too_low_is_refused_and_a_sufficient_one_is_not(site: WholeSite, page: Page) -> None:
    before = _recorded(site)
    for role in Role:
        async with visiting(site.api, role) as visitor:
            for method, action in page.actions.items():
                address = site.address(page.path)
                # With a token that is wrong, so that nothing is done by who may either.
                answer = await visitor.get(address) if method == "GET" else await visitor.client.post(address)
                allowed = role.allows(action.role)
                if method == "GET":
                    assert answer.status_code == (200 if allowed else 403), (method, role)
                else:
                    assert answer.status_code == 403
                    assert ("This needs the role" in html.read(answer.text).text) is not allowed, (method, role)
    assert _recorded(site) == before


def _recorded(site: WholeSite) -> dict[str, Any]:
    """Without what signing in changes."""
    signing_in = ("accounts", "sessions", "audit", "audited")
    return {name: value for name, value in site.state().items() if name not in signing_in}


@pytest.mark.parametrize("path", GETS)
async def test_looking_changes_nothing(site: WholeSite, path: str) -> None:
    async with visiting(site.api) as visitor:
        before = site.state()
        for method in ("GET", "HEAD"):
            answer = await visitor.client.request(method, site.address(path))
            assert answer.status_code == 200, path
            assert answer.headers["cache-control"] == "no-store"
        assert site.state() == before


@pytest.mark.parametrize("path", [*POSTS, *OPEN])
async def test_a_form_without_our_proof_does_nothing(site: WholeSite, path: str) -> None:
    async with visiting(site.api) as visitor, visiting(site.api) as other:
        before = site.state()
        address = site.address(path)
        visitor_token = (await _visitor_token(site.api)).encode()
        tokens = [
            "",
            "x",
            other.csrf_token,
            visitor.csrf_token[:-1],
            visitor.csrf_token + "x",
            visitor.csrf_token.lower(),
        ]
        for token in (*tokens, visitor_token.decode(), "\x00", "é" * 43):
            answer = await visitor.client.post(address, data={"csrf_token": token})
            assert answer.status_code == 403, (path, token)
            assert "Nothing was done" in html.read(answer.text).text
        assert (await visitor.client.post(address)).status_code == 403
        in_url = await visitor.client.post(f"{address}?csrf_token={visitor.csrf_token}")
        assert in_url.status_code == 403
        assert site.state() == before


async def _visitor_token(api: Api) -> str:
    async with visiting(api, None) as visitor:
        await visitor.get("/sign-in")
        return visitor.csrf_token


@pytest.mark.parametrize(("name", "headers"), FOREIGN, ids=[name for name, _ in FOREIGN])
async def test_a_form_from_elsewhere_does_nothing_even_with_the_proof(
    site: WholeSite, name: str, headers: Mapping[str, str]
) -> None:
    async with visiting(site.api) as visitor:
        before = site.state()
        for path in (*POSTS, *OPEN):
            answer = await visitor.post(site.address(path), headers=headers)
            assert answer.status_code == 403, path
        assert site.state() == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "none"},
        {"Origin": ORIGIN},
        {"Origin": "https://manage.test"},  # a proxy that is not known as trusted has ended the TLS
    ],
)
async def test_a_form_of_ours_is_taken(site: WholeSite, headers: Mapping[str, str]) -> None:
    async with visiting(site.api) as visitor:
        assert (await visitor.post("/session", headers=headers)).status_code == 204
        by_script = {"X-CSRF-Token": visitor.csrf_token, "Content-Type": "application/x-www-form-urlencoded"}
        assert (await visitor.client.post("/session", headers=by_script | dict(headers))).status_code == 204


async def test_two_origins_are_one_too_many(site: WholeSite) -> None:
    async with visiting(site.api) as visitor:
        rows = [("Origin", ORIGIN), ("Origin", "http://evil.example")]
        for headers in (rows, rows[::-1], [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")]):
            answer = await visitor.client.post("/session", data={"csrf_token": visitor.csrf_token}, headers=headers)
            assert answer.status_code == 403


@pytest.mark.parametrize("path", [*GETS, "/sign-in", "/nothing/here"])
async def test_every_page_says_what_browsers_and_caches_must_not_do(site: WholeSite, path: str) -> None:
    async with visiting(site.api) as visitor, visiting(site.api, None) as nobody:
        for who in (visitor, nobody):
            answer = await who.get(site.address(path))
            _assert_strict(answer, is_page=answer.headers.get("content-type", "").startswith("text/html"))
            for cookie in answer.headers.get_list("set-cookie"):
                assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


def _assert_strict(answer: httpx.Response, *, is_page: bool) -> None:
    headers = answer.headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert not {name for name in headers if name.startswith("access-control-")}
    if is_page:
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert policy["base-uri"] == policy["trusted-types"] == "'none'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["referrer-policy"] == "same-origin"


async def test_the_session_of_another_installation_is_none(site: WholeSite) -> None:
    async with visiting(Api()) as elsewhere, visiting(site.api, None) as visitor:
        visitor.client.cookies.set(SESSION_COOKIE, elsewhere.secret, domain="manage.test")
        assert (await visitor.get("/")).status_code == 303


async def test_answers_are_told_with_the_page_and_the_person_and_never_the_address(site: WholeSite) -> None:
    async with visiting(site.api, Role.VIEWER) as visitor, visiting(site.api, None) as nobody:
        site.api.recorded.answers.clear()
        await visitor.get("/clients/cl_one?q=a-secret-that-was-pasted")
        await nobody.get("/clients/cl_one")
        await nobody.get("/sign-in?next=/clients/cl_one")
        await visitor.get("/a-secret-that-was-pasted")
    peer = "192.0.2.1"
    assert site.api.recorded.answers == [
        ("GET", "/clients/{client_id}", 200, "viewer", peer),
        ("GET", "/clients/{client_id}", 303, None, peer),
        ("GET", "/sign-in", 200, None, peer),
        ("GET", "", 404, "viewer", peer),
    ]
