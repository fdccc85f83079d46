"""Relay: from the outbox to Redis.

An edit's own thread delivers what it has just committed (`deliver`), and one loop of the process does the rest
(`round`): it retries what failed, beats, and publishes everything anew whenever Redis does not show what the database
has announced. What is published is the row as it is now, under its own sequence, and Redis takes nothing that is older
than what it holds. So any number of processes may do the same work: twice is as good as once, and order is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from authz_server.managing.errors import DatabaseUnavailable, PublishConflict, PublisherUnavailable
from authz_server.managing.outbox import CHANGES_AT_ONCE, as_they_are_now, whole_edits
from authz_server.managing.ports import Clock, Database, RandomBelow, Turn
from authz_server.managing.publisher import Change, InForce, ProfilePublisher
from authz_server.managing.records import Publication

ROUND_SECONDS: Final = 1.0
TURN_SECONDS: Final = 1.0
FIRST_RETRY_SECONDS: Final = 0.1
LONGEST_RETRY_SECONDS: Final = 5.0
COLLEAGUE_SECONDS: Final = 60.0  # how long another process may take to put in force what it has announced
KEPT_SECONDS: Final = 86_400.0
PRUNE_SECONDS: Final = 600.0
EPOCH_BITS: Final = 128


class Propagation(StrEnum):
    """Whether an edit is in Redis already."""

    PUBLISHED = "published"
    PENDING = "pending"


class OtherWriter(Exception):
    """Somebody else's records are in Redis; nothing is published until an operator says to take over."""


class RelayObserver(Protocol):
    """Told what the relay does: for the log and the metrics."""

    def republishing(self, why: str) -> None:
        """Everything is about to be published under a new epoch."""

    def progress(self, published: int) -> None:
        """So many more profiles are written; readers still see what was there before."""

    def republished(self, profiles: int) -> None:
        """The new epoch is in force."""

    def published(self, changes: int) -> None:
        """So many changes were delivered."""

    def failed(self, sentence: str, retry_seconds: float) -> None:
        """Redis or the database failed, or somebody else writes there."""


@dataclass(frozen=True, slots=True)
class RelayState:
    """What an operator should know. `problem` is None while all is well."""

    in_step: bool
    problem: str | None


class Relay:
    """One process's part in publishing. Only one thread at a time has its `turn`."""

    def __init__(
        self,
        database: Database,
        publisher: ProfilePublisher,
        observer: RelayObserver,
        *,
        clock: Clock,
        random_below: RandomBelow,
        turn: Turn,
        audit_kept_seconds: float | None = None,
    ) -> None:
        """`audit_kept_seconds`: how long audit entries are kept; None for ever."""
        self._database = database
        self._publisher = publisher
        self._observer = observer
        self._clock = clock
        self._random_below = random_below
        self._turn = turn
        self._audit_kept_seconds = audit_kept_seconds
        self._started = False  # what Redis shows before may be of a database that was restored since
        self._in_step = False
        self._problem: str | None = None
        self._cannot_catch_up: str | None = None  # why only publishing everything helps
        self._retry_seconds = 0.0
        self._retry_at = 0.0
        self._pruned_at = 0.0
        self._epoch = ""  # the epoch that `_last` belongs to
        self._last = 0  # the highest sequence that Redis has confirmed
        self._announced = ""  # by this process
        self._seen = ""  # what the database had announced when it was last out of step
        self._seen_at = 0.0

    @property
    def state(self) -> RelayState:
        """How things stand."""
        return RelayState(self._in_step, self._problem)

    def deliver(self, sequence: int | None) -> Propagation:
        """Publish what an edit has just committed, up to this sequence; None: it had nothing to publish.

        Pending where Redis does not take it now: then `round` goes on trying.
        """
        if sequence is None:
            return Propagation.PUBLISHED
        if not self._in_step or self._clock() < self._retry_at or not self._turn.acquire(timeout=TURN_SECONDS):
            return Propagation.PENDING
        try:
            return Propagation.PUBLISHED if self._attempt(lambda: self._drain(sequence)) else Propagation.PENDING
        except Exception as surprise:  # noqa: BLE001 - the edit is committed, and that has to be answered; `round` raises
            self._put_off(f"something unexpected: {type(surprise).__name__}")
            return Propagation.PENDING
        finally:
            self._turn.release()

    def round(self) -> float:
        """Look whether Redis shows what it should, and do what has to be done; returns the seconds until the next.

        What the ports are known to raise is told to the observer and tried again; anything else is raised.
        """
        self._turn.acquire()
        try:
            return ROUND_SECONDS if self._attempt(self._round) else min(self._retry_seconds, ROUND_SECONDS)
        finally:
            self._turn.release()

    def republish(self, why: str, *, take_over: bool = False) -> int:
        """Publish everything under a new epoch, and tell how many profiles that were.

        Raises `OtherWriter` where somebody else's records are there and they are not to be taken over, and what the
        ports raise.
        """
        shown = self._publisher.in_force()
        if shown is not None and not shown.ours and not take_over:
            raise OtherWriter(
                f"the profiles in Redis are written by {shown.writer}; one prefix has one writer: use another "
                "AUTHZ_REDIS_PREFIX, or `authz-server republish --take-over` to write in its place"
            )
        self._observer.republishing(why)
        epoch = f"{self._random_below(1 << EPOCH_BITS):032x}"
        self._announced = epoch
        with self._database.edit() as unit:
            publication = unit.publication.announce(epoch)
        # Looked at again: from now on nobody else writes under the old epoch, and what was written before is committed.
        published = 0

        def everything() -> Iterator[Change]:
            nonlocal published
            for change in self._every_profile():
                yield change
                published += 1

        self._publisher.replace_all(epoch, everything(), over=self._publisher.in_force(), sequence=publication.sequence)
        self._epoch, self._last = epoch, publication.sequence
        self._in_step = self._started = True
        self._cannot_catch_up = None
        self._observer.republished(published)
        return published

    def _attempt(self, work: Callable[[], None]) -> bool:
        """Whether it was done; where not, the next attempt is put off."""
        try:
            work()
        except (DatabaseUnavailable, PublisherUnavailable, PublishConflict, OtherWriter) as problem:
            if isinstance(problem, PublishConflict):
                self._in_step = False
            self._put_off(str(problem))
            return False
        self._retry_seconds = self._retry_at = 0.0
        self._problem = None
        return True

    def _put_off(self, problem: str) -> None:
        self._retry_seconds = min(max(2 * self._retry_seconds, FIRST_RETRY_SECONDS), LONGEST_RETRY_SECONDS)
        self._retry_at = self._clock() + self._retry_seconds
        self._problem = problem
        self._observer.failed(problem, self._retry_seconds)

    def _round(self) -> None:
        shown = self._publisher.in_force()
        # In this order: whatever was published before is committed, and so counted by the database.
        with self._database.read() as unit:
            publication = unit.publication.get()
        why = self._out_of_step(shown, publication)
        if why is None and shown is not None:
            self._in_step = True
            self._seen, self._seen_at = publication.epoch, 0.0
            self._notice_lost_writes(publication, shown.sequence)
        else:
            self._in_step = False
            if self._colleague_is_at_work(publication):
                raise PublishConflict(
                    "another process has announced that it publishes everything anew, and is waited for"
                )
            self.republish(why or "")
        self._drain(None)
        self._publisher.beat(self._epoch, self._clock())
        self._prune()

    def _out_of_step(self, shown: InForce | None, publication: Publication) -> str | None:
        """Why everything has to be published anew; None where it has not."""
        if shown is None:
            return "Redis holds no profiles"
        if not shown.ours:
            return f"the profiles in Redis are written by {shown.writer}"
        if not self._started:
            return "the start"
        if self._cannot_catch_up is not None:
            return self._cannot_catch_up
        if shown.epoch != publication.epoch:
            return "Redis shows another epoch than the database has announced"
        if not shown.complete:
            return "Redis lacks records"
        if shown.sequence > publication.sequence:
            return "Redis shows later versions than the database"
        return None

    def _colleague_is_at_work(self, publication: Publication) -> bool:
        """Whether another process has announced an epoch since this one started, and may still be writing it."""
        if publication.epoch != self._seen:
            self._seen, self._seen_at = publication.epoch, self._clock()
        own = not self._started or publication.epoch == self._announced
        return not own and self._clock() - self._seen_at < COLLEAGUE_SECONDS

    def _every_profile(self) -> Iterator[Change]:
        """All profiles, read a thousand at a time. What changes meanwhile has an event, and is published after."""
        after = ""
        while True:
            with self._database.read() as unit:
                records = unit.profiles.batch(after, CHANGES_AT_ONCE)
            if not records:
                return
            for record in records:
                yield Change(record.profile.id, record.version, record.profile)
            self._observer.progress(len(records))
            after = records[-1].profile.id

    def _drain(self, sequence: int | None) -> None:
        """Publish what is pending, in its order; up to `sequence`, or all."""
        while True:
            with self._database.read() as unit:
                publication = unit.publication.get()
                events = whole_edits(unit.outbox.pending(2 * CHANGES_AT_ONCE))
                if not events or (sequence is not None and events[0].sequence > sequence):
                    return
                changes = as_they_are_now(unit, events)
            self._publish(publication, changes)
            with self._database.edit() as unit:
                unit.outbox.mark_published([event.sequence for event in events], self._clock())
            self._observer.published(len(changes))

    def _publish(self, publication: Publication, changes: Sequence[Change]) -> None:
        shown = self._publisher.publish(publication.epoch, changes)
        self._notice_lost_writes(publication, shown)
        self._last = max(self._last, *(change.sequence for change in changes))

    def _notice_lost_writes(self, publication: Publication, shown: int) -> None:
        """Publish again what Redis has confirmed and no longer shows: a fail-over took it, or an old snapshot."""
        if self._epoch != publication.epoch:
            self._epoch, self._last = publication.epoch, shown
        if shown >= self._last:
            return
        self._observer.failed(f"Redis has lost what it confirmed: it shows {shown} after {self._last}", 0.0)
        if shown < publication.pruned_through:
            self._cannot_catch_up = "Redis shows a state from before what the outbox keeps"
            raise PublishConflict(self._cannot_catch_up)
        while True:
            with self._database.read() as unit:
                events = unit.outbox.since(shown, CHANGES_AT_ONCE)
                changes = as_they_are_now(unit, events)
            if not events:
                return
            self._publisher.publish(publication.epoch, changes)
            shown = events[-1].sequence

    def _prune(self) -> None:
        now = self._clock()
        if now - self._pruned_at < PRUNE_SECONDS:
            return
        self._pruned_at = now
        with self._database.edit() as unit:
            unit.idempotency.prune(now - KEPT_SECONDS)
            if self._audit_kept_seconds is not None:
                unit.audit.prune(now - self._audit_kept_seconds)
            unit.outbox.prune(now - KEPT_SECONDS)  # last: it locks the row that every edit locks last
