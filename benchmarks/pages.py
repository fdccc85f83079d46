"""What the pages weigh, and how soon a browser paints something of them.

    python -m benchmarks.pages

The system's Chromium against a control plane on this machine, over SQLite and Valkey with some weeks of records. Times
are from the start of the navigation to the first contentful paint, the median of five. `cold` is a browser that has
never been here; else the stylesheet and the script are in its cache, and nothing else is. A page counts with all that
it loads, before compression: the server compresses nothing.
"""

import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Browser, StorageState

from tests.browser.looking import FIRST_PAINT, WEIGHT
from tests.browser.pages import VIEWS, View
from tests.support.browser import WatchedPage, running_browser
from tests.support.site import Person, SignedIn, Site, Sites

TIMES: Final = 5
COLD: Final = ("sign-in", "home", "profile")


def main() -> None:
    """Visit every page that is reached by a link, and print a line for each."""
    with tempfile.TemporaryDirectory() as name, running_browser() as browser:
        running = Path(name) / "running"
        running.mkdir()
        with Sites(Path(name)).running(running, filled=True) as site:
            visits = Visits(browser, site)
            print(f"{'page':40} {'bytes':>8} {'first paint, ms':>16}")
            for view in VIEWS:
                if view.act is None and not view.empty:
                    bytes_, paint = visits.warm(view)
                    print(f"{view.name:40} {bytes_:8,.0f} {paint:16.0f}")
                    if view.name in COLD:
                        print(f"{f'{view.name}, cold':40} {bytes_:8,.0f} {visits.cold(view):16.0f}")


class Visits:
    """Visits of one site."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self._browser = browser
        self._site = site
        self._signed_in = SignedIn()
        self._opened: dict[Person | None, WatchedPage] = {}

    def warm(self, view: View) -> tuple[float, float]:
        """Bytes, and milliseconds to the first paint."""
        if view.person not in self._opened:
            self._opened[view.person] = self._open(self._state(view))
        opened = self._opened[view.person]
        view.show(opened, self._site)  # what it loads is in the cache from now on
        paints = []
        for _ in range(TIMES):
            view.show(opened, self._site)
            paints.append(opened.page.evaluate(FIRST_PAINT))
        return opened.page.evaluate(WEIGHT), median(paints)

    def cold(self, view: View) -> float:
        """Milliseconds to the first paint, in a browser that knows nothing but who is signed in."""
        paints: list[float] = []
        for _ in range(TIMES):
            opened = self._open(self._state(view))
            view.show(opened, self._site)
            paints.append(opened.page.evaluate(FIRST_PAINT))
            opened.close()
        return median(paints)

    def _open(self, state: StorageState | None) -> WatchedPage:
        return WatchedPage(self._browser, self._site.origin, state=state)

    def _state(self, view: View) -> StorageState | None:
        if view.person is None:
            return None
        return self._signed_in.cookies(lambda: self._open(None), view.person)


if __name__ == "__main__":
    main()
