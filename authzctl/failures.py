"""Why a command did not do what was asked: what happened, and what to do next. Nothing here holds a secret."""

from __future__ import annotations

from collections.abc import Sequence

from authzctl.exits import ExitCode


class Failed(Exception):
    """Ends the program. `details` stand below the sentence, one a line; `advice` says what to do next."""

    exit_code = ExitCode.REFUSED

    def __init__(self, sentence: str, *, details: Sequence[str] = (), advice: str | None = None) -> None:
        self.sentence = sentence
        self.details = tuple(details)
        self.advice = advice
        super().__init__(sentence)

    def __str__(self) -> str:
        lines = [f"authzctl: {self.sentence}", *(f"  {detail}" for detail in self.details)]
        return "\n".join((*lines, self.advice) if self.advice else lines)


class Refused(Failed):
    """The API refuses, or the input is invalid. `code` is the problem document's, where there is one."""

    def __init__(
        self, sentence: str, *, details: Sequence[str] = (), advice: str | None = None, code: str | None = None
    ) -> None:
        self.code = code
        super().__init__(sentence, details=details, advice=advice)


class Misused(Failed):
    """The command line or the settings are wrong."""

    exit_code = ExitCode.USAGE


class Unreachable(Failed):
    """The API does not answer, or fails."""

    exit_code = ExitCode.UNREACHABLE
