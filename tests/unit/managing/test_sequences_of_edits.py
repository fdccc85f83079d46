"""Any sequence of edits, faults among them, against a model that is a dictionary.

Nothing is lost, versions only grow, every edit is in the audit trail, Redis agrees in the end, and no secret is found
where none belongs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from authz_server.managing import errors
from authz_server.managing.commands import (
    ApplyDocument,
    DeleteClient,
    DeleteProfile,
    ExpireCredential,
    Idempotency,
    RemoveAuth,
    RotateCredential,
    SetAuth,
    UpdateClient,
    UpdateProfile,
)
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import Edited
from authz_server.managing.relay import Propagation
from tests.support.managing import ControlPlane
from tests.support.memory_publisher import Kept, MemoryPublisher
from tests.support.records import AN_ACTOR

CLIENTS: Final = st.sampled_from(("cl_1", "cl_2"))
PROFILES: Final = st.sampled_from(("pr_1", "pr_2", "pr_3"))
AUTHS: Final = st.sampled_from(
    (
        {"type": "token"},
        {"type": "token", "token_sha256": "ab" * 32},
        {"type": "jwt", "algorithm": "HS256"},
        {"type": "mtls", "any_verified": True},
        {"type": "none"},
    )
)
HOURS: Final = st.sampled_from((None, 1, 48))
STALE: Final = st.sampled_from((False, False, False, True))


class Edits(RuleBasedStateMachine):
    """Two processes over one database and one Redis. `model`: which profiles there are, and what each is like."""

    def __init__(self) -> None:
        super().__init__()
        self.plane = ControlPlane(reveal=True)
        self.other = ControlPlane(
            database=self.plane.database,
            publisher=MemoryPublisher(self.plane.publisher.kept),
            clock=self.plane.clock,
            seed=2,
        )
        self.clients: dict[str, bool] = {}
        self.model: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.highest = 0
        self.edits = 0
        self.secrets: set[str] = set()

    @initialize()
    def start(self) -> None:
        """Both are running, and there is something to edit."""
        self.plane.relay.round()
        self.other.relay.round()
        for client_id in ("cl_1", "cl_2"):
            self.create_client(client_id, active=True)
        for profile_id in ("pr_1", "pr_2"):
            self.create_profile("cl_1", profile_id, {"type": "token"})

    @rule(client_id=CLIENTS, active=st.booleans())
    def create_client(self, client_id: str, active: bool) -> None:  # noqa: FBT001 - drawn
        done = self._edit(lambda: self.plane.client(client_id, active=active), client_id not in self.clients)
        if done:
            self.clients[client_id] = active

    @rule(client_id=CLIENTS, active=st.booleans())
    def switch_client(self, client_id: str, active: bool) -> None:  # noqa: FBT001 - drawn
        command = UpdateClient(actor=AN_ACTOR, client_id=client_id, fields={"active": active})
        is_change = self.clients.get(client_id) is not active
        if self._edit(
            lambda: self.plane.service.clients.update(command), client_id in self.clients, is_change=is_change
        ):
            self.clients[client_id] = active

    @rule(client_id=CLIENTS)
    def delete_client(self, client_id: str) -> None:
        command = DeleteClient(actor=AN_ACTOR, client_id=client_id)
        if self._edit(lambda: self.plane.service.clients.delete(command), client_id in self.clients):
            del self.clients[client_id]
            gone = [each for each, is_like in self.model.items() if is_like["client_id"] == client_id]
            self.edits += len(gone)  # one entry for each profile
            for each in gone:
                del self.model[each]

    @rule(client_id=CLIENTS, profile_id=PROFILES, auth=AUTHS)
    def create_profile(self, client_id: str, profile_id: str, auth: dict[str, Any]) -> None:
        expected = client_id in self.clients and profile_id not in self.model
        if self._edit(lambda: self.plane.profile(profile_id, client_id, auth=auth), expected):
            made = auth["type"] == "jwt" or (auth["type"] == "token" and "token_sha256" not in auth)
            self.model[profile_id] = {"client_id": client_id, "active": True, "type": auth["type"], "made": made}

    @rule(profile_id=PROFILES, active=st.booleans(), stale=STALE)
    def switch_profile(self, profile_id: str, active: bool, stale: bool) -> None:  # noqa: FBT001 - drawn
        command = UpdateProfile(
            actor=AN_ACTOR, profile_id=profile_id, fields={"active": active}, expected_version=0 if stale else None
        )
        is_change = self.model.get(profile_id, {}).get("active") is not active
        expected = profile_id in self.model and not stale
        if self._edit(lambda: self.plane.service.profiles.update(command), expected, is_change=is_change):
            self.model[profile_id]["active"] = active

    @rule(profile_id=PROFILES)
    def delete_profile(self, profile_id: str) -> None:
        command = DeleteProfile(actor=AN_ACTOR, profile_id=profile_id)
        if self._edit(lambda: self.plane.service.profiles.delete(command), profile_id in self.model):
            del self.model[profile_id]

    @rule(profile_id=PROFILES, hours=HOURS, grace=st.sampled_from((0, 60)))
    def rotate(self, profile_id: str, hours: int | None, grace: int) -> None:
        fields = {"grace_seconds": grace} | ({} if hours is None else {"expires_in_hours": hours})
        command = RotateCredential(
            actor=AN_ACTOR,
            profile_id=profile_id,
            fields=fields,
            idempotency=Idempotency(f"key {self.edits} {len(self.secrets)}", b"r"),
        )
        expected = self.model.get(profile_id, {}).get("made", False)
        if self._edit(lambda: self.plane.service.credentials.rotate(command), expected):
            again = self.plane.service.credentials.rotate(command)
            assert again.replayed
            assert again.credential is not None
            assert again.credential.value is None

    @rule(profile_id=PROFILES, auth=AUTHS)
    def set_auth(self, profile_id: str, auth: dict[str, Any]) -> None:
        command = SetAuth(actor=AN_ACTOR, profile_id=profile_id, fields={"auth": auth})
        if self._edit(lambda: self.plane.service.credentials.set_auth(command), profile_id in self.model):
            made = auth["type"] == "jwt" or (auth["type"] == "token" and "token_sha256" not in auth)
            self.model[profile_id] |= {"type": auth["type"], "made": made}

    @rule(profile_id=PROFILES)
    def remove_auth(self, profile_id: str) -> None:
        command = RemoveAuth(actor=AN_ACTOR, profile_id=profile_id)
        if self._edit(lambda: self.plane.service.credentials.remove_auth(command), profile_id in self.model):
            self.model[profile_id] |= {"type": "none", "made": False}

    @rule(profile_id=PROFILES)
    def expire(self, profile_id: str) -> None:
        command = ExpireCredential(actor=AN_ACTOR, profile_id=profile_id)
        expected = self.model.get(profile_id, {}).get("type") in ("token", "jwt")
        self._edit(lambda: self.plane.service.credentials.expire(command), expected)

    @rule()
    def apply_what_was_exported(self) -> None:
        """It changes nothing."""
        document = json.dumps(self.plane.service.documents.export()).encode()
        applied = self.plane.service.documents.apply(ApplyDocument(actor=AN_ACTOR, document=document, prune=True))
        assert (applied.client_changes, applied.profile_changes) == ({}, {})

    @rule(fault=st.sampled_from(("gone", "flushed", "evicted", "commit")))
    def an_edit_meets_a_fault(self, fault: str) -> None:
        """Whatever happens to Redis, or between publishing and marking: it is put right later."""
        kept = self.plane.publisher.kept
        match fault:
            case "gone":
                self.plane.publisher.gone = not self.plane.publisher.gone
            case "flushed":
                self._redis(Kept())
            case "evicted":
                kept.lost += len(kept.records)
                kept.records.clear()
            case "commit":
                self.plane.database.fail_commit = True
                self.plane.relay.round()
                self.plane.database.fail_commit = False

    @rule(profile_id=PROFILES, active=st.booleans())
    def a_fail_over_loses_an_edit(self, profile_id: str, active: bool) -> None:  # noqa: FBT001 - drawn
        """The replica that takes over has not seen it, although it was confirmed."""
        replica = self.plane.publisher.kept.copy()
        self.switch_profile(profile_id, active, stale=False)
        self._redis(replica)

    @rule(seconds=st.sampled_from((0.2, 2.0, 90_000.0)))
    def time_passes(self, seconds: float) -> None:
        self.plane.clock.now += seconds
        self.plane.relay.round()

    @rule()
    def the_other_process_does_a_round(self) -> None:
        self.other.relay.round()

    @invariant()
    def nothing_is_lost_and_versions_only_grow(self) -> None:
        with self.plane.database.read() as unit:
            records = {record.profile.id: record for record in unit.profiles.batch("", 100)}
            highest = unit.publication.get().sequence
        assert highest >= self.highest
        self.highest = highest
        assert {
            each: (record.profile.client.id, record.profile.active, record.profile.auth.type.value)
            for each, record in records.items()
        } == {each: (like["client_id"], like["active"], like["type"]) for each, like in self.model.items()}
        for each, record in records.items():
            assert record.profile.client.active is self.clients[record.profile.client.id]
            assert record.version >= self.versions.get(each, 0)
            self.versions[each] = record.version

    @invariant()
    def every_edit_is_in_the_audit_trail_and_no_secret_is(self) -> None:
        with self.plane.database.read() as unit:
            entries = unit.audit.page(AuditFilter(), before=None, limit=10_000)
            remembered = repr(unit.idempotency)
            held = [repr(record) for record in unit.profiles.batch("", 100)]
        assert len(entries) == self.edits
        seen = json.dumps([repr(entry) for entry in entries]) + remembered + "".join(held)
        seen += repr(self.plane.told.events)
        assert not any(secret in seen for secret in self.secrets)

    def teardown(self) -> None:
        """All faults over, both processes agree with Redis in the end."""
        self.plane.publisher.gone = False
        self.plane.clock.now += 100
        for _ in range(4):
            for each in (self.plane, self.other):
                each.relay.round()
                self.plane.clock.now += 40
        with self.plane.database.read() as unit:
            records = {record.profile.id: record.profile for record in unit.profiles.batch("", 100)}
            assert unit.outbox.pending_count() == 0
        assert self.plane.publisher.profiles == records
        sequence = self.plane.client("cl_end").sequence
        assert self.plane.relay.deliver(sequence) is Propagation.PUBLISHED

    def _redis(self, kept: Kept) -> None:
        self.plane.publisher.kept = self.other.publisher.kept = kept

    def _edit(self, edit: Callable[[], Edited], expected: bool, *, is_change: bool = True) -> bool:  # noqa: FBT001 - read at the call
        """Whether it was done, which has to be as expected; what it has published must then be there."""
        if not expected:
            with pytest.raises(errors.Refused):
                edit()
            return False
        edited = edit()
        self.edits += is_change
        if edited.credential is not None and edited.credential.value is not None:
            self.secrets.add(edited.credential.value.reveal())
        published = self.plane.relay.deliver(edited.sequence) is Propagation.PUBLISHED
        # What changes nothing was published before, and Redis may have lost it since.
        if published and is_change and edited.sequence is not None:
            shown = self.plane.publisher.profiles.get(edited.shape["id"])
            with self.plane.database.read() as unit:
                record = unit.profiles.get(edited.shape["id"])
            assert shown == (None if record is None else record.profile)
        return True


TestEdits = Edits.TestCase
TestEdits.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
