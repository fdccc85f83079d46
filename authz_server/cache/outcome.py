"""How a look-up ends: a profile, nothing, or a failure that has not been raised yet."""

from __future__ import annotations

from dataclasses import dataclass

from authz_server.checking.ports import LoadedProfile
from authz_server.core.errors import CannotTell, Fault


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception to be made anew for each caller: one that is raised twice collects the frames of both."""

    kind: type[Fault | CannotTell]
    sentence: str

    def exception(self) -> Exception:
        """The exception."""
        return self.kind(self.sentence)


Outcome = LoadedProfile | Failure | None


def described(error: BaseException) -> str:
    """An exception in a short line of printable ASCII: it may quote what a hostile server sent."""
    return ascii(f"{type(error).__name__}: {error}"[:200])[1:-1]
