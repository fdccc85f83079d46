"""From events of the outbox to changes: as many at once as one script call takes, each as the row is now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from authz_server.managing.ports import UnitOfWork
from authz_server.managing.publisher import Change
from authz_server.managing.records import OutboxEvent

CHANGES_AT_ONCE: Final = 1_000


def whole_edits(events: Sequence[OutboxEvent]) -> tuple[OutboxEvent, ...]:
    """At most as many events as one script call takes, an edit whole wherever it fits."""
    if len(events) <= CHANGES_AT_ONCE:
        return tuple(events)
    cut = events[CHANGES_AT_ONCE].edit
    whole = tuple(event for event in events[:CHANGES_AT_ONCE] if event.edit != cut)
    return whole or tuple(events[:CHANGES_AT_ONCE])


def as_they_are_now(unit: UnitOfWork, events: Sequence[OutboxEvent]) -> tuple[Change, ...]:
    """One change for each profile that the events name."""
    latest = {event.profile_id: event.sequence for event in events}
    records = unit.profiles.find(tuple(latest))
    return tuple(
        Change(profile_id, records[profile_id].version, records[profile_id].profile)
        if profile_id in records
        else Change(profile_id, sequence, None)
        for profile_id, sequence in latest.items()
    )
