"""Light and dark, as the system asks for it, or as a person chooses."""

import pytest

from tests.browser.conftest import Open
from tests.support.browser import THEMES, Theme, WatchedPage
from tests.support.site import Site

_COLOURS = """() => ["body", "h1", "main a", "header a"].map(selector => {
  const style = getComputedStyle(document.querySelector(selector));
  return [style.color, style.backgroundColor, style.borderColor];
})"""
OTHER: dict[Theme, Theme] = {"light": "dark", "dark": "light"}


@pytest.mark.parametrize("chosen", THEMES)
def test_a_chosen_theme_looks_as_it_does_where_the_system_asks_for_it(either_page: WatchedPage, chosen: Theme) -> None:
    """And it stays chosen, on other pages too."""
    page = either_page.page
    either_page.theme(chosen)
    either_page.goto("/")
    wanted = page.evaluate(_COLOURS)
    either_page.theme(OTHER[chosen])
    page.get_by_role("button", name=f"{chosen.capitalize()} theme").click()
    page.get_by_role("button", name=f"{chosen.capitalize()} theme", pressed=True).wait_for()
    assert page.evaluate(_COLOURS) == wanted
    either_page.goto("/nothing/here")
    either_page.goto("/")
    assert page.evaluate(_COLOURS) == wanted


def test_whoever_chooses_the_system_theme_gets_what_the_system_asks_for(either_page: WatchedPage) -> None:
    page = either_page.page
    either_page.goto("/")
    light = page.evaluate(_COLOURS)
    page.get_by_role("button", name="Dark theme").click()
    page.get_by_role("button", name="Dark theme", pressed=True).wait_for()
    assert page.evaluate(_COLOURS) != light
    page.get_by_role("button", name="System theme").click()
    page.get_by_role("button", name="System theme", pressed=True).wait_for()
    assert page.evaluate(_COLOURS) == light


def test_a_theme_can_be_chosen_before_signing_in_and_outlives_it(open_page: Open, site: Site) -> None:
    opened = open_page(site, person=None)
    opened.goto("/sign-in")
    opened.page.get_by_role("button", name="Dark theme").click()
    opened.page.get_by_role("button", name="Dark theme", pressed=True).wait_for()
    assert opened.page.locator("html").get_attribute("data-theme") == "dark"
    assert opened.page.url == f"{site.origin}/sign-in"
