"""Redis as a dictionary: what the real publisher is held against, with the faults that Redis can have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from authz_server.core.profile import Profile
from authz_server.managing.errors import PublishConflict, PublisherUnavailable
from authz_server.managing.publisher import Change, InForce


@dataclass
class Kept:
    """All that one Redis holds under a prefix."""

    epoch: str | None = None
    sequence: int = 0
    writer: str = ""
    records: dict[str, Change] = field(default_factory=dict)
    lost: int = 0
    heartbeat: float | None = None

    def copy(self) -> Kept:
        return Kept(self.epoch, self.sequence, self.writer, dict(self.records), self.lost, self.heartbeat)


class MemoryPublisher:
    """One writer of it. `gone`: nothing answers; `before_replace` is called before a new epoch is put in force."""

    def __init__(self, kept: Kept | None = None, writer: str = "manage:db") -> None:
        self.kept = kept or Kept()
        self.writer = writer
        self.gone = False
        self.calls: list[tuple[Change, ...]] = []
        self.before_replace: Callable[[], None] = lambda: None
        self.after_write: Callable[[], None] = lambda: None

    @property
    def profiles(self) -> dict[str, Profile]:
        """What readers see."""
        return {each: change.profile for each, change in self.kept.records.items() if change.profile is not None}

    def in_force(self) -> InForce | None:
        self._check()
        kept = self.kept
        if kept.epoch is None:
            return None
        return InForce(kept.epoch, kept.sequence, kept.writer, kept.writer == self.writer, complete=not kept.lost)

    def publish(self, epoch: str, changes: Sequence[Change]) -> int:
        self._check()
        kept = self.kept
        if kept.epoch != epoch or kept.writer != self.writer:
            raise PublishConflict("somebody else writes here too")
        before = kept.sequence
        for change in changes:
            held = kept.records.get(change.profile_id)
            if held is None or change.sequence > held.sequence:
                kept.records[change.profile_id] = change
                kept.sequence = max(kept.sequence, change.sequence)
        self.calls.append(tuple(changes))
        self.after_write()
        return before

    def replace_all(self, epoch: str, profiles: Iterable[Change], *, over: InForce | None, sequence: int) -> None:
        self._check()
        records = {change.profile_id: change for change in profiles}
        self.before_replace()
        self._check()
        shown = self.in_force()
        if (shown and (shown.epoch, shown.sequence)) != (over and (over.epoch, over.sequence)):
            raise PublishConflict("somebody else writes here too")
        highest = max((change.sequence for change in records.values()), default=0)
        self.kept.epoch, self.kept.sequence = epoch, max(sequence, highest)
        self.kept.writer, self.kept.records, self.kept.lost = self.writer, records, 0
        self.after_write()

    def beat(self, epoch: str, now: float) -> None:
        self._check()
        if self.kept.epoch == epoch and self.kept.writer == self.writer:
            self.kept.heartbeat = now

    def _check(self) -> None:
        if self.gone:
            raise PublisherUnavailable("Redis cannot be reached")
