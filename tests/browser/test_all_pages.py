"""What holds for every page: how it is sent, what it weighs, that it fits, that it can be used with the keyboard."""

import re

import pytest

from authz_server.web.pages.site import PAGES
from tests.browser.looking import FOCUSED, FORMS, LONGEST_MOTION, MARK, SIDE_BY_SIDE, STICKS_OUT, WEIGHT
from tests.browser.pages import DOWNLOADS, VIEWS
from tests.support.browser import DESKTOP, PHONE, TABLET, WIDTHS, WatchedPage

MOST_BYTES = 61_440  # 60 KB: the page and everything that it loads, as it is before any compression
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
}
_INLINE = re.compile(r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE)
_SECRETS = re.compile(r"az[a-z]_[0-9A-Za-z]{20,}|csrf|password", re.IGNORECASE)


def test_every_page_is_strict_and_nothing_of_it_is_kept(shown: WatchedPage) -> None:
    """The policy, no caching, no framing, nothing inline, nothing secret in the URL."""
    answer = shown.answer()
    headers = answer.all_headers()
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy.items() >= POLICY.items()
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert not _INLINE.search(answer.text())
    assert not _SECRETS.search(shown.page.url)


def test_no_page_weighs_more_than_60_kilobytes_with_everything(shown: WatchedPage) -> None:
    assert shown.page.evaluate(WEIGHT) <= MOST_BYTES


def test_no_page_scrolls_sideways(shown: WatchedPage) -> None:
    for width in WIDTHS:
        shown.resize(width)
        assert shown.page.evaluate(STICKS_OUT) == [], f"{width} pixels wide"


def test_tables_become_cards_on_a_telephone(shown: WatchedPage) -> None:
    """Below 600 pixels the cells of a row are one below the other, above it one beside the other."""
    for width in (PHONE, TABLET):
        shown.resize(width)
        assert set(shown.page.evaluate(SIDE_BY_SIDE)) <= {width == TABLET}, f"{width} pixels wide"


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_everything_can_be_reached_by_tab_and_shows_that_it_was(shown: WatchedPage, width: int) -> None:
    shown.resize(width)
    page = shown.page
    usable = page.evaluate(MARK)
    reached: list[int] = []
    for _ in range(2 * len(usable) + 60):  # fields of a date have several stops
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:  # past the last one; the next is the first one again
            continue
        number, wrong, element = focused
        assert not wrong, f"{wrong}: {element}"
        if number in reached and number != reached[-1]:
            break
        if number >= 0:  # less: reached by Tab, but nothing that a mouse would use, such as what scrolls
            reached.append(number)
    assert [element for number, element in enumerate(usable) if number not in reached] == []


def test_no_form_does_anything_without_its_proof(shown: WatchedPage) -> None:
    """The proof that a form is ours (CSRF) is in each one, and what is sent without it is refused."""
    for action, fields in shown.page.evaluate(FORMS):
        answer = shown.context.request.post(action, form=fields, max_redirects=0)
        assert answer.status == 403, action


def test_motion_is_short_and_there_is_none_for_who_wants_none(shown: WatchedPage) -> None:
    assert shown.page.evaluate(LONGEST_MOTION) == 0
    shown.page.emulate_media(reduced_motion="no-preference")
    assert shown.page.evaluate(LONGEST_MOTION) <= 0.15


def test_every_page_that_is_served_is_in_the_table() -> None:
    """A page that is added has to be added to the table, or nothing here is tested of it."""
    unseen = []
    for page in PAGES:
        shown = re.compile(re.sub(r"\{[^}]*\}", "[^/]+", page.path))
        if (
            "GET" in page.actions
            and page.path not in DOWNLOADS
            and not any(shown.fullmatch(view.route) for view in VIEWS)
        ):
            unseen.append(page.path)
    assert unseen == []
