"""Publishing a whole set of profiles: what it would change, and doing it.

Every publish is atomic. Up to `CHANGES_AT_ONCE` changes are one script call; more, or a change of who writes or whether
records are signed, is a new epoch. Where it breaks off in the middle, what was there before stays in force.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from authz_server.cache.record import Record, RecordCodec
from authz_server.cache.writer import CHANGES_AT_ONCE, Change, InForce, RecordWriter, WriteConflict
from authz_server.core.errors import ProfileUnusable
from authz_server.core.profile import Profile

_ATTEMPTS: Final = 3


class PublishRefused(Exception):
    """Publishing now would do something that nobody asked for; the sentence says what to do."""


class Progress:
    """Told what is being done, and how far it is. This one keeps it to itself."""

    def begin(self, step: str, total: int | None) -> None:
        """A step begins, of so many profiles."""

    def advance(self, by: int) -> None:
        """So many more are done."""

    def end(self) -> None:
        """All is over, or broken off."""


@dataclass(frozen=True, slots=True)
class Held:
    """What Redis holds: the records that verify, and the ids of those that do not."""

    in_force: InForce
    complete: bool = True
    records: dict[str, Record] = field(default_factory=dict)
    unusable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a publish does, by profile id, in the order of the file."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]  # no longer in the file, and not removed for lack of `prune`

    @property
    def changes(self) -> int:
        """How many profiles are written or removed."""
        return len(self.added) + len(self.changed) + len(self.removed)


class Publisher:
    """One publish of `profiles`, under the name of `writer`."""

    def __init__(
        self,
        writer: RecordWriter,
        codec: RecordCodec,
        profiles: Sequence[Profile],
        *,
        name: str,
        prune: bool = False,
        take_over: bool = False,
        progress: Progress | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`name` is what `writer` signs with. Raises `content.SealMissing`."""
        self._writer = writer
        self._codec = codec
        self._name = name
        self._prune = prune
        self._take_over = take_over
        self._progress = progress or Progress()
        self._now = now
        self._progress.begin("Preparing", len(profiles))
        self._contents = {profile.id: self._content(profile) for profile in profiles}

    def plan(self) -> Plan:
        """What `publish` would do. Raises `PublishRefused` and `redis.RedisError`, as does `publish`."""
        return self._plan(self._held())

    def publish(self) -> Plan:
        """Do it, and tell what was done."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._publish()
            except WriteConflict:
                continue  # another publish came between looking and writing: look again
        try:
            return self._publish()
        except WriteConflict as conflict:
            raise PublishRefused(f"{conflict}; nothing was written, try again") from conflict

    def _publish(self) -> Plan:
        held = self._held()
        plan = self._plan(held)
        if self._needs_new_epoch(held, plan):
            self._replace_all(held, plan)
        elif plan.changes:
            self._write_changes(held, plan)
        return plan

    def _held(self) -> Held:
        in_force = self._writer.in_force()
        self._may_write(in_force)
        meta = in_force.meta
        if meta is None:
            return Held(in_force)
        self._progress.begin("Reading what Redis holds", meta.fields)
        records: dict[str, Record] = {}
        unusable: set[str] = set()
        for profile_id, record in self._writer.records(meta.epoch, self._progress.advance):
            try:
                records[profile_id] = self._codec.open(profile_id, meta.epoch, record)
            except ProfileUnusable:
                unusable.add(profile_id)
        complete = self._writer.fields(meta.epoch) >= meta.fields
        return Held(in_force, complete, records, frozenset(unusable - records.keys()))

    def _may_write(self, in_force: InForce) -> None:
        if self._take_over:
            return
        if in_force.other_schema:
            raise PublishRefused(
                "Redis holds profiles of another schema under this prefix; --take-over replaces them with this file"
            )
        if in_force.meta is not None and in_force.meta.writer != self._name:
            raise PublishRefused(
                f"the profiles in Redis are written by {in_force.meta.writer}, this is {self._name}; one prefix has "
                "one writer: use another AUTHZ_REDIS_PREFIX, or --take-over to write in its place"
            )

    def _plan(self, held: Held) -> Plan:
        there = {profile_id for profile_id, record in held.records.items() if not record.deleted} | held.unusable
        gone = tuple(profile_id for profile_id in sorted(there) if profile_id not in self._contents)
        same = {profile_id for profile_id in self._contents if self._is_same(held.records.get(profile_id), profile_id)}
        return Plan(
            added=tuple(profile_id for profile_id in self._contents if profile_id not in there),
            changed=tuple(i for i in self._contents if i in there and i not in same),
            removed=gone if self._prune else (),
            unchanged=tuple(profile_id for profile_id in self._contents if profile_id in same),
            kept=() if self._prune else gone,
        )

    def _is_same(self, record: Record | None, profile_id: str) -> bool:
        # A record by a key that does not sign any more is written again, so that the key can be taken out of service.
        return record is not None and record.current and record.content == self._contents[profile_id]

    def _needs_new_epoch(self, held: Held, plan: Plan) -> bool:
        meta = held.in_force.meta
        return (
            meta is None
            or not held.complete
            or meta.writer != self._name
            or meta.signed != self._codec.signs
            or plan.changes > CHANGES_AT_ONCE
        )

    def _next_sequence(self, held: Held) -> int:
        """Above every sequence that readers may have seen, even those that a fail-over of Redis has lost: the time."""
        last = held.in_force.meta.sequence if held.in_force.meta else 0
        return max(last, int(self._now() * 1_000)) + 1

    def _write_changes(self, held: Held, plan: Plan) -> None:
        meta = held.in_force.meta
        assert meta is not None  # noqa: S101 - or there would be a new epoch
        sequence = self._next_sequence(held)
        changed = [*plan.added, *plan.changed, *plan.removed]
        changes = [Change(each, sequence + i, self._contents.get(each)) for i, each in enumerate(changed)]
        self._progress.begin("Writing", len(changes))
        self._writer.write(meta.epoch, changes, after=meta.sequence)
        self._progress.advance(len(changes))

    def _replace_all(self, held: Held, plan: Plan) -> None:
        sequence = self._next_sequence(held)
        kept = self._kept(held, plan)
        self._progress.begin("Writing", len(self._contents) + len(kept))
        self._writer.replace_all(
            self._everything(held, plan, kept, sequence),
            over=held.in_force,
            sequence=sequence + plan.changes,
            progress=self._progress.advance,
        )

    def _everything(
        self, held: Held, plan: Plan, kept: Iterable[tuple[str, int, bytes]], sequence: int
    ) -> Iterator[tuple[str, int, bytes]]:
        unchanged = frozenset(plan.unchanged)
        for profile_id, content in self._contents.items():
            if profile_id in unchanged:
                yield profile_id, held.records[profile_id].version.sequence, content
            else:
                yield profile_id, sequence, content
                sequence += 1
        yield from kept

    def _kept(self, held: Held, plan: Plan) -> list[tuple[str, int, bytes]]:
        """What is no longer in the file and stays. It is signed again, so it has to verify."""
        kept = []
        for profile_id in plan.kept:
            record = held.records.get(profile_id)
            try:
                profile = self._codec.profile(record) if record else None
            except ProfileUnusable:
                profile = None
            if record is None or profile is None:
                raise PublishRefused(
                    f"the record of profile {profile_id}, which is not in the file, cannot be verified or read and so "
                    "not be kept; --prune removes what is not in the file"
                )
            kept.append((profile_id, record.version.sequence, self._codec.content(profile)))
        return kept

    def _content(self, profile: Profile) -> bytes:
        self._progress.advance(1)
        return self._codec.content(profile)
