"""What every database of records does with API keys, the audit trail, the outbox and Idempotency-Keys."""

from dataclasses import replace

import pytest

from authz_server.managing.ports import AuditFilter, Database
from authz_server.managing.records import Actor, FieldChange, OutboxEvent, Page, Role
from tests.support.records import NOW, an_api_key, an_entry, an_event

DAY = 86_400.0
EVERYTHING = AuditFilter()


def test_an_api_key_is_found_by_its_id_and_its_digest(database: Database) -> None:
    key = an_api_key(role=Role.ADMIN, digest=bytes(range(32)), expires_at=NOW + 0.5)
    with database.edit() as unit:
        unit.api_keys.add(key)
        unit.api_keys.add(an_api_key("ak_2", created_at=NOW + 1))
    with database.read() as unit:
        assert unit.api_keys.get("ak_1") == unit.api_keys.by_digest(bytes(range(32))) == key
        assert unit.api_keys.get("ak_9") is unit.api_keys.by_digest(b"x" * 32) is None
        assert [each.id for each in unit.api_keys.page(after=None, limit=5).items] == ["ak_2", "ak_1"]
        first = unit.api_keys.page(after=None, limit=1)
        assert unit.api_keys.page(after=first.next, limit=1) == Page((key,))


def test_noting_a_use_undoes_no_revocation(database: Database) -> None:
    with database.edit() as unit:
        unit.api_keys.add(an_api_key())
    with database.edit() as unit:
        key = unit.api_keys.lock("ak_1")
        assert key is not None
        unit.api_keys.save(replace(key, revoked_at=NOW + 1))
        unit.api_keys.note_use("ak_1", NOW + 2)
        assert unit.api_keys.lock("ak_9") is None
    with database.read() as unit:
        assert unit.api_keys.get("ak_1") == an_api_key(revoked_at=NOW + 1, last_used_at=NOW + 2)


def test_audit_entries_come_newest_first(database: Database) -> None:
    changes = {
        "auth.expires_at": FieldChange(None, "2027"),
        "labels": FieldChange({"a": "1"}, {}),
        "l": FieldChange([], 1),
    }
    entry = an_entry("profile.update", client_id="cl_1", profile_id="pr_1", changes=changes)
    with database.edit() as unit:
        unit.audit.append((an_entry("client.create", client_id="cl_1"), entry))
    with database.edit() as unit:
        unit.audit.append((an_entry("api_key.create", api_key_id="ak_1", actor=Actor("command_line", "Ö")),))
    with database.read() as unit:
        last, middle, first = unit.audit.page(EVERYTHING, before=None, limit=10)
        assert replace(middle, id=0) == entry
        assert last.id > middle.id > first.id > 0
        assert unit.audit.page(EVERYTHING, before=None, limit=1) == (last,)
        assert unit.audit.page(EVERYTHING, before=last.id, limit=10) == (middle, first)
        assert unit.audit.page(AuditFilter(client_id="cl_1"), before=None, limit=10) == (middle, first)
        assert unit.audit.page(AuditFilter(profile_id="pr_1"), before=None, limit=10) == (middle,)
        assert unit.audit.page(AuditFilter(actor_id="command_line"), before=None, limit=10) == (last,)
        assert unit.audit.page(AuditFilter(action="client.create"), before=None, limit=10) == (first,)
        assert unit.audit.page(AuditFilter(client_id="cl_2"), before=None, limit=10) == ()


def test_audit_entries_are_found_by_the_account_that_they_are_about(database: Database) -> None:
    with database.edit() as unit:
        unit.audit.append(
            (an_entry("account.create", account_id="ac_1"), an_entry("account.create", account_id="ac_2"))
        )
    with database.read() as unit:
        (entry,) = unit.audit.page(AuditFilter(account_id="ac_1"), before=None, limit=10)
        assert replace(entry, id=0) == an_entry("account.create", account_id="ac_1")
        assert unit.audit.page(AuditFilter(account_id="\0"), before=None, limit=10) == ()


def test_audit_entries_are_found_by_when_they_were_recorded(database: Database) -> None:
    with database.edit() as unit:
        unit.audit.append([an_entry(at=NOW + each) for each in range(4)])

    def seconds(since: float | None = None, until: float | None = None) -> list[float]:
        with database.read() as unit:
            found = unit.audit.page(AuditFilter(since=since, until=until), before=None, limit=10)
        return [entry.at - NOW for entry in found]

    assert seconds(since=NOW + 1) == [3, 2, 1]
    assert seconds(until=NOW + 1) == [0]
    assert seconds(since=NOW + 1, until=NOW + 3) == [2, 1]
    assert seconds(since=NOW + 9) == seconds(since=NOW + 2, until=NOW) == []


def test_audit_entries_that_are_out_of_date_are_pruned(database: Database) -> None:
    with database.edit() as unit:
        unit.audit.append([an_entry(at=NOW + each) for each in range(4)])
    with database.edit() as unit:
        assert unit.audit.prune(NOW + 2) == 2
        assert unit.audit.prune(NOW + 2) == 0
    with database.read() as unit:
        assert [entry.at for entry in unit.audit.page(EVERYTHING, before=None, limit=9)] == [NOW + 3, NOW + 2]


def pending(database: Database) -> list[int]:
    with database.read() as unit:
        return [event.sequence for event in unit.outbox.pending(10)]


def test_events_are_pending_until_they_are_marked(database: Database) -> None:
    events = [an_event(each, f"pr_{each}", edit=1) for each in (1, 2, 3)]
    with database.edit() as unit:
        unit.outbox.append(events)
    with database.read() as unit:
        assert unit.outbox.pending(10) == tuple(events)
        assert unit.outbox.pending(2) == tuple(events[:2])
        assert unit.outbox.pending_count() == 3
    with database.edit() as unit:
        unit.outbox.mark_published((1, 3), NOW + 1)
        unit.outbox.mark_published((3,), NOW + 2)
    assert pending(database) == [2]
    with database.read() as unit:
        assert unit.outbox.since(1, 10) == (events[1], replace(events[2], published_at=NOW + 1))
        assert unit.outbox.since(0, 1) == (replace(events[0], published_at=NOW + 1),)
        assert unit.outbox.since(3, 1) == ()


def test_published_events_are_pruned_and_it_is_known_how_far(database: Database) -> None:
    def events(*sequences: int) -> list[OutboxEvent]:
        return [an_event(each) for each in sequences]

    with database.edit() as unit:
        unit.outbox.append(events(1, 2, 3, 4))
        unit.outbox.mark_published((1, 3), NOW)
        unit.outbox.mark_published((4,), NOW + 10)
        unit.outbox.prune(NOW + 5)
        assert unit.publication.get().pruned_through == 3
        assert [event.sequence for event in unit.outbox.since(0, 10)] == [2, 4]
        unit.outbox.prune(NOW)
        assert unit.publication.get().pruned_through == 3


def test_a_key_is_remembered_with_its_answer(database: Database) -> None:
    answer = {"shape": {"id": "cl_1", "labels": {"é": "🙂"}}, "version": 1, "sequence": None, "credential": None}
    with database.edit() as unit:
        assert unit.idempotency.take("ak_1", "key", b"r" * 32, NOW) is None
        unit.idempotency.remember("ak_1", "key", answer)
    with database.edit() as unit:
        assert unit.idempotency.take("ak_1", "key", b"other", NOW + DAY) == (b"r" * 32, answer)
        assert unit.idempotency.take("ak_2", "key", b"other", NOW) is None


def test_a_key_is_forgotten_after_a_day_or_where_its_edit_failed(database: Database) -> None:
    def broken_off() -> None:
        with database.edit() as unit:
            assert unit.idempotency.take("ak_1", "key", b"1", NOW) is None
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        broken_off()
    for at, request in ((NOW, b"2"), (NOW + DAY + 1, b"3")):
        with database.edit() as unit:
            assert unit.idempotency.take("ak_1", "key", request, at) is None
            unit.idempotency.remember("ak_1", "key", {"n": at})
    with database.edit() as unit:
        assert unit.idempotency.take("ak_1", "key", b"", NOW + DAY + 2) == (b"3", {"n": NOW + DAY + 1})
        unit.idempotency.prune(NOW + DAY + 2)
        assert unit.idempotency.take("ak_1", "key", b"4", NOW + DAY + 2) is None
