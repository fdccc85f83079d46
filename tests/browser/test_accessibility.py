"""axe-core (WCAG 2.2 AA, and its best practices) has nothing against any page in any state, theme or width."""

from tests.support.browser import THEME_RULES, WIDTHS, WatchedPage, axe_violations


def test_axe_finds_no_violation(shown: WatchedPage) -> None:
    for width in WIDTHS:
        shown.resize(width)
        assert axe_violations(shown.page) == [], f"{width} pixels wide"


def test_axe_finds_no_violation_in_the_dark(shown: WatchedPage) -> None:
    """Only what a theme can change: the rest is as it is in the light."""
    shown.theme("dark")
    for width in WIDTHS:
        shown.resize(width)
        assert axe_violations(shown.page, THEME_RULES) == [], f"{width} pixels wide"
