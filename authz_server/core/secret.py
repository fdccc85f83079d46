"""Text that must not be seen: it redacts itself wherever it might be printed."""

from typing import Final

REDACTED: Final = "********"


class Secret:
    """A secret held in memory. Only `reveal` gives it away; comparing and hashing go by identity."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself; for the one place that computes with it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({REDACTED})"

    def __str__(self) -> str:
        return REDACTED

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret is not serialised")
