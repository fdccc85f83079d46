"""The profiles that a process holds in memory, ready to be enforced, until others push them out."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from authz_server.cache.faults import CacheFault, OnFault
from authz_server.cache.outcome import Failure, Outcome
from authz_server.cache.record import RecordCodec
from authz_server.checking.ports import LoadedProfile
from authz_server.core.errors import ProfileUnusable
from authz_server.core.profile import Version


@dataclass(slots=True)
class _Held:
    record: bytes
    outcome: Outcome
    version: Version  # the highest seen for this id
    verified_at: float = 0.0


class HeldProfiles:
    """Turns records into loaded profiles, once per record: an unchanged one costs a comparison of bytes.

    A record that cannot be trusted or read replaces the good one. An older one of the same epoch does not.
    """

    __slots__ = ("_codec", "_entries", "_held", "_on_fault")

    def __init__(self, codec: RecordCodec, entries: int, on_fault: OnFault) -> None:
        self._codec = codec
        self._entries = entries
        self._on_fault = on_fault
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def take(self, profile_id: str, epoch: str, record: bytes, now: float) -> Outcome:
        """What a record that was read at `now` means."""
        held = self._held.get(profile_id)
        if held is None or held.record != record or held.version.epoch != epoch:
            held = self._keep(profile_id, self._opened(profile_id, epoch, record, held))
        held.verified_at = now
        self._held.move_to_end(profile_id)
        return held.outcome

    def forget(self, profile_id: str) -> None:
        """The profile is not there any more."""
        self._held.pop(profile_id, None)

    def recall(self, profile_id: str, not_before: float) -> Outcome:
        """What is held of a profile if it was read at that time or later; None where that is nothing."""
        held = self._held.get(profile_id)
        return held.outcome if held is not None and held.verified_at >= not_before else None

    def _opened(self, profile_id: str, epoch: str, record: bytes, before: _Held | None) -> _Held:
        highest = before.version if before is not None and before.version.epoch == epoch else Version(epoch, 0)
        try:
            opened = self._codec.open(profile_id, epoch, record)
            if before is not None and opened.version < highest:
                self._on_fault(CacheFault.RECORD_WENT_BACK, f"Redis holds an older record of profile {profile_id}")
                return before
            highest = opened.version
            profile = self._codec.profile(opened)
            return _Held(record, None if profile is None else LoadedProfile.of(profile), highest)
        except ProfileUnusable as unusable:
            sentence = str(unusable) or f"profile {profile_id} cannot be enforced"
            self._on_fault(CacheFault.RECORD_UNUSABLE, sentence)
            return _Held(record, Failure(ProfileUnusable, sentence), highest)

    def _keep(self, profile_id: str, held: _Held) -> _Held:
        self._held[profile_id] = held
        if len(self._held) > self._entries:
            self._held.popitem(last=False)
        return held
