"""Where something is on the web, as it may be shown to others."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

# Neither credentials nor a query nor a fragment, and nothing that has to be escaped.
_is_plain: Final = re.compile(r"https?://[\w.~:\[\]-]+(/[\w.~%!$&'()*+,;=:/-]*)?", re.ASCII).fullmatch


def web_address(text: str) -> str:
    """A URL that paths can be put behind, without a slash at its end."""
    try:
        split = urlsplit(text)
        usable = bool(split.hostname) and split.port != 0
    except ValueError:  # a port that is none, an open bracket
        usable = False
    if not usable or not _is_plain(text):
        raise ValueError(
            "accepted: an http:// or https:// URL without credentials, query and fragment, such as https://api.example"
        )
    return text.rstrip("/")
