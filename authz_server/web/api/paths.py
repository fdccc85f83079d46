"""Where things are, and what several resources share: paging."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from authz_server.managing.records import Position
from authz_server.web import limits
from authz_server.web.api import queries
from authz_server.web.api.operations import Call

PREFIX: Final = "/api/v1"
CLIENTS: Final = f"{PREFIX}/clients"
PROFILES: Final = f"{PREFIX}/profiles"
API_KEYS: Final = f"{PREFIX}/api-keys"
ACCOUNTS: Final = f"{PREFIX}/accounts"

PAGING: Final[Mapping[str, queries.Parse]] = {"cursor": queries.cursor, "limit": queries.page_items}


def page_of(call: Call) -> tuple[Position | None, int]:
    """Where the page begins, and how many items it has."""
    return call.query.get("cursor"), call.query.get("limit", limits.PAGE_ITEMS)
