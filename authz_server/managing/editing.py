"""Edit: one unit of work under way, and what every edit does in it: lock, compare versions, save, record, announce."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from authz_server.core.profile import Client, Profile, Version
from authz_server.managing.commands import Idempotency
from authz_server.managing.diff import Changes
from authz_server.managing.errors import IdempotencyKeyReused, NotFound, VersionMismatch
from authz_server.managing.ports import Clock, Database, UnitOfWork
from authz_server.managing.records import (
    Actor,
    AuditEntry,
    ClientRecord,
    Credential,
    Edited,
    IssuedCredential,
    OutboxEvent,
    ProfileRecord,
    Shape,
)

_MILLISECONDS: Final = 3  # digits: times stay the same when they are written and read again


@dataclass(frozen=True, slots=True)
class Edit:
    """One unit of work, who asked for it, and when."""

    unit: UnitOfWork
    actor: Actor
    now: float

    def client(self, client_id: str, expected_version: int | None = None) -> ClientRecord:
        """The client, locked. Raises `NotFound` and `VersionMismatch`."""
        record = self.unit.clients.lock(client_id)
        if record is None:
            raise NotFound
        _compare(record.version, expected_version)
        return record

    def profile(self, profile_id: str, expected_version: int | None = None) -> ProfileRecord:
        """The profile, locked. Raises `NotFound` and `VersionMismatch`."""
        record = self.unit.profiles.lock(profile_id)
        if record is None:
            raise NotFound
        _compare(record.version, expected_version)
        return record

    def last_sequence(self) -> int:
        """That of the last edit: where one changes nothing, what it asks for may still be pending."""
        return self.unit.publication.get().sequence

    def changed(self, record: ProfileRecord, profile: Profile, credential: Credential | None) -> ProfileRecord:
        """The profile as it becomes, saved under the next sequence and bound to be published."""
        (sequence,) = self.unit.publication.take_sequences(1)
        record = self.stamped(replace(record, profile=profile, credential=credential), sequence)
        self.unit.profiles.save((record,))
        self.announce((record.profile.id,), range(sequence, sequence + 1))
        return record

    def stamped(self, record: ProfileRecord, sequence: int, client: Client | None = None) -> ProfileRecord:
        """The record as of now and `sequence`; with `client` in place of its own."""
        profile = replace(record.profile, version=Version("", sequence), client=client or record.profile.client)
        return replace(record, profile=profile, updated_at=self.now)

    def announce(self, profile_ids: Sequence[str], sequences: range) -> None:
        """Let the relay know that these have changed, or gone."""
        self.unit.outbox.append(
            [
                OutboxEvent(sequence=sequence, edit=sequences.start, profile_id=profile_id, recorded_at=self.now)
                for profile_id, sequence in zip(profile_ids, sequences, strict=True)
            ]
        )

    def entry(
        self,
        action: str,
        changes: Changes,
        *,
        client_id: str | None = None,
        profile_id: str | None = None,
        api_key_id: str | None = None,
        account_id: str | None = None,
    ) -> AuditEntry:
        """What was done, by this actor, now."""
        return AuditEntry(
            at=self.now,
            actor=self.actor,
            action=action,
            client_id=client_id,
            profile_id=profile_id,
            api_key_id=api_key_id,
            account_id=account_id,
            changes=changes,
        )

    def record(self, entry: AuditEntry) -> None:
        """Put it into the audit trail."""
        self.unit.audit.append((entry,))


class Editor:
    """Runs edits, each in a unit of work of its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def now(self) -> float:
        """The time, in whole milliseconds."""
        return round(self._clock(), _MILLISECONDS)

    def run(self, actor: Actor, work: Callable[[Edit], Edited], idempotency: Idempotency | None = None) -> Edited:
        """Do `work`; with a key, once: the same request is answered what it was answered before."""
        with self._database.edit() as unit:
            edit = Edit(unit, actor, self.now())
            if idempotency is None:
                return work(edit)
            remembered = unit.idempotency.take(actor.id, idempotency.key, idempotency.request, edit.now)
            if remembered is not None:
                if remembered.request != idempotency.request:
                    raise IdempotencyKeyReused
                return _replayed(remembered.answer)
            edited = work(edit)
            unit.idempotency.remember(actor.id, idempotency.key, _to_remember(edited))
            return edited


def _compare(version: int, expected: int | None) -> None:
    if expected is not None and version != expected:
        raise VersionMismatch


def _to_remember(edited: Edited) -> Shape:
    """Without the credential's value."""
    issued = edited.credential
    return {
        "shape": edited.shape,
        "version": edited.version,
        "sequence": edited.sequence,
        "credential": issued and {"type": issued.type, "expires_at": issued.expires_at},
    }


def _replayed(answer: Mapping[str, Any]) -> Edited:
    issued = answer["credential"]
    return Edited(
        shape=answer["shape"],
        version=answer["version"],
        sequence=answer["sequence"],
        credential=issued and IssuedCredential(issued["type"], None, issued["expires_at"]),
        replayed=True,
    )
