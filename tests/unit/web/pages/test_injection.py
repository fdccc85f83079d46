"""Whatever is recorded or sent, a page is made of the same elements as with a harmless text, and shows it as text."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from authz_server.managing.commands import CreateAccount
from authz_server.managing.records import COMMAND_LINE
from authz_server.web.pages.site import PAGES
from tests.support import html
from tests.support.hostile_text import ATTRIBUTE, ELEMENT, HARMLESS, TEXTS, plant
from tests.support.managing import SEAL
from tests.support.passwords import A_PASSWORD
from tests.support.rest_api import Api
from tests.support.web_pages import SESSION_COOKIE, Visitor, visiting

GETS: Final = [page.path for page in PAGES if "GET" in page.actions and not page.path.endswith(".csv")]
TYPED: Final = (
    *("name", "description", "labels", "id", "role", "typed", "client_id", "auth.type", "auth.issuer", "auth.audience"),
    *("allowed_methods", "allowed_ips", "allowed_routes", "expires_in_hours", "method", "path", "headers", "client_ip"),
)
Structure = list[tuple[str, tuple[str, ...]]]


class Planted:
    """A site where one text is everywhere, visited by somebody of that name."""

    def __init__(self, text: str) -> None:
        ticks = itertools.count(1_800_000_000_000)  # milliseconds: each record has its own, and so its place in lists
        self.api = Api(seal=SEAL, clock=lambda: next(ticks) / 1_000)
        self.text = text
        self.ids = dict(plant(self.api.service, text))
        fields = {"name": text, "role": "admin", "password": A_PASSWORD}
        made = self.api.service.accounts.create(CreateAccount(actor=COMMAND_LINE, fields=fields))
        self.ids["account_id"] = made.shape["id"]

    @asynccontextmanager
    async def visited(self) -> AsyncIterator[Visitor]:
        async with visiting(self.api, None) as visitor:
            signed_in = self.api.service.sessions.sign_in(self.text, A_PASSWORD)
            visitor.client.cookies.set(SESSION_COOKIE, signed_in.secret.reveal(), domain="manage.test")
            yield visitor

    async def pages(self) -> dict[str, html.Shown]:
        """Every page that there is to look at, and every form as it is refused."""
        found: dict[str, html.Shown] = {}
        async with self.visited() as visitor:
            for path in GETS:
                answer = await visitor.get(path.format_map(self.ids))
                assert answer.status_code == 200, path
                found[path] = html.read(answer.text)
            for profile_id in ("pr_jwt", "pr_oidc", "pr_mtls"):
                for path in ("/profiles/{}", "/profiles/{}/edit", "/profiles/{}/auth"):
                    found[path.format(profile_id)] = await visitor.open(path.format(profile_id))
        return found


def structure(shown: html.Shown) -> Structure:
    """Which elements, with which attributes, in which order; not what is in them."""
    return [(tag, tuple(sorted(attributes))) for tag, attributes in shown.elements]


@pytest.fixture(scope="module")
def harmless() -> dict[str, html.Shown]:
    """The pages with a text that does nothing; made by the first test."""
    return {}


@pytest.fixture(scope="module")
def site() -> Planted:
    """One for all that is sent."""
    return Planted(HARMLESS)


@pytest.mark.parametrize("text", TEXTS)
async def test_what_is_recorded_is_text_on_every_page(text: str, harmless: dict[str, html.Shown]) -> None:
    if not harmless:
        harmless.update(await Planted(HARMLESS).pages())
    found = await Planted(text).pages()
    assert found.keys() == harmless.keys()
    for path, shown in found.items():
        _assert_clean(shown)
        assert _without_lines(structure(shown)) == _without_lines(structure(harmless[path])), path
    plain = " ".join(text.split())
    for path in ("/clients", "/clients/{client_id}", "/profiles/{profile_id}", "/accounts", "/api-keys", "/audit"):
        assert plain in found[path].text, path
    assert plain in " ".join(found["/clients/{client_id}"].title.split())


def _without_lines(found: Structure) -> Structure:
    """Without what differs for another reason: scripts that a text would make wrong are not offered."""
    return [each for each in found if each[0] not in {"pre", "code"}]


@pytest.mark.parametrize("text", TEXTS)
async def test_what_is_sent_and_refused_is_text_too(text: str, site: Planted) -> None:
    site.api.now += 60  # who could not sign in a moment ago may try again
    async with site.visited() as visitor:
        for page in (page for page in PAGES if "POST" in page.actions):
            if page.path in {"/account/sign-out", "/accounts/{account_id}/sign-out"}:  # nothing is typed there
                continue
            fields = dict.fromkeys(TYPED, text) | {"form_key": "abc", "change": "access"}
            answer = await visitor.post(page.path.format_map(site.ids), fields)
            if answer.headers.get("content-type", "").startswith("text/html"):
                _assert_clean(html.read(answer.text))
        for path in ("/clients", "/profiles", "/audit"):
            for name in ("q", "client_id", "actor_id", "action", "since", "state", "cursor"):
                answer = await visitor.client.get(path, params={name: text})
                _assert_clean(html.read(answer.text))
    async with visiting(site.api, None) as nobody:
        answer = await nobody.sign_in(text, next=text)
        _assert_clean(html.read(answer.text))
        _assert_clean(html.read((await nobody.client.get("/sign-in", params={"next": text})).text))


def _assert_clean(shown: html.Shown) -> None:
    for tag, attributes in shown.elements:
        assert tag not in {ELEMENT, "img", "iframe", "base", "style", "animate", "math"}
        assert ATTRIBUTE not in attributes
        assert not any(name.startswith("on") or name == "srcdoc" for name in attributes)
        for name in ("href", "src", "action", "formaction"):
            if name in attributes:
                assert attributes[name].startswith(("/", "#")), (tag, attributes)
                assert not attributes[name].startswith("//"), (tag, attributes)
        assert tag != "script" or attributes.keys() == {"type", "src"}
    assert "49" not in shown.title
