"""What state a credential is in: it follows from the time alone, so that no write is needed for it to change."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from authz_server.core.auth import JwtAuth, TokenAuth
from authz_server.managing.records import ProfileRecord

EXPIRING_SOON_SECONDS: Final = 86_400


class State(StrEnum):
    """Of a token or an HMAC secret; `NONE` for whatever else proves who calls."""

    VALID = "valid"
    EXPIRING_SOON = "expiring_soon"
    EXPIRED = "expired"
    NONE = "none"


class CredentialState(NamedTuple):
    """What people see of a credential."""

    state: State
    expires_at: float | None = None
    created_at: float | None = None


class Possible(NamedTuple):
    """What can be done with a profile's credential: exchange it for another, end it, show it again.

    What was not made here cannot be exchanged; what is not kept cannot be shown.
    """

    rotate: bool = False
    expire: bool = False
    reveal: bool = False


class ProfileCounts(NamedTuple):
    """How many profiles there are, and how many of them somebody should look at.

    `inactive`: the profile or its client is switched off. `expiring_soon` and `expired` are states of credentials.
    """

    total: int = 0
    inactive: int = 0
    expiring_soon: int = 0
    expired: int = 0


def credential_state(record: ProfileRecord, now: float) -> CredentialState:
    """The state of a profile's credential at `now`."""
    auth, credential = record.profile.auth, record.credential
    if credential is None or not isinstance(auth, TokenAuth | JwtAuth):
        return CredentialState(State.NONE)
    return CredentialState(state_at(auth.expires_at, now), auth.expires_at, credential.created_at)


def state_at(expires_at: float | None, now: float) -> State:
    """Expired from `expires_at` on, without leeway; expiring soon in the 24 hours before."""
    if expires_at is None:
        return State.VALID
    left = expires_at - now
    if left <= 0:
        return State.EXPIRED
    return State.EXPIRING_SOON if left <= EXPIRING_SOON_SECONDS else State.VALID


def possible(record: ProfileRecord, *, reveals: bool) -> Possible:
    """What can be done with a profile's credential. `reveals`: what is kept may be shown."""
    auth, credential = record.profile.auth, record.credential
    if credential is None or not isinstance(auth, TokenAuth | JwtAuth):
        return Possible()
    kept = credential.token if isinstance(auth, TokenAuth) else auth.secret
    return Possible(rotate=credential.issued, expire=True, reveal=reveals and kept is not None)
