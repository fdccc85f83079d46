"""What no browser sends, and what it sends when something of ours is gone: a page each time, never a stack trace."""

import re
import threading
from typing import Final
from urllib.parse import unquote

import httpx
import pytest

from authz_server.managing.records import Role
from authz_server.managing.relay import Propagation
from authz_server.web.pages import forms
from authz_server.web.pages.site import PAGES
from tests.support import html
from tests.support.rest_api import Api
from tests.support.web_pages import Visitor, visiting
from tests.support.web_site import WholeSite

FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
POSTS: Final = [page.path for page in PAGES if "POST" in page.actions]
GETS: Final = [page.path for page in PAGES if "GET" in page.actions]
BODIES: Final = {
    "not UTF-8": b"name=%ff%fe",
    "overlong UTF-8": b"name=%c0%af",
    "a lone surrogate": b"name=%ed%a0%80",
    "raw bytes": b"name=\xff",
    "raw UTF-8": "name=é".encode(),
    "no pair": b"name",
    "too many fields": b"&".join(b"a%d=1" % number for number in range(forms.FORM_FIELDS + 1)),
    "JSON": b'{"name": "x"}',
}


@pytest.fixture(scope="module")
def site() -> WholeSite:
    return WholeSite()


def assert_is_page(text: str) -> None:
    assert text.startswith("<!doctype html>")
    assert "Traceback" not in text
    assert "/authz_server/" not in text


@pytest.mark.parametrize("path", [*POSTS, "/sign-in", "/sign-out", "/theme"])
async def test_a_form_that_cannot_be_read_is_a_page_that_says_so(site: WholeSite, path: str) -> None:
    async with visiting(site.api) as visitor:
        before = site.state()
        for name, body in BODIES.items():
            headers = FORM | {"X-CSRF-Token": visitor.csrf_token}
            answer = await visitor.client.post(site.address(path), content=body, headers=headers)
            assert answer.status_code in {400, 403}, name
            assert_is_page(answer.text)
        assert site.state() == before


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
async def test_only_forms_are_taken(site: WholeSite, content_type: str) -> None:
    """`text/plain` and the like are what another site could send without being asked about it."""
    async with visiting(site.api) as visitor:
        headers = {"Content-Type": content_type, "X-CSRF-Token": visitor.csrf_token}
        answer = await visitor.client.post("/session", content=b"name=x", headers=headers)
    assert answer.status_code == 415
    assert_is_page(answer.text)


@pytest.mark.parametrize(
    ("path", "most"),
    [("/accounts/new", forms.FORM_BYTES), ("/sign-in", 16_384), ("/sign-out", 16_384), ("/theme", 16_384)],
)
async def test_a_form_that_is_too_large_is_not_read(site: WholeSite, path: str, most: int) -> None:
    async with visiting(site.api) as visitor:
        answer = await visitor.post(path, {"name": "x" * most})
        assert answer.status_code == 413
        assert_is_page(answer.text)
        announced = {"Content-Length": str(10**18), "X-CSRF-Token": visitor.csrf_token} | FORM
        assert (await visitor.client.post(path, content=b"a=b", headers=announced)).status_code == 413


async def test_a_large_form_is_not_read_while_everybody_waits(site: WholeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of a megabyte takes half a second."""
    threads = []
    parse = forms.Form.parse

    def noted(body: bytes) -> forms.Form:
        threads.append(threading.get_ident())
        return parse(body)

    monkeypatch.setattr(forms.Form, "parse", noted)
    async with visiting(site.api) as visitor:
        assert (await visitor.post("/session", {"name": "é" * 100_000})).status_code == 204
    assert threads
    assert threading.get_ident() not in threads


async def test_a_field_that_comes_twice_counts_the_first_time(site: WholeSite) -> None:
    """The proof, too: one that somebody could add at the end takes nothing over."""
    async with visiting(site.api) as visitor:
        good, bad = f"csrf_token={visitor.csrf_token}", "csrf_token=x"
        for body, status in ((f"{good}&{bad}", 204), (f"{bad}&{good}", 403)):
            answer = await visitor.client.post("/session", content=body.encode(), headers=FORM)
            assert answer.status_code == status


@pytest.mark.parametrize(
    "text", ["\x00", "a\x00b", "\r\nSet-Cookie: a=b", "\u202eevil", "\u2028", "\ufffe", "\U0010ffff"]
)
async def test_odd_characters_are_refused_or_shown_as_they_are(text: str) -> None:
    site = WholeSite()
    async with visiting(site.api) as visitor:
        for path in POSTS:
            fields = dict.fromkeys(
                ("name", "description", "role", "password", "typed", "labels", "current_password"), text
            )
            answer = await visitor.post(site.address(path), fields | {"form_key": "k" * 8, "auth.type": text})
            if answer.status_code == 401:  # that ended the session
                break
            assert answer.status_code in {200, 204, 303, 400, 404, 409, 422}, (path, answer.status_code)
            assert "a" not in answer.cookies
            assert not re.search(r"[\r\n]", "".join(f"{name}{value}" for name, value in answer.headers.items()))
        assert site.api.recorded.faults == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"])
async def test_a_method_that_is_not_served_is_a_page_and_no_metric(site: WholeSite, method: str) -> None:
    async with visiting(site.api) as visitor, visiting(site.api, None) as nobody:
        before = site.state()
        site.api.recorded.answers.clear()
        for page in PAGES:
            answer = await visitor.client.request(method, site.address(page.path))
            assert answer.status_code == 405, page.path
            assert answer.headers["allow"] == ", ".join(sorted(page.actions))
            assert_is_page(answer.text)
            assert (await nobody.client.request(method, site.address(page.path))).status_code in {303, 401}
        for path in ("/sign-in", "/sign-out", "/theme"):
            answer = await nobody.client.request(method, path)
            assert answer.status_code == 405
            assert_is_page(answer.text)
        assert {path for _, path, *_ in site.api.recorded.answers} == {""}, "counted by names that callers make up"
        assert site.state() == before


@pytest.mark.parametrize(
    "path", ["/nothing", "/clients/cl_one/nothing", "/.env", "/static/../app.py", "/static/app.js", "/%00"]
)
async def test_a_page_that_there_is_none_of_is_one_that_says_so_to_those_who_are_known(
    site: WholeSite, path: str
) -> None:
    async with visiting(site.api, Role.VIEWER) as visitor, visiting(site.api, None) as nobody:
        for method in ("GET", "HEAD", "POST"):
            answer = await visitor.client.request(method, path, data={"csrf_token": visitor.csrf_token})
            assert answer.status_code == 404
            assert method == "HEAD" or answer.text.startswith("<!doctype html>")
            assert (await nobody.client.request(method, path)).status_code in {303, 401}


async def test_an_id_that_can_be_none_is_not_found_whatever_it_says(site: WholeSite) -> None:
    async with visiting(site.api) as visitor:
        for path in (page.path for page in PAGES if "{" in page.path):
            for wrong in (
                "nobody",
                "%3Cscript%3E",
                "%7B%7B7*7%7D%7D",
                "a%00",
                "x" * 300,
                "%F0%9F%98%80",
                "..%2F..",
                "%0a",
            ):
                address = re.sub(r"\{\w+\}", wrong, path)
                for answer in (await visitor.get(address), await visitor.post(address, {"form_key": "abc"})):
                    assert answer.status_code in {303, 404, 405}, address
                    if answer.status_code == 303:  # to what is asked first, or to the page whose button this is
                        assert unquote(answer.headers["location"]) in {
                            unquote(address),
                            unquote(address.rpartition("/")[0]),
                        }
                    assert "<script>" not in answer.text
    assert site.api.recorded.faults == []


@pytest.mark.parametrize(
    "query",
    [
        "q=%ff",
        "cursor=x",
        "cursor=%00",
        "cursor=" + "A" * 5_000,
        "state=x",
        "active=x",
        "before=-1",
        "q=" + "x" * 10_000,
        "client_id=%3Cscript%3Ealert(1)%3C/script%3E",
        "q=%3Cscript%3Ealert(1)%3C/script%3E",
        "since=%F0%9F%98%80",
    ],
)
async def test_an_odd_query_is_ignored_or_refused_on_a_page(site: WholeSite, query: str) -> None:
    async with visiting(site.api) as visitor:
        for path in GETS:
            answer = await visitor.get(f"{site.address(path)}?{query}")
            assert answer.status_code in {200, 404, 422}, path
            assert "<script>alert" not in answer.text
    assert site.api.recorded.faults == []


async def test_without_a_database_every_page_says_so_and_comes_back_by_itself() -> None:
    site = WholeSite()
    async with visiting(site.api) as visitor:
        site.api.database.gone = True
        for page in PAGES:
            address = site.address(page.path)
            for answer in (await visitor.get(address), await visitor.post(address, {"form_key": "abc"})):
                assert answer.status_code == 503, page.path
                assert answer.headers["retry-after"] == "1"
                assert answer.headers["cache-control"] == "no-store"
                assert_is_page(answer.text)
                assert "the database cannot be reached" in html.read(answer.text).text.lower()
        site.api.database.gone = False
        assert (await visitor.get("/")).status_code == 200


async def test_a_database_that_takes_no_more_is_a_page_and_nothing_is_done() -> None:
    site = WholeSite()
    async with visiting(site.api) as visitor:
        before = site.state()
        site.api.database.fail_commit = True
        answer = await visitor.send("/accounts/new", name="x", password="twelve characters")
        assert answer.status_code == 503
        assert_is_page(answer.text)
        assert site.state() == before


async def test_a_surprise_is_a_page_without_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    site = WholeSite()

    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("the secret is azt_secret")

    async with visiting(site.api) as visitor:
        monkeypatch.setattr(site.api.service.reading, "audit", explode)
        answer = await visitor.get("/audit")
    assert answer.status_code == 500
    assert_is_page(answer.text)
    assert "azt_secret" not in answer.text
    assert [str(error) for _, error in site.api.recorded.faults] == ["the secret is azt_secret"]


async def test_while_redis_is_gone_the_next_page_says_that_what_was_done_is_pending() -> None:
    site = WholeSite(Api(deliver=lambda _: Propagation.PENDING))
    words = "Redis did not take it within a second. It is recorded"
    async with visiting(site.api) as visitor:
        assert words not in (await visitor.open("/")).text
        for answer in await _edits(site, visitor):
            text = html.read(answer.text).text if answer.status_code == 200 else (await visitor.follow(answer)).text
            assert words in text
        assert words not in (await visitor.open("/")).text


async def _edits(site: WholeSite, visitor: Visitor) -> list[httpx.Response]:
    """One that is answered by a page, and one that leads to another."""
    profile = site.address("/profiles/{profile_id}")
    rotation = (await visitor.open(profile)).fields | {"expires_in_hours": "24"}
    return [
        await visitor.post(f"{profile}/rotate", rotation),
        await visitor.send(f"{profile}/edit", name="another"),
    ]
