"""Words: times, durations and states as people read them. `static/app.js` says the same as time goes by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

from markupsafe import Markup

from authz_server.managing.credential_state import State
from authz_server.managing.records import Shape

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
YEAR: Final = 365 * DAY
_HOURS_UP_TO: Final = 2 * DAY  # "47 hours" says more than "1 day"
_MINUTES_UP_TO: Final = 2 * HOUR
_DAYS_UP_TO: Final = 2 * YEAR

LABELS: Final = {
    State.VALID: "Valid",
    State.EXPIRING_SOON: "Expiring Soon",
    State.EXPIRED: "Expired",
    State.NONE: "No credential",
}


class Badge(NamedTuple):
    """The state of a credential: its name, and what to do, around the moment that it is about (if there is one)."""

    state: State
    label: str
    before: str
    expires_at: str | None
    after: str


def badge(credential_state: Shape, now: float) -> Badge:
    """The badge for a profile's `credential_state`, as REST shows it."""
    state = State(credential_state["state"])
    expires_at = credential_state["expires_at"]
    if expires_at is None:
        return Badge(state, LABELS[state], "never expires" if state is State.VALID else "", None, "")
    left = moment(expires_at).timestamp() - now
    match state:
        case State.EXPIRED:
            return Badge(state, LABELS[state], f"{duration(-left)} ago, ", expires_at, "; rotate it to let callers in")
        case State.EXPIRING_SOON:
            return Badge(state, LABELS[state], f"in {duration(left)}; rotate it before ", expires_at, "")
        case _:
            return Badge(state, LABELS[state], f"{duration(left)} left, until ", expires_at, "")


def duration(seconds: float) -> str:
    """How long, in one unit: minutes rounded down, the longer ones to the nearest."""
    if seconds < MINUTE:
        return "less than a minute"
    if seconds < _MINUTES_UP_TO:
        return _counted(int(seconds // MINUTE), "minute")
    if seconds < _HOURS_UP_TO:
        return _counted(int(seconds / HOUR + 0.5), "hour")
    if seconds < _DAYS_UP_TO:
        return _counted(int(seconds / DAY + 0.5), "day")
    return _counted(int(seconds / YEAR + 0.5), "year")


def moment(text: str) -> datetime:
    """A time as the shapes have it (RFC 3339, UTC)."""
    return datetime.fromisoformat(text)


def time(text: str | None, otherwise: str = "never") -> Markup:
    """A time: UTC as it is served, in the reader's zone where the script runs, and exactly on hover."""
    if text is None:
        return Markup.escape(otherwise)
    at = moment(text).astimezone(UTC)
    exact = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(text, exact, f"{at.day} {at:%b %Y, %H:%M} UTC")


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 client`, `2 clients`, `1,000 clients`."""
    return _counted(number, one, many)


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


ACTIONS: Final = {
    "account.create": "made the account",
    "account.delete": "deleted the account",
    "account.end_sessions": "ended the sessions of the account",
    "account.set_password": "set the password of the account",
    "account.sign_in": "signed in",
    "account.update": "changed the account",
    "api_key.create": "made the API key",
    "api_key.revoke": "revoked the API key",
    "client.create": "added the client",
    "client.delete": "deleted the client",
    "client.update": "changed the client",
    "credential.end_grace": "ended the time of grace of",
    "credential.expire": "let expire the credential of",
    "credential.remove_auth": "removed auth from",
    "credential.reveal": "was shown the credential of",
    "credential.rotate": "rotated the credential of",
    "credential.set_auth": "changed the auth type of",
    "document.apply": "applied a document",
    "profile.create": "added the profile",
    "profile.delete": "deleted the profile",
    "profile.update": "changed the profile",
    "secrets.rotate": "sealed every secret anew",
}


def action(code: str) -> str:
    """What was done, in words that go on to what it was done to."""
    return ACTIONS.get(code, code)
