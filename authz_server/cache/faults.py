"""What can go wrong with the profiles, as names to count and sentences to log."""

from collections.abc import Callable
from enum import StrEnum


class CacheFault(StrEnum):
    """The `kind` under which a fault is counted: never a denial's code, which is counted once for each check."""

    RECORD_UNUSABLE = "record_unusable"
    RECORD_WENT_BACK = "record_went_back"
    LOOKUPS_FULL = "lookups_full"
    REDIS_UNREACHABLE = "redis_unreachable"
    REDIS_INCOMPLETE = "redis_incomplete"
    REDIS_MEMORY_POLICY = "redis_memory_policy"
    PROFILES_FILE = "profiles_file"


OnFault = Callable[[CacheFault, str], None]
"""Told of each fault: its kind, and a sentence without secrets."""


def ignore(_kind: CacheFault, _sentence: str) -> None:
    """Nobody wants to know."""
