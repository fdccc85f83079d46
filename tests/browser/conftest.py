"""What tests of the pages stand on: a real Chromium, real control planes, pages that fail the test by themselves.

| fixture | gives |
| --- | --- |
| `site` | a control plane with the records of `tests.support.sample_site`; one for each module, so tests may write |
| `empty_site` | another one with nothing in it but the accounts |
| `page` | a page of `site`, signed in as an admin, with JavaScript |
| `page_without_javascript` | the same without |
| `either_page` | both, one after the other: the test runs twice |
| `signed_out_page` | a page of `site` that nobody has signed in on |
| `shown` | every view of `tests.browser.pages`, one after the other: the test runs for each |
| `show(view)` | one of them; the page is kept for the next view |
| `open_page(...)` | any number of pages: another site, person, width, theme (see `Open`) |

`page` and the like are `WatchedPage`s: `page.goto("/clients")` gives the status, `page.page` is Playwright's Page.
Each page fails its test at the end on any error or warning of the console, exception in a script, violation of the
Content-Security-Policy, or request to another origin. `page.watch.expect("words")` forgives one that was caused.

Tests here are plain functions, never `async`: see `tests.support.browser`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.pages import VIEWS, View
from tests.support.browser import DESKTOP, NoBrowser, WatchedPage, find_browser, running_browser
from tests.support.site import ADMIN, Person, SignedIn, Site, Sites


@pytest.fixture(scope="session")
def browser_executable() -> Path:
    """The system's browser. Without one, tests are skipped, and the summary says so; in CI they fail."""
    try:
        return find_browser()
    except NoBrowser as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def browser(browser_executable: Path) -> Iterator[Browser]:
    """A running browser."""
    with running_browser() as running:
        yield running


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    """Starts control planes, for tests that need one of their own."""
    return Sites(tmp_path_factory.mktemp("sites"))


@pytest.fixture(scope="module")
def site(browser_executable: Path, sites: Sites, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running control plane with the records of `tests.support.sample_site`."""
    with sites.running(tmp_path_factory.mktemp("site"), filled=True) as running:
        yield running


@pytest.fixture(scope="module")
def empty_site(browser_executable: Path, sites: Sites, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running control plane with nothing in it but the accounts."""
    with sites.running(tmp_path_factory.mktemp("empty-site"), filled=False) as running:
        yield running


class Open:
    """Opens pages; all are closed at the end of the test, which fails if anything went wrong on one of them."""

    def __init__(self, browser: Browser, stack: ExitStack, signed_in: dict[str, SignedIn]) -> None:
        self._browser = browser
        self._stack = stack
        self._signed_in = signed_in

    def __call__(self, site: Site, *, person: Person | None = ADMIN, **options: Any) -> WatchedPage:
        """A blank page in a context of its own. `person`: who has signed in; None for nobody.

        `options`: `javascript`, `theme`, `width`, and those of Playwright's `new_context`.
        """
        state = None if person is None else self._cookies(site, person)
        opened = WatchedPage(self._browser, site.origin, state=state, **options)
        self._stack.callback(opened.close)
        return opened

    def _cookies(self, site: Site, person: Person) -> Any:
        signed_in = self._signed_in.setdefault(site.origin, SignedIn())
        return signed_in.cookies(lambda: self(site, person=None), person)


@pytest.fixture(scope="module")
def signed_in() -> dict[str, SignedIn]:
    """Who has signed in where, in this module."""
    return {}


@pytest.fixture
def open_page(browser: Browser, signed_in: dict[str, SignedIn]) -> Iterator[Open]:
    """Opens any number of pages of any site: see `Open`."""
    with ExitStack() as stack:
        yield Open(browser, stack, signed_in)


@pytest.fixture(scope="module")
def open_page_for_module(browser: Browser, signed_in: dict[str, SignedIn]) -> Iterator[Open]:
    """Likewise, but they stay open for all tests of the module."""
    with ExitStack() as stack:
        yield Open(browser, stack, signed_in)


class Show:
    """Brings pages into the states of `tests.browser.pages`: one for each site and person, used again and again."""

    def __init__(self, open_page: Open, request: pytest.FixtureRequest) -> None:
        self._open_page = open_page
        self._request = request
        self._opened: dict[tuple[bool, Person | None], WatchedPage] = {}

    def __call__(self, view: View) -> WatchedPage:
        """A page that shows this view, in the light theme, as wide as a desktop."""
        site = self.site(view)
        key = (view.empty, view.person)
        if key not in self._opened:
            self._opened[key] = self._open_page(site, person=view.person)
        opened = self._opened[key]
        opened.resize(DESKTOP)
        opened.theme("light")
        view.show(opened, site)
        return opened

    def site(self, view: View) -> Site:
        """Where this view is to be seen."""
        site: Site = self._request.getfixturevalue("empty_site" if view.empty else "site")
        return site

    def assert_all_well(self) -> None:
        """Say what was wrong on any of the pages."""
        for opened in self._opened.values():
            opened.assert_all_well()


@pytest.fixture(scope="module")
def showing(open_page_for_module: Open, request: pytest.FixtureRequest) -> Show:
    """What `show` keeps from test to test."""
    return Show(open_page_for_module, request)


@pytest.fixture
def show(showing: Show) -> Iterator[Show]:
    """Shows views of the table, one after the other; the test fails if anything was wrong on one."""
    yield showing
    showing.assert_all_well()


@pytest.fixture(scope="module", params=VIEWS, ids=lambda view: view.name)
def gone_to(request: pytest.FixtureRequest, showing: Show) -> WatchedPage:
    """Each view in turn, gone to once: all tests of a module that look at one come one after the other."""
    return showing(request.param)


@pytest.fixture
def shown(gone_to: WatchedPage) -> Iterator[WatchedPage]:
    """Each view of the table in turn, in the light theme, as wide as a desktop. The test must leave it as it is."""
    gone_to.resize(DESKTOP)
    gone_to.theme("light")
    yield gone_to
    gone_to.assert_all_well()


@pytest.fixture
def page(open_page: Open, site: Site) -> WatchedPage:
    """A page of `site`, signed in as an admin."""
    return open_page(site)


@pytest.fixture
def page_without_javascript(open_page: Open, site: Site) -> WatchedPage:
    """A page of `site`, signed in as an admin, where no script runs."""
    return open_page(site, javascript=False)


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def either_page(request: pytest.FixtureRequest, open_page: Open, site: Site) -> WatchedPage:
    """A page of `site`, signed in as an admin; the test runs with scripts and without."""
    return open_page(site, javascript=request.param)


@pytest.fixture
def signed_out_page(open_page: Open, site: Site) -> WatchedPage:
    """A page of `site` that nobody has signed in on."""
    return open_page(site, person=None)
