"""The names of everything in Redis, in one place.

All keys share one hash tag, so one script is atomic on a Cluster too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SCHEMA: Final = "1"
LOG_ENTRIES: Final = 100_000  # about; the stream is trimmed by whole nodes
TOMBSTONE_SECONDS: Final = 86_400

_PREFIX: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Layout:
    """The keys under one prefix."""

    prefix: str

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError("the prefix has to be 1 to 64 letters, digits, dots, underscores or hyphens")

    def profiles(self, epoch: str) -> str:
        """Hash: profile id -> record, of a profile or of its deletion (see `record`)."""
        return f"{{{self.prefix}}}:profiles:{epoch}"

    @property
    def log(self) -> str:
        """Stream: one entry per change (`LogField`), trimmed to about `LOG_ENTRIES`."""
        return f"{{{self.prefix}}}:log"

    @property
    def meta(self) -> str:
        """Hash (`MetaField`); set last by a full publish."""
        return f"{{{self.prefix}}}:meta"

    @property
    def tombstones(self) -> str:
        """Sorted set: deleted profile id -> when, in milliseconds; kept for `TOMBSTONE_SECONDS`."""
        return f"{{{self.prefix}}}:tombstones"


class LogField(StrEnum):
    """What an entry of the log holds: always `BEFORE`, then a profile's id and record, or an epoch."""

    BEFORE = "before"
    PROFILE = "profile"
    RECORD = "record"
    EPOCH = "epoch"


class MetaField(StrEnum):
    """What `meta` holds."""

    SCHEMA = "schema"
    EPOCH = "epoch"
    SEQUENCE = "sequence"  # the last one given out
    COUNT = "count"  # profiles
    DELETED = "deleted"  # records of deletions, beside them in the same hash
    WRITER = "writer"  # publish:<name> or manage:<id>
    SIGNED = "signed"  # 1 or 0
    HEARTBEAT = "heartbeat"  # when `manage` last looked after it, in milliseconds since the Unix epoch


@dataclass(frozen=True, slots=True)
class Meta:
    """What the records in Redis are, all of them."""

    epoch: str
    sequence: int
    count: int
    deleted: int
    writer: str
    signed: bool

    @classmethod
    def read(cls, values: Mapping[str, bytes | None]) -> Meta | None:
        """Read `meta`; None where it is absent, incomplete or of another schema."""
        written = {field: values.get(field) or b"" for field in MetaField}
        if written[MetaField.SCHEMA] != SCHEMA.encode() or not written[MetaField.EPOCH]:
            return None
        try:
            return cls(
                epoch=written[MetaField.EPOCH].decode("ascii"),
                sequence=int(written[MetaField.SEQUENCE]),
                count=int(written[MetaField.COUNT]),
                deleted=int(written[MetaField.DELETED]),
                writer=written[MetaField.WRITER].decode(),
                signed=written[MetaField.SIGNED] == b"1",
            )
        except ValueError:  # no numbers, no UTF-8
            return None

    @property
    def fields(self) -> int:
        """How many fields the hash of profiles has where nothing was lost."""
        return self.count + self.deleted
