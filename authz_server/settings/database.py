"""AUTHZ_DATABASE_URL: where the system of record is."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from authz_server.core.secret import REDACTED, Secret

_SQLITE: Final = re.compile(r"sqlite:///(?!:memory:)[^?#\0]+")
_SCHEMES: Final = ("postgresql+psycopg", "postgresql")
_PASSWORD_IN_QUERY: Final = re.compile(r"((?:^|&)(?:ssl)?password=)[^&]*", re.IGNORECASE)


def database_url(text: str) -> Secret:
    """A file of SQLite's, or PostgreSQL. A secret as a whole, since its password has no fixed place."""
    if not _SQLITE.fullmatch(text) and not _is_postgresql(text):
        raise ValueError("accepted: sqlite:///path or postgresql+psycopg://user:password@host:port/database")
    return Secret(text)


def masked_database_url(url: Secret) -> str:
    """The URL for people: the password is masked, wherever it stands."""
    split = urlsplit(url.reveal())
    credentials, at, hosts = split.netloc.rpartition("@")
    user, colon, _ = credentials.partition(":")
    masked = f"{user}:{REDACTED}" if colon else user
    query = _PASSWORD_IN_QUERY.sub(rf"\g<1>{REDACTED}", split.query)
    return f"{split.scheme}://{masked}{at}{hosts}{split.path}{'?' if query else ''}{query}"


def _is_postgresql(text: str) -> bool:
    try:
        split = urlsplit(text)
        hosts = split.netloc.rpartition("@")[2].split(",")  # several: the first one that answers is used
        usable = all(urlsplit(f"//{host}").port != 0 for host in hosts)
    except ValueError:  # a port that is none, an open bracket
        return False
    return usable and split.scheme in _SCHEMES and not split.fragment and len(split.path) > 1
