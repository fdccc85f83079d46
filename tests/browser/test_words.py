"""Badges change by themselves: the script says the same as the server does."""

from __future__ import annotations

from authz_server.managing.credential_state import state_at
from authz_server.web.pages import words
from tests.support.browser import WatchedPage

_LEFT = [-4e8, -3e5, -172_801, -7_201, -3_600, -61, -59, -0.5, 0, 0.5, 59, 60, 7_199, 86_400, 86_401, 2e5, 4e8]
_SAYS = """async lefts => {
    const { stateAt } = await import(document.querySelector("script[src]").src);
    return lefts.map(stateAt);
}"""


def test_the_script_and_the_server_say_the_same_of_every_moment(page: WatchedPage) -> None:
    page.goto("/")
    now = 1_800_000_000.0
    said = []
    for left in _LEFT:
        shape = {"state": state_at(now + left, now).value, "expires_at": "2027-01-15T08:00:00Z"}
        at = words.moment("2027-01-15T08:00:00Z").timestamp()
        badge = words.badge(shape, at - left)
        said.append([badge.state.value, badge.before, badge.after])
    assert page.page.evaluate(_SAYS, _LEFT) == said
