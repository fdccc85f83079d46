"""The system's Chromium, driven by Playwright, and pages that remember everything that went wrong on them.

Nothing is downloaded: the browser is the one that `PATH` has. Playwright's synchronous API keeps an event loop
running in the thread that started it, so a browser must end before an asynchronous test begins: hence one for each
module of tests (it takes half a second), and no asynchronous tests in those modules.
"""

from __future__ import annotations

import importlib.resources
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, StorageState, sync_playwright

Theme = Literal["light", "dark"]

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOT_FOUND: Final = (
    f"no browser: none of {', '.join(NAMES)} is on the PATH. "
    "On Debian and Ubuntu: apt-get install chromium fonts-dejavu-core"
)
PHONE: Final = 360
TABLET: Final = 768
DESKTOP: Final = 1280
WIDTHS: Final = (PHONE, TABLET, DESKTOP)
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
HEIGHT: Final = 900
WAIT_SECONDS: Final = 10.0  # for anything on a page; a machine under load is slow, but not slower

_FLAGS: Final = (
    "--no-sandbox",  # the tests may run as root; the pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have little of it
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # the browser's own calls home, too, go nowhere
    "--font-render-hinting=none",
)


class NoBrowser(Exception):
    """There is none on this machine; the message says what to install."""


def find_browser() -> Path:
    """The browser. Raises `NoBrowser`."""
    found = next((path for path in map(shutil.which, NAMES) if path is not None), None)
    if found is None:
        raise NoBrowser(NOT_FOUND)
    return Path(found)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A headless Chromium of its own. Raises `NoBrowser`."""
    executable = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_FLAGS, env=_quiet_environment())
        yield browser
        browser.close()


def _quiet_environment() -> dict[str, str | float | bool]:
    """Without the settings of this test run, which could hold secrets."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AUTHZ_")}


@dataclass  # without slots: Playwright keeps something of its own on whoever listens
class Watch:
    """What went wrong on one page, in words, as it happened.

    Noted: anything on the console that is an error or a warning (violations of the Content-Security-Policy are, and
    resources that failed to load), exceptions that no script caught, requests to another origin, requests that got no
    answer. A page that is itself an error (404, 422) is not noted: browsers log that, and a test asks for the status.
    """

    origin: str  # scheme, host and port
    problems: list[str] = field(default_factory=list)
    documents: dict[str, Response] = field(default_factory=dict)  # the last answer for the URL of each page

    def on(self, page: Page) -> None:
        """Watch this page from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"exception in a script: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def expect(self, words: str) -> None:
        """Forget the problems that have these words in them; there must be some. For tests that cause one."""
        left = [each for each in self.problems if words not in each]
        assert len(left) < len(self.problems), f"no problem had {words!r} in it: {self.problems}"
        self.problems[:] = left

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning", "assert"}:
            return
        url = message.location.get("url", "")
        if message.text.startswith("Failed to load resource: the server responded") and url in self.documents:
            return
        self.problems.append(f"console {message.type}: {message.text} ({url})")

    def _request(self, request: Request) -> None:
        if request.url != self.origin and not request.url.startswith(f"{self.origin}/"):
            self.problems.append(f"request to another origin: {request.url}")

    def _failed(self, request: Request) -> None:
        # Leaving a page ends what it was still asking for, and a download is no page.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"request failed: {request.url} ({request.failure})")

    def _response(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.documents[response.url] = response


class WatchedPage:
    """A page of one site in a context of its own (so no cookies but its own), everything wrong on it noted.

    `page` is Playwright's, for everything else: `page.get_by_role("button", name="Save").click()`. Paths given to
    `page.goto` are those of the site.
    """

    def __init__(
        self,
        browser: Browser,
        origin: str,
        *,
        javascript: bool = True,
        theme: Theme = "light",
        width: int = DESKTOP,
        state: StorageState | None = None,
        **options: Any,
    ) -> None:
        """`state`: cookies to begin with, as `cookies()` gave them. `options`: those of Playwright's new_context."""
        self.context = browser.new_context(
            base_url=origin,
            java_script_enabled=javascript,
            color_scheme=theme,
            reduced_motion="reduce",  # so that nothing is looked at half way
            viewport={"width": width, "height": HEIGHT},
            storage_state=state,
            locale="en-GB",
            timezone_id="Europe/Berlin",  # not UTC: times have to be shown in the reader's zone
            **options,
        )
        self.context.set_default_timeout(WAIT_SECONDS * 1000)
        self.watch = Watch(origin)
        self.context.on("page", self.watch.on)
        self.page = self.context.new_page()
        self.javascript = javascript

    def goto(self, path: str) -> int:
        """Go to a path of the site; the status of the answer."""
        response = self.page.goto(path)
        assert response is not None, path
        return response.status

    def resize(self, width: int) -> None:
        """As wide as this many CSS pixels."""
        self.page.set_viewport_size({"width": width, "height": HEIGHT})

    def theme(self, theme: Theme) -> None:
        """What the reader's system prefers."""
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")

    def answer(self) -> Response:
        """The answer that the page was made of; also where it was the answer to a form."""
        return self.watch.documents[self.page.url.partition("#")[0]]

    def cookies(self) -> StorageState:
        """For another page that is to be signed in as this one is."""
        return self.context.storage_state()

    def assert_all_well(self) -> None:
        """Say what was wrong, once."""
        problems, self.watch.problems[:] = self.watch.problems[:], []
        assert not problems, "\n".join(problems)

    def close(self) -> None:
        """Close the page and its context, and say what was wrong."""
        self.context.close()
        self.assert_all_well()


OpenPage = Callable[..., WatchedPage]


@cache
def axe_source() -> str:
    """axe-core, as one script."""
    return (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text()


AXE_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
THEME_RULES: Final = ("color-contrast", "link-in-text-block")  # what a change of theme alone can break


def axe_violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe-core has against the page as it is now, one line for each element. `rules`: only these.

    The page must run scripts: where it does not, the answer never comes.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe_source())  # by the debugger's protocol, which the page's policy does not bind
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": list(AXE_TAGS)}
    options = {"runOnly": only, "resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    if rules:
        del options["rules"]
    found = page.evaluate("options => axe.run(document, options).then(result => result.violations)", options)
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: {' '.join(map(str, node['target']))}: {node['html'][:200]}: "
        f"{_why(node)}"
        for each in found
        for node in each["nodes"]
    ]


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])
