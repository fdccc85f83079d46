"""Log lines kept in memory."""

import json
from typing import Any


class RecordedLines:
    """Takes lines as `LineWriter` does, and keeps them."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, line: bytes) -> None:
        """Keep one line."""
        self.lines.append(line)

    @property
    def text(self) -> str:
        """All lines as text."""
        return b"\n".join(self.lines).decode()

    @property
    def events(self) -> list[dict[str, Any]]:
        """All lines as JSON objects."""
        return [json.loads(line) for line in self.lines]
