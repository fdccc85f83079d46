"""Text of others on a terminal: what could move the cursor or turn the direction around is shown as an escape."""

from __future__ import annotations

import re
from typing import Final

# C0, C1, DEL, line and paragraph separators; what overrides or isolates the direction of text (UAX 9); half characters.
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def on_one_line(text: str) -> str:
    """The text, harmless, without an end of line."""
    return _UNSEEN.sub(lambda found: ascii(found.group())[1:-1], text)
