"""What the next page says was done."""

from __future__ import annotations

import pytest

from authz_server.web.pages import notices
from authz_server.web.pages.notices import Notice, Told


@pytest.mark.parametrize("is_pending", [False, True])
@pytest.mark.parametrize("notice", Notice)
def test_a_notice_survives_its_cookie_and_has_words(notice: Notice, *, is_pending: bool) -> None:
    told = Told(notice, is_pending)
    assert notices.read(told.write()) == told
    assert told.sentence.endswith(".")


@pytest.mark.parametrize("text", ["", "+pending", "<b>hello</b>", "client_saved+pending+pending", "CLIENT_SAVED"])
def test_whatever_else_a_cookie_says_is_nothing(text: str) -> None:
    assert notices.read(text) is None
