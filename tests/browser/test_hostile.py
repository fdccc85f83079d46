"""What hostile people try, in a real browser: scripts in names, frames, forms of other sites, the Back button."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.support import sample_site as sample
from tests.support.browser import WatchedPage
from tests.support.hostile_text import ATTRIBUTE, ELEMENT, MIXED
from tests.support.site import ADMIN, VIEWER, Person, Site, Sites, sign_in

PASSWORD = "correct horse battery staple"
_INJECTED = f"{ELEMENT}, [{ATTRIBUTE}], img, iframe, object, embed, base, math, animate, style, script:not([src])"


@dataclass(frozen=True, slots=True)
class Planted:
    """One text, and the pages where it is shown."""

    text: str
    pages: tuple[str, ...]


def _plant(site: Site, number: int, text: str) -> Planted:
    """By an API key of that name, so that it is the actor's name in the audit trail as well."""
    admin = site.api
    key = admin.must("POST", "/api-keys", {"name": text, "role": "admin"})
    api = site.manage.api(key["credential"]["value"])
    described = {"description": f"{text}\n{text}", "labels": {f"label-{number}": text}}
    client = api.must("POST", "/clients", {"name": text, **described})["id"]
    auth = {"type": "jwt", "algorithm": "HS256", "issuer": text, "audience": [text], "required_claims": {"a": [text]}}
    profiles = [
        api.must("POST", f"/clients/{client}/profiles", {"name": f"{text} {kind['type']}", "auth": kind})["id"]
        for kind in ({"type": "token"}, auth)
    ]
    api.must("PATCH", f"/clients/{client}", {"name": f"{text} 2"})
    account = api.must("POST", "/accounts", {"name": text, "role": "viewer", "password": PASSWORD})["id"]
    of_profiles = [f"/profiles/{each}{rest}" for each in profiles for rest in ("", "/edit", "/auth", "/delete")]
    return Planted(
        text,
        (
            *(f"/clients/{client}{rest}" for rest in ("", "/edit", "/guide", "/delete", "/active")),
            *of_profiles,
            *(f"/accounts/{account}{rest}" for rest in ("", "/delete")),
            f"/api-keys/{key['id']}/revoke",
            f"/audit?client_id={client}",
        ),
    )


@pytest.fixture(scope="module")
def hostile_site(browser_executable: Path, sites: Sites, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A control plane of this module's own."""
    with sites.running(tmp_path_factory.mktemp("hostile-site"), filled=False) as running:
        yield running


@pytest.fixture(scope="module")
def planted(hostile_site: Site) -> tuple[Planted, ...]:
    return tuple(_plant(hostile_site, number, text) for number, text in enumerate(MIXED))


def _assert_only_text(opened: WatchedPage, path: str) -> None:
    """The page's watch notes a script that the policy stopped; this notes one that ran, and any element."""
    assert opened.page.locator(_INJECTED).count() == 0, path
    assert opened.page.evaluate("window.canary") is None, path


def _watched(opened: WatchedPage) -> WatchedPage:
    opened.context.add_init_script("window.alert = () => { window.canary = 'ran' }")
    return opened


@pytest.mark.parametrize("number", range(len(MIXED)))
def test_what_is_recorded_runs_nothing_and_is_shown_as_text(
    open_page: Open, hostile_site: Site, planted: tuple[Planted, ...], number: int
) -> None:
    opened = _watched(open_page(hostile_site))
    text = planted[number].text
    for path in planted[number].pages:
        assert opened.goto(path) == 200, path
        opened.page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        _assert_only_text(opened, path)
        assert text in opened.page.locator("main").inner_text() or "/edit" in path or "/auth" in path, path
    opened.goto(planted[number].pages[0])
    assert text in opened.page.title()
    expect(opened.page.get_by_role("heading", level=1)).to_have_text(f"{text} 2")


def test_lists_and_the_person_of_that_name_run_nothing(
    open_page: Open, hostile_site: Site, planted: tuple[Planted, ...]
) -> None:
    lists = ("/", "/clients", "/profiles", "/accounts", "/api-keys", "/audit", "/account")
    opened = _watched(open_page(hostile_site))
    for path in lists:
        assert opened.goto(path) == 200
        _assert_only_text(opened, path)
    for each in planted[:3]:
        person = _watched(open_page(hostile_site, person=None))
        sign_in(person.page, Person(each.text, "viewer", PASSWORD))
        assert each.text in person.page.get_by_role("banner").inner_text()
        _assert_only_text(person, "/")


def test_what_is_typed_and_refused_runs_nothing(open_page: Open, site: Site) -> None:
    opened, nobody = _watched(open_page(site)), _watched(open_page(site, person=None))
    page = opened.page
    for text in MIXED:
        opened.goto("/clients/new")
        page.evaluate("for (const each of document.querySelectorAll('[maxlength]')) each.removeAttribute('maxlength')")
        page.locator("main [name=name]").fill(text + "x" * 200)
        page.get_by_role("main").get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert").first).to_be_visible()
        expect(page.locator("main [name=name]")).to_have_value(text + "x" * 200)
        _assert_only_text(opened, "/clients/new")
        for path in (f"/audit?client_id={_quoted(text)}&action={_quoted(text)}", f"/clients?q={_quoted(text)}"):
            opened.goto(path)
            _assert_only_text(opened, path)
        nobody.goto(f"/sign-in?next={_quoted(text)}")
        _assert_only_text(nobody, "/sign-in")


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


class _Elsewhere:
    """Another site, on another port: to cookies it is the same one, so that they protect from nothing here."""

    def __init__(self) -> None:
        self.html = ""
        elsewhere = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(elsewhere.html.encode())

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def elsewhere() -> Iterator[_Elsewhere]:
    running = _Elsewhere()
    thread = threading.Thread(target=running.server.serve_forever)
    thread.start()
    yield running
    running.server.shutdown()
    thread.join()
    running.server.server_close()


def _visit(page: Page, elsewhere: _Elsewhere, html: str) -> None:
    elsewhere.html = f"<!doctype html><title>Elsewhere</title><body>{html}"
    page.goto(elsewhere.origin)


@pytest.mark.parametrize("path", ["/", f"/profiles/{sample.TOKEN}", "/sign-in", "/nothing", "/api/docs", "/audit.csv"])
def test_no_page_is_shown_in_a_frame_of_another_site(
    open_page: Open, site: Site, elsewhere: _Elsewhere, path: str
) -> None:
    opened = open_page(site)
    for element in (f'<iframe src="{site.origin}{path}"></iframe>', f'<object data="{site.origin}{path}"></object>'):
        _visit(opened.page, elsewhere, element)
        opened.page.wait_for_load_state("networkidle")
        shown = [frame.url for frame in opened.page.frames if frame.url.startswith(site.origin)]
        assert shown == []
        for frame in opened.page.frames[1:]:
            assert "authz-server" not in frame.content()
    opened.watch.problems.clear()  # the browser says why; it is what is wanted


def test_a_form_of_another_site_does_nothing(open_page: Open, site: Site, elsewhere: _Elsewhere) -> None:
    """It comes with the cookie, since another port is the same site."""
    opened = open_page(site)
    before = len(site.api.must("GET", "/audit?limit=200")["items"])
    for path, fields in (
        ("/clients/new", {"name": "made elsewhere", "active": "on"}),
        (f"/profiles/{sample.TOKEN}/rotate", {"form_key": "abc", "expires_in_hours": "1"}),
        ("/account/sign-out", {}),
        ("/sign-out", {}),
    ):
        inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
        _visit(opened.page, elsewhere, f'<form method="post" action="{site.origin}{path}">{inputs}<button>Win</button>')
        with opened.page.expect_navigation():
            opened.page.get_by_role("button", name="Win").click()
        assert opened.page.url == f"{site.origin}{path}"
        assert "Nothing was done" in opened.page.locator("main").inner_text()
    opened.watch.problems.clear()  # it has been elsewhere
    assert len(site.api.must("GET", "/audit?limit=200")["items"]) == before
    assert opened.goto("/") == 200, "still signed in"


def test_a_script_of_another_site_reads_and_changes_nothing(open_page: Open, site: Site, elsewhere: _Elsewhere) -> None:
    opened = open_page(site)
    _visit(opened.page, elsewhere, "")
    tried = opened.page.evaluate(
        """async origin => {
          const read = ["/", "/audit.csv", "/api/v1/clients", "/api/v1/export"];
          const sent = [["/clients/new", {}], ["/api/v1/clients", {"X-CSRF-Token": "x"}]];
          const outcomes = [];
          for (const path of read)
            outcomes.push(await fetch(origin + path, {credentials: "include"}).then(() => "read", () => "refused"));
          for (const [path, headers] of sent)
            outcomes.push(await fetch(origin + path, {method: "POST", credentials: "include", headers, body: "name=x"})
              .then(() => "read", () => "refused"));
          return outcomes;
        }""",
        site.origin,
    )
    opened.watch.problems.clear()
    assert set(tried) == {"refused"}
    assert "x" not in {each["name"] for each in site.api.must("GET", "/clients?q=x&limit=200")["items"]}


def test_after_signing_out_the_back_button_shows_nothing(open_page: Open, site: Site) -> None:
    opened = open_page(site, person=None)
    page = opened.page
    sign_in(page, VIEWER)
    opened.goto(f"/profiles/{sample.TOKEN}")
    expect(page.get_by_role("heading", level=1)).to_have_text("production")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert "X-Profile-ID" not in page.content()


def _make_secrets(opened: WatchedPage) -> list[str]:
    """An API key, a profile's token, the one that it is rotated to, and an account's password."""
    page, made = opened.page, []

    def send(button: str) -> None:
        with page.expect_navigation():
            page.get_by_role("main").get_by_role("button", name=button, exact=True).first.click()

    def note() -> None:
        made.append(page.get_by_label("Credential", exact=True).input_value())
        page.get_by_role("button", name="Copy credentials").click()

    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.goto("/api-keys/new")
    page.get_by_label("Name").fill("a secret")
    send("Save")
    note()
    opened.goto(f"/clients/{sample.QUIET_CLIENT}/profiles/new")
    page.get_by_label("Name", exact=True).fill("a secret")
    send("Save")
    note()
    opened.goto(f"/profiles/{sample.EXPIRING}")
    send("Rotate credentials")
    note()
    opened.goto("/accounts/new")
    page.get_by_label("User name").fill("a secret")
    page.get_by_role("button", name="Suggest one").click()
    made.append(page.get_by_label("Password", exact=True).input_value())
    send("Save")
    return made


def test_a_secret_is_where_it_was_shown_and_nowhere_else(open_page: Open, site: Site) -> None:
    opened = open_page(site)
    asked: list[str] = []
    opened.page.on("request", lambda request: asked.append(request.url + json.dumps(request.headers)))
    secrets = _make_secrets(opened)
    assert [secret[:4] for secret in secrets[:3]] == ["aza_", "azt_", "azt_"]
    assert len(secrets[3]) == 27
    cookie = next(each["value"] for each in opened.context.cookies() if each["name"] == "authz_session")
    pages = []
    for path in ("/", "/clients", "/profiles", "/accounts", "/api-keys", "/audit", f"/profiles/{sample.EXPIRING}"):
        opened.goto(path)
        pages.append(opened.page.content())
    csv = opened.context.request.get("/audit.csv").text()
    stored = opened.page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    written = "".join(file.read_text() for file in (site.manage.errors, site.manage.output))
    everywhere = {
        "log": written,
        "metrics": site.manage.probe("/metrics").body,
        "audit": json.dumps(site.api.must("GET", "/audit?limit=200")) + csv,
        "pages": "".join(pages),
        "storage": stored,
        "addresses": "".join(url for url in asked),
    }
    assert "request" in written
    for secret in (*secrets, ADMIN.password, VIEWER.password, site.key):
        for where, text in everywhere.items():
            assert secret not in text, where
    for where in ("log", "metrics", "audit", "pages", "storage"):
        assert cookie not in everywhere[where], where
    assert opened.page.evaluate("caches.keys()") == []


def test_a_credential_is_not_shown_again_by_going_back_or_reloading(open_page: Open, site: Site) -> None:
    opened = open_page(site)
    page = opened.page
    opened.goto("/api-keys/new")
    page.get_by_label("Name").fill("shown once")
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    value = page.get_by_label("Credential", exact=True).input_value()
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()  # sends the form again
    assert "This was already done. Nothing was done again." in page.locator("main").inner_text()
    assert value not in page.content()
    opened.goto("/api-keys")
    page.evaluate("history.back()")
    page.wait_for_timeout(500)
    assert value not in page.content()
    opened.watch.problems.clear()  # the browser may say that the form would have to be sent again
