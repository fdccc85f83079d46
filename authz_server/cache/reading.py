"""Reading from Redis: several records and what they are all part of, in one round trip and one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from redis.asyncio import Redis

from authz_server.cache.layout import Layout, Meta, MetaField
from authz_server.cache.transaction import Command, close, transact

_META_FIELDS: Final = tuple(MetaField)
_ATTEMPTS: Final = 3  # the epoch can change between two; more than once within a look-up is no publish of ours


class Garbled(Exception):
    """Redis answered something that is no answer to what was asked."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What Redis held at one moment. Without `meta` nothing else means anything."""

    meta: Meta | None
    fields: int
    records: Sequence[bytes | None]

    @property
    def complete(self) -> bool:
        """Nothing was lost: a record that is not there does not exist."""
        return self.meta is not None and self.fields >= self.meta.fields


class Reader:
    """Reads records of the epoch in force. Raises whatever redis-py does, and `Garbled`."""

    __slots__ = ("_client", "_epoch", "_layout")

    def __init__(self, client: Redis, layout: Layout) -> None:
        self._client = client
        self._layout = layout
        self._epoch = "-"  # no epoch yet; the first answer tells

    async def read(self, profile_ids: Sequence[str]) -> Reading:
        """The records of these profiles in the order of their ids, None for those that are not there."""
        for _ in range(_ATTEMPTS):
            asked = self._epoch
            reading = await self._ask(asked, profile_ids)
            if reading.meta is None or reading.meta.epoch == asked:
                return reading
            self._epoch = reading.meta.epoch
        raise Garbled("the epoch changes faster than it can be read")

    async def memory_policy(self) -> str:
        """How Redis makes room when it is full: anything but `noeviction` loses profiles."""
        info = await self._client.info("memory")
        return str(info["maxmemory_policy"]) if info.get("maxmemory") else "noeviction"

    async def close(self) -> None:
        """Close every connection."""
        await close(self._client)

    async def _ask(self, epoch: str, profile_ids: Sequence[str]) -> Reading:
        profiles = self._layout.profiles(epoch)
        commands: list[Command] = [("HMGET", self._layout.meta, *_META_FIELDS), ("HLEN", profiles)]
        if profile_ids:
            commands.append(("HMGET", profiles, *profile_ids))
        return _reading(await transact(self._client, self._layout.meta, commands), len(profile_ids))


def _reading(answers: list[Any], expected: int) -> Reading:
    if len(answers) != 2 + bool(expected):
        raise Garbled("Redis answered a transaction with another number of answers")
    meta, fields = answers[:2]
    records = answers[2] if expected else []
    if not isinstance(fields, int) or not _are_strings(meta, len(_META_FIELDS)) or not _are_strings(records, expected):
        raise Garbled("Redis answered with values of another type")
    return Reading(Meta.read(dict(zip(_META_FIELDS, meta, strict=True))), fields, cast(list[bytes | None], records))


def _are_strings(values: object, expected: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == expected
        and all(value is None or isinstance(value, bytes) for value in values)
    )
