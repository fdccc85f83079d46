"""From signing in to the first allowed call through Envoy, as somebody does who has never seen the product.

What it takes in clicks and keys is counted and held here: a page that asks for more has to say why.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import WatchedPage
from tests.support.curl import require_curl
from tests.support.laptop import READY, RunningLaptop

_PAGES = re.compile(r"pages\s+(\S+) \(sign in as (\S+), password (\S+)\)")


@dataclass
class Hands:
    """Somebody's: what they click and press is counted. What is pasted is one press, as Ctrl+V is."""

    page: Page
    clicks: int = 0
    keys: int = 0

    def click(self, role: str, name: str) -> None:
        """One click on a button or a link."""
        self.page.get_by_role(role, name=name, exact=True).click()  # type: ignore[arg-type]  # a role's name
        self.clicks += 1

    def type(self, text: str) -> None:
        """Into whatever has the focus already."""
        self.page.keyboard.type(text)
        self.keys += len(text)

    def press(self, key: str) -> None:
        """One key."""
        self.page.keyboard.press(key)
        self.keys += 1

    def paste(self, text: str) -> None:
        """What was copied from elsewhere."""
        self.page.keyboard.insert_text(text)
        self.keys += 1


@pytest.fixture(scope="module")
def laptop(browser_executable: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLaptop]:
    """`make run`, as it is."""
    running = RunningLaptop(tmp_path_factory.mktemp("laptop"), tmp_path_factory.mktemp("logs"))
    running.wait_for_line(READY)
    yield running
    assert running.stop() == 0


def test_a_partner_has_working_access_after_few_clicks_and_keys(laptop: RunningLaptop, browser: Browser) -> None:
    require_curl()
    said = next(match for line in laptop.printed() if (match := _PAGES.search(line)))
    url, name, password = said.groups()
    watched = WatchedPage(browser, url.rstrip("/"), permissions=["clipboard-read", "clipboard-write"])
    hands = Hands(watched.page)

    watched.goto("/")
    hands.type(name)
    hands.press("Tab")
    hands.paste(password)
    hands.press("Enter")
    hands.click("link", "Add Client")
    hands.page.wait_for_url("**/clients/new")
    hands.type("Initech")
    hands.press("Enter")
    hands.click("link", "Add Profile")
    hands.page.wait_for_url("**/profiles/new")
    hands.type("live")
    hands.press("Enter")
    hands.click("button", "Copy a curl line with it")
    hands.page.get_by_text("Copied", exact=True).wait_for()
    line = hands.page.evaluate("navigator.clipboard.readText()")
    watched.close()

    answer = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True).stdout
    assert answer.startswith("HTTP/1.1 200"), answer
    assert '"x-authz-auth-type": "token"' in answer
    assert (hands.clicks, hands.keys) == (3, len("admin") + 3 + len("Initech") + 1 + len("live") + 1)
