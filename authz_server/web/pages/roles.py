"""Roles in words: what an account or an API key may do."""

from __future__ import annotations

from typing import Final

from authz_server.managing.records import Role

WORDS: Final = {
    Role.VIEWER: "reads everything but secrets, and changes nothing",
    Role.OPERATOR: "reads everything, and makes, changes and removes clients, profiles and credentials",
    Role.ADMIN: "does everything, accounts and API keys included",
}
CHOICES: Final = tuple((role.value, words) for role, words in WORDS.items())
