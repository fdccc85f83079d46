"""What publishing needs of Redis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from authz_server.core.profile import Profile


@dataclass(frozen=True, slots=True)
class Change:
    """A profile as it is at a sequence, or with None its deletion."""

    profile_id: str
    sequence: int
    profile: Profile | None


@dataclass(frozen=True, slots=True)
class InForce:
    """What Redis shows to readers. `ours`: written by this database's `manage`; `complete`: no record was lost."""

    epoch: str
    sequence: int
    writer: str
    ours: bool
    complete: bool


class ProfilePublisher(Protocol):
    """The one writer of a prefix, in the name of `manage:<database id>`.

    Everything raises `PublisherUnavailable` where Redis does not answer within its timeout, or not as it should.
    """

    def in_force(self) -> InForce | None:
        """What is there now; None where there is no `meta`. One of another schema counts as another writer's."""

    def publish(self, epoch: str, changes: Sequence[Change]) -> int:
        """Write up to 1,000 changes in one script call; one that is not newer than what is held is left out.

        Returns the sequence that `meta` showed before, so that writes lost at a fail-over are noticed. Raises
        `PublishConflict` where the epoch or the writer is another, and then has written nothing.
        """

    def replace_all(self, epoch: str, profiles: Iterable[Change], *, over: InForce | None, sequence: int) -> None:
        """Write every profile under a new epoch (32 hex digits) and put that in force; until then readers see the old.

        `meta.sequence` becomes `sequence`, or the highest one written where that is more. Raises `PublishConflict`
        where `over` is not what is in force any more; whatever raises, nothing has changed for readers.
        """

    def beat(self, epoch: str, now: float) -> None:
        """The heartbeat: only where `meta` still shows this epoch and this writer."""
