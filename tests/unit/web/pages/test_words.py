"""Times, durations and states as people read them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.managing.credential_state import State, state_at
from authz_server.web.pages import words

NOW = 1_800_000_000.0
THEN = "2027-01-15T08:00:00Z"  # NOW


def a_state(state: State, expires_at: str | None = THEN) -> dict[str, Any]:
    """A `credential_state`, as REST shows it."""
    return {"state": state.value, "expires_at": expires_at, "created_at": "2026-01-01T00:00:00Z"}


def read(badge: words.Badge) -> str:
    """As a page puts it together."""
    return f"{badge.label}: {badge.before}{'THEN' if badge.expires_at else ''}{badge.after}"


@pytest.mark.parametrize(
    ("state", "now", "sentence"),
    [
        (State.VALID, NOW - 42 * words.DAY, "Valid: 42 days left, until THEN"),
        (State.EXPIRING_SOON, NOW - 5 * words.HOUR, "Expiring Soon: in 5 hours; rotate it before THEN"),
        (State.EXPIRED, NOW, "Expired: less than a minute ago, THEN; rotate it to let callers in"),
        (State.EXPIRED, NOW + 3 * words.DAY, "Expired: 3 days ago, THEN; rotate it to let callers in"),
    ],
)
def test_a_badge_says_when_and_what_to_do(state: State, now: float, sentence: str) -> None:
    assert read(words.badge(a_state(state), now)) == sentence


def test_a_badge_without_an_expiry_has_nothing_to_wait_for() -> None:
    assert read(words.badge(a_state(State.VALID, None), NOW)) == "Valid: never expires"
    assert read(words.badge(a_state(State.NONE, None), NOW)) == "No credential: "


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a minute"),
        (59.9, "less than a minute"),
        (60, "1 minute"),
        (7_199, "119 minutes"),
        (7_200, "2 hours"),
        (5 * words.HOUR - 1, "5 hours"),
        (2 * words.DAY - 1, "48 hours"),
        (2 * words.DAY, "2 days"),
        (90 * words.DAY - 1, "90 days"),
        (2 * words.YEAR - 1, "730 days"),
        (4_000 * words.DAY, "11 years"),
    ],
)
def test_a_duration_is_said_in_one_unit(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


@given(st.floats(-1e9, 1e9))
def test_every_moment_has_a_badge_of_the_state_that_the_credential_is_in(left: float) -> None:
    state = state_at(NOW, NOW - left)
    assert words.badge(a_state(state), NOW - left).label == words.LABELS[state]


def test_a_time_says_exactly_when_it_was_on_hover() -> None:
    assert words.time("2027-01-05T08:03:09.250Z") == (
        '<time datetime="2027-01-05T08:03:09.250Z" title="2027-01-05 08:03:09 UTC">5 Jan 2027, 08:03 UTC</time>'
    )


def test_a_time_that_is_not_there_is_a_word() -> None:
    assert words.time(None) == "never"
    assert words.time(None, "<not yet>") == "&lt;not yet&gt;"


def test_what_is_counted_agrees_with_its_number() -> None:
    assert [words.counted(number, "client") for number in (0, 1, 2_000)] == ["0 clients", "1 client", "2,000 clients"]
    assert words.counted(2, "entry", "entries") == "2 entries"


def test_an_action_without_words_is_shown_by_its_code() -> None:
    assert words.action("credential.rotate") == "rotated the credential of"
    assert words.action("moon.landing") == "moon.landing"
