"""What a check needs from outside."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from authz_server.authentication.authenticator import Authenticator
from authz_server.authentication.build import authenticator_for
from authz_server.core.profile import Profile

Clock = Callable[[], float]
"""The time, in seconds since the Unix epoch."""


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """A profile ready to be enforced: its keys are parsed and its rules compiled."""

    profile: Profile
    authenticator: Authenticator

    @classmethod
    def of(cls, profile: Profile) -> "LoadedProfile":
        """Work out once what every check of this profile needs. Raises `ProfileUnusable`."""
        return cls(profile, authenticator_for(profile.auth))


class ProfileSource(Protocol):
    """Where profiles are found."""

    def find(self, profile_id: str) -> LoadedProfile | Awaitable[LoadedProfile | None] | None:
        """The profile of that id, or None where there is none; an awaitable where it has to be fetched first.

        Raises `ProfileUnusable`, `LookupFailed`, and `CannotTell` where "there is none" could not be said truthfully.
        """


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a source can answer truthfully for any id: if not, why not; and what else an operator should know."""

    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Nothing stands in the way."""
        return not self.reasons


class RunningProfileSource(ProfileSource, Protocol):
    """A source with a life of its own: it is started before the first check and closed after the last."""

    async def start(self) -> None:
        """Connect or read. Raises where the source can never serve; being not ready yet is no error."""

    async def close(self) -> None:
        """Stop everything that `start` began."""

    def readiness(self) -> Readiness:
        """Whether an unknown profile can be told truthfully, now."""

    @property
    def count(self) -> int | None:
        """How many profiles there are; None while that is not known."""

    @property
    def age(self) -> float | None:
        """Seconds since what is served was last known to be current; None before it ever was."""
