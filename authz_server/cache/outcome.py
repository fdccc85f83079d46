"""How a look-up ends: a profile, nothing, or a failure that has not been raised yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

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

# A server that does not know a command quotes its arguments, and those of AUTH are the password.
_QUOTED_ARGUMENTS: Final = re.compile(r",? with args beginning with.*", re.DOTALL)


def described(error: BaseException) -> str:
    """An exception in a short line of printable ASCII: it may quote what a hostile server sent."""
    return f"{type(error).__name__}: {words_of(error)}"


def words_of(error: BaseException) -> str:
    """What an exception says, in a short line of printable ASCII, and without arguments that Redis quotes."""
    return ascii(_QUOTED_ARGUMENTS.sub("", str(error))[:200])[1:-1]
