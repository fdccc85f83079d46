"""Pictures of every page in every state, width and theme: `make screenshots`.

All of them go to `build/screenshots`, with an `index.html` to look at them side by side; the few that the README and
the documentation show, to `docs/screenshots`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from html import escape
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from tests.browser.pages import VIEWS, View
from tests.support.browser import DESKTOP, PHONE, THEMES, WIDTHS, Theme, WatchedPage, running_browser
from tests.support.site import Person, SignedIn, Site, Sites

ALL: Final = Path("build/screenshots")
CHOSEN_FOLDER: Final = Path("docs/screenshots")
CHOSEN: Final[tuple[tuple[str, int, Theme], ...]] = (
    ("home", DESKTOP, "light"),
    ("client", DESKTOP, "light"),
    ("profile-new-credential", DESKTOP, "light"),
    ("profile", DESKTOP, "dark"),
    ("profile-try-refused", DESKTOP, "light"),
    ("profile", PHONE, "dark"),
    ("clients", PHONE, "light"),
)


def file_name(view: str, width: int, theme: Theme) -> str:
    """`profile-360-dark.png`."""
    return f"{view}-{width}-{theme}.png"


class Photographer:
    """Takes all pictures of one view after the other, on one page for each site and person."""

    def __init__(self, browser: Browser, sites: dict[bool, Site], folder: Path) -> None:
        self._browser = browser
        self._sites = sites
        self._folder = folder
        self._signed_in = {empty: SignedIn() for empty in sites}
        self._opened: dict[tuple[bool, Person | None], WatchedPage] = {}

    def take(self, view: View) -> Iterator[Path]:
        """Each picture of a view, of the whole page from its top to its end."""
        opened = self._page(view)
        opened.resize(DESKTOP)
        view.show(opened, self._sites[view.empty])
        opened.page.mouse.move(0, 0)
        for theme in THEMES:
            opened.theme(theme)
            for width in WIDTHS:
                opened.resize(width)
                path = self._folder / file_name(view.name, width, theme)
                opened.page.screenshot(path=path, full_page=True, caret="hide", animations="disabled")
                if (view.name, width, theme) in CHOSEN:  # what is seen without scrolling
                    opened.page.screenshot(path=CHOSEN_FOLDER / path.name, caret="hide", animations="disabled")
                yield path

    def _page(self, view: View) -> WatchedPage:
        key = (view.empty, view.person)
        if key not in self._opened:
            origin = self._sites[view.empty].origin
            signed_in = self._signed_in[view.empty]
            state = None
            if view.person is not None:
                state = signed_in.cookies(lambda: WatchedPage(self._browser, origin), view.person)
            self._opened[key] = WatchedPage(self._browser, origin, state=state)
        return self._opened[key]


def index(names: Sequence[str]) -> str:
    """A page with all pictures: a row for each view."""
    rows = "".join(
        f"<h2>{escape(name)}</h2><div>"
        + "".join(f'<img loading="lazy" src="{file_name(name, width, theme)}">' for theme in THEMES for width in WIDTHS)
        + "</div>"
        for name in names
    )
    style = "body { font: 16px sans-serif } div { display: flex; gap: 8px; align-items: start; overflow-x: auto }"
    return f"<!doctype html><meta charset=utf-8><title>Screenshots</title><style>{style}</style>{rows}"


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("views", nargs="*", metavar="VIEW", help="only these, by their names in tests/browser/pages.py")
    wanted = parser.parse_args().views
    views = [view for view in VIEWS if not wanted or view.name in wanted]
    ALL.mkdir(parents=True, exist_ok=True)
    CHOSEN_FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sites = Sites(folder)
        running: dict[bool, Site] = {}
        for empty in {view.empty for view in views}:
            own = folder / f"running-{empty}"
            own.mkdir()
            running[empty] = stack.enter_context(sites.running(own, filled=not empty))
        photographer = Photographer(stack.enter_context(running_browser()), running, ALL)
        taken = [path for view in views for path in photographer.take(view)]
    (ALL / "index.html").write_text(index([view.name for view in views]))
    print(f"{len(taken)} pictures of {len(views)} views: open {ALL}/index.html. The chosen are in {CHOSEN_FOLDER}/")


if __name__ == "__main__":
    main()
