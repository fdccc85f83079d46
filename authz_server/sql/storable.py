"""What text a database can hold. Whatever else is asked for is not there."""

from __future__ import annotations

import re
from typing import Final

# NUL, which PostgreSQL refuses, and halves of a surrogate pair, which UTF-8 cannot say.
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether it could be in the database at all."""
    return _UNSTORABLE.search(text) is None
