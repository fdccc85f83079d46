"""Writing to Redis: a few changes in one script call, or everything under a new epoch. Either is seen whole."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

import redis
from redis.commands.core import Script

from authz_server.cache import scripts
from authz_server.cache.layout import LOG_ENTRIES, SCHEMA, TOMBSTONE_SECONDS, Layout, Meta, MetaField
from authz_server.cache.record import RecordCodec
from authz_server.core.profile import Version

T = TypeVar("T")
Progress = Callable[[int], None]
"""Told how many more are done."""

CHANGES_AT_ONCE: Final = 1_000  # in one script call; more would hold up every reader for too long
_BATCH: Final = 1_000
_ATTEMPTS: Final = 3
_STAGED_SECONDS: Final = 3_600  # what a broken publish has left behind goes by itself
_SCAN_COUNT: Final = 1_000
_COMPARED: Final = (MetaField.EPOCH, MetaField.SEQUENCE)


class WriteConflict(Exception):
    """Somebody else has written since it was looked at; nothing was written now."""


@dataclass(frozen=True, slots=True)
class InForce:
    """What is in force: `meta`, and the epoch and sequence that a script compares, both empty where there is nothing.

    An epoch without `meta`: another version of this program wrote it, or something else did.
    """

    meta: Meta | None = None
    epoch: str = ""
    sequence: str = ""

    @property
    def other_schema(self) -> bool:
        """Something is there that this version cannot read."""
        return self.meta is None and bool(self.epoch)


@dataclass(frozen=True, slots=True)
class Change:
    """One versioned write: a profile's content, or with None its deletion."""

    profile_id: str
    sequence: int
    content: bytes | None


class Written(NamedTuple):
    """What a script has done: how many changes were newer than what was held, what `meta` showed before."""

    changes: int
    before: int


class RecordWriter:
    """The one writer of a prefix. Raises `redis.RedisError` where Redis does not do as it should."""

    def __init__(self, client: redis.Redis, layout: Layout, codec: RecordCodec, writer: str) -> None:
        """`writer` is `publish:<name>` or `manage:<database id>`."""
        self.touched = False  # a script was sent that may have changed what is in force, and it did not refuse
        self._client = client
        self._layout = layout
        self._codec = codec
        self._writer = writer
        self._write_changes = client.register_script(scripts.WRITE_CHANGES)
        self._begin_epoch = client.register_script(scripts.BEGIN_EPOCH)
        self._beat = client.register_script(scripts.BEAT)
        self._epoch = "-"  # when last looked

    def in_force(self) -> InForce:
        """What readers read now."""
        return _in_force(self._client.hmget(self._layout.meta, list(MetaField)))

    def in_force_and_fields(self) -> tuple[InForce, int]:
        """What readers read now, and how many records there are at the same moment."""
        for _ in range(_ATTEMPTS):
            asked = self._epoch
            with self._client.pipeline(transaction=True) as transaction:
                transaction.hmget(self._layout.meta, list(MetaField))
                transaction.hlen(self._layout.profiles(asked))
                values, fields = transaction.execute()
            shown = _in_force(values)
            if shown.meta is None or shown.epoch == asked:
                return shown, int(fields)
            self._epoch = shown.epoch
        raise redis.ResponseError("the epoch changes faster than it can be read")

    def fields(self, epoch: str) -> int:
        """How many records, deletions among them, there are."""
        fields: Any = self._client.hlen(self._layout.profiles(epoch))
        return int(fields)

    def records(self, epoch: str, progress: Progress) -> Iterator[tuple[str, bytes]]:
        """Every record, unverified, by profile id; one that is written meanwhile may come in either state, or twice."""
        for field, record in self._client.hscan_iter(self._layout.profiles(epoch), count=_SCAN_COUNT):
            progress(1)
            yield field.decode("utf-8", "replace"), record

    def record(self, epoch: str, profile_id: str) -> bytes | None:
        """One record, unverified."""
        found: Any = self._client.hget(self._layout.profiles(epoch), profile_id)
        return found if isinstance(found, bytes) else None

    def beat(self, epoch: str, now: float) -> None:
        """Tell that somebody looks after the records, where the epoch and the writer are still these."""
        self._beat(keys=[self._layout.meta], args=[epoch, self._writer, int(now * 1_000)])

    def write(self, epoch: str, changes: Sequence[Change], *, after: int | None = None) -> Written:
        """Write what is newer than what is held, all in one script call.

        Raises `WriteConflict` where the epoch or the writer is another, or `after` is not the last sequence.
        """
        arguments: list[Any] = [epoch, self._writer, "" if after is None else after]
        arguments += [int(time.time() * 1_000), TOMBSTONE_SECONDS * 1_000, LOG_ENTRIES]
        for change in changes:
            version = Version(epoch, change.sequence)
            arguments += [change.profile_id, change.sequence, self._record(change.profile_id, version, change.content)]
        return self._run(self._write_changes, self._keys(epoch), arguments)

    def replace_all(
        self,
        profiles: Iterable[tuple[str, int, bytes]],
        *,
        over: InForce,
        sequence: int,
        progress: Progress,
        epoch: str | None = None,
    ) -> str:
        """Write every profile (id, sequence, content) under a new epoch, put that in force, and return it.

        `meta` then shows `sequence`, or the highest one written. Until the last step readers see what was there before,
        and keep it where something breaks. Raises `WriteConflict` where `over` is not in force any more.
        """
        epoch = epoch or secrets.token_hex(16)
        try:
            written, highest = self._stage(epoch, profiles, progress)
        except BaseException:
            self._take_back(epoch)
            raise
        try:
            self._put_in_force(epoch, over, written, max(sequence, highest))
        except WriteConflict:
            self._take_back(epoch)
            raise
        # After any other error nobody knows whether the script has run: the records may be those in force by now, and
        # where they are not, they expire.
        return epoch

    def _take_back(self, epoch: str) -> None:
        with contextlib.suppress(redis.RedisError):
            self._client.unlink(self._layout.profiles(epoch))

    def _stage(self, epoch: str, profiles: Iterable[tuple[str, int, bytes]], progress: Progress) -> tuple[int, int]:
        """How many there are, and the highest sequence of them."""
        key, written, highest = self._layout.profiles(epoch), 0, 0
        for batch in _batches(profiles, _BATCH):
            records: Any = {
                profile_id: self._record(profile_id, Version(epoch, sequence), content)
                for profile_id, sequence, content in batch
            }
            self._client.hset(key, mapping=records)
            if not written:
                self._client.expire(key, _STAGED_SECONDS)
            written += len(records)
            highest = max(highest, *(each[1] for each in batch))
            progress(len(records))
        return written, highest

    def _put_in_force(self, epoch: str, over: InForce, written: int, sequence: int) -> None:
        meta: Mapping[str, object] = {
            MetaField.SCHEMA: SCHEMA,
            MetaField.EPOCH: epoch,
            MetaField.SEQUENCE: sequence,
            MetaField.COUNT: written,
            MetaField.DELETED: 0,
            MetaField.WRITER: self._writer,
            MetaField.SIGNED: int(self._codec.signs),
        }
        keys = [*self._keys(epoch), self._layout.profiles(over.epoch or epoch)]
        arguments: list[Any] = [over.epoch, over.sequence, epoch, LOG_ENTRIES, written]
        for field, value in meta.items():
            arguments += [str(field), value]
        self._run(self._begin_epoch, keys, arguments)

    def _keys(self, epoch: str) -> list[str]:
        return [self._layout.meta, self._layout.log, self._layout.tombstones, self._layout.profiles(epoch)]

    def _record(self, profile_id: str, version: Version, content: bytes | None) -> bytes:
        if content is None:
            return self._codec.write(profile_id, version)
        return self._codec.write(profile_id, version, content)

    def _run(self, script: Script, keys: Sequence[str], arguments: Sequence[Any]) -> Written:
        touched, self.touched = self.touched, True
        answer: Any = script(keys=keys, args=arguments)
        match answer:
            case [b"written", int(count), bytes(before)]:
                return Written(count, int(before) if before.isdigit() else 0)
            case [b"refused", bytes(why)]:
                self.touched = touched
                raise WriteConflict(f"somebody else writes here too ({why.decode('ascii', 'replace')} has changed)")
            case _:
                raise redis.ResponseError("the script answered something else than it should")


def _in_force(values: Any) -> InForce:
    found: dict[str, bytes | None] = dict(zip(MetaField, values, strict=True))
    epoch, sequence = ((found[field] or b"").decode("ascii", "replace") for field in _COMPARED)
    return InForce(Meta.read(found), epoch, sequence)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
