"""From the outbox to Redis, whatever fails in between."""

import threading

import pytest

from authz_server.documents.yaml_text import write_yaml
from authz_server.managing.commands import ApplyDocument, DeleteProfile, RotateCredential, UpdateClient, UpdateProfile
from authz_server.managing.errors import PublisherUnavailable
from authz_server.managing.outbox import whole_edits
from authz_server.managing.ports import AuditFilter
from authz_server.managing.relay import COLLEAGUE_SECONDS, OtherWriter, Propagation
from tests.support.managing import ControlPlane
from tests.support.memory_publisher import Kept, MemoryPublisher
from tests.support.records import AN_ACTOR, an_event

PUBLISHED, PENDING = Propagation.PUBLISHED, Propagation.PENDING
DAY = 86_400.0


@pytest.fixture
def plane() -> ControlPlane:
    """Started, with one profile published."""
    plane = ControlPlane()
    plane.client()
    plane.profile()
    plane.relay.round()
    return plane


def colleague(plane: ControlPlane, seed: int = 2) -> ControlPlane:
    """Another process over the same database and Redis."""
    publisher = MemoryPublisher(plane.publisher.kept)
    return ControlPlane(database=plane.database, publisher=publisher, seed=seed, clock=plane.clock)


def rename(plane: ControlPlane, name: str, profile_id: str = "pr_1") -> int:
    command = UpdateProfile(actor=AN_ACTOR, profile_id=profile_id, fields={"name": name})
    sequence = plane.service.profiles.update(command).sequence
    assert sequence is not None
    return sequence


def delete(plane: ControlPlane, profile_id: str = "pr_1") -> int:
    sequence = plane.service.profiles.delete(DeleteProfile(actor=AN_ACTOR, profile_id=profile_id)).sequence
    assert sequence is not None
    return sequence


def names(plane: ControlPlane) -> dict[str, str]:
    return {each: profile.name for each, profile in plane.publisher.profiles.items()}


def in_step(plane: ControlPlane) -> bool:
    return plane.relay.state.in_step


def problem(plane: ControlPlane) -> str | None:
    return plane.relay.state.problem


def pending(plane: ControlPlane) -> int:
    with plane.database.read() as unit:
        return unit.outbox.pending_count()


def agree(plane: ControlPlane) -> bool:
    """Redis shows what the database holds, and nothing waits."""
    with plane.database.read() as unit:
        held = {record.profile.id: (record.profile, record.version) for record in unit.profiles.batch("", 10_000)}
    shown = {each: (c.profile, c.sequence) for each, c in plane.publisher.kept.records.items() if c.profile is not None}
    return held == shown and pending(plane) == 0


def test_the_start_publishes_everything_under_a_new_epoch(plane: ControlPlane) -> None:
    assert agree(plane)
    assert plane.told.all("republishing") == ["Redis holds no profiles"]
    assert plane.told.all("republished") == [1]
    assert in_step(plane)
    first = plane.publisher.kept.epoch
    again = colleague(plane)
    again.relay.round()
    assert again.told.all("republishing") == ["the start"]
    assert plane.publisher.kept.epoch != first
    assert agree(plane)


def test_before_the_start_is_over_an_edit_is_pending() -> None:
    plane = ControlPlane()
    plane.client()
    assert plane.relay.deliver(plane.profile().sequence) is PENDING
    plane.relay.round()
    assert agree(plane)


def test_an_edit_is_delivered_by_its_own_thread(plane: ControlPlane) -> None:
    assert plane.relay.deliver(rename(plane, "new")) is PUBLISHED
    assert names(plane) == {"pr_1": "new"}
    assert plane.relay.deliver(delete(plane)) is PUBLISHED
    assert names(plane) == {}
    assert agree(plane)


def test_an_edit_that_has_nothing_to_publish_is_published(plane: ControlPlane) -> None:
    plane.publisher.gone = True
    assert plane.relay.deliver(None) is PUBLISHED


def test_while_redis_is_gone_edits_are_pending_and_none_is_lost(plane: ControlPlane) -> None:
    plane.publisher.gone = True
    answers = [plane.relay.deliver(rename(plane, "one"))]
    assert problem(plane) == "Redis cannot be reached"
    plane.publisher.gone = False
    answers.append(plane.relay.deliver(rename(plane, "two")))  # not asked again so soon
    assert answers == [PENDING, PENDING]
    plane.clock.now += 1
    plane.relay.round()
    assert names(plane) == {"pr_1": "two"}
    assert problem(plane) is None
    assert agree(plane)


def test_a_change_asked_for_again_is_pending_as_long_as_it_is(plane: ControlPlane) -> None:
    """A script that disables until it reads `published` must not read it of an edit that changed nothing."""

    def asked_again() -> set[Propagation]:
        profile = UpdateProfile(actor=AN_ACTOR, profile_id="pr_1", fields={"active": False})
        client = UpdateClient(actor=AN_ACTOR, client_id="cl_acme", fields={"active": False})
        document = write_yaml(plane.service.documents.export()).encode()
        edits = (plane.service.profiles.update(profile), plane.service.clients.update(client))
        applied = plane.service.documents.apply(ApplyDocument(actor=AN_ACTOR, document=document))
        return {plane.relay.deliver(each.sequence) for each in (*edits, applied)}

    plane.publisher.gone = True
    assert asked_again() == asked_again() == {PENDING}
    plane.publisher.gone = False
    plane.clock.now += 1
    plane.relay.round()
    assert asked_again() == {PUBLISHED}


def test_retries_come_ever_more_slowly_and_at_once_again_after_a_success(plane: ControlPlane) -> None:
    plane.publisher.gone = True
    waits = [plane.relay.round() for _ in range(8)]
    delays = [delay for _, delay in plane.told.all("failed")]
    assert delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0]
    plane.publisher.gone = False
    plane.clock.now += 5
    assert plane.relay.round() == 1.0
    plane.publisher.gone = True
    plane.relay.round()
    assert plane.told.all("failed")[-1][1] == 0.1


def test_a_database_that_is_gone_is_waited_for(plane: ControlPlane) -> None:
    sequence = rename(plane, "new")
    plane.database.gone = True
    assert plane.relay.deliver(sequence) is PENDING
    plane.relay.round()
    plane.database.gone = False
    plane.clock.now += 1
    plane.relay.round()
    assert agree(plane)


def test_what_was_published_and_not_marked_is_published_again_without_harm(plane: ControlPlane) -> None:
    sequence = rename(plane, "new")
    plane.database.fail_commit = True
    assert plane.relay.deliver(sequence) is PENDING
    assert names(plane) == {"pr_1": "new"}
    plane.database.fail_commit = False
    plane.clock.now += 1
    plane.relay.round()
    assert agree(plane)


def test_the_row_as_it_is_now_is_published_once_for_many_edits(plane: ControlPlane) -> None:
    for name in ("one", "two", "three"):
        rename(plane, name)
    plane.publisher.calls.clear()
    plane.relay.round()
    ((change,),) = plane.publisher.calls
    assert change.profile is not None
    assert change.profile.name == "three"


def test_a_profile_that_was_deleted_and_made_again_is_there(plane: ControlPlane) -> None:
    delete(plane)
    plane.profile(name="again")
    plane.relay.round()
    assert names(plane) == {"pr_1": "again"}
    assert agree(plane)


def test_a_surprise_leaves_an_edit_pending_and_is_raised_by_the_round(plane: ControlPlane) -> None:
    def surprise() -> None:
        raise ZeroDivisionError

    plane.publisher.after_write = surprise
    assert plane.relay.deliver(rename(plane, "new")) is PENDING
    assert problem(plane) == "something unexpected: ZeroDivisionError"
    with pytest.raises(ZeroDivisionError):
        plane.relay.round()
    plane.publisher.after_write = lambda: None
    plane.relay.round()
    assert agree(plane)


def test_another_thread_s_turn_is_waited_for_a_second_at_most(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("authz_server.managing.relay.TURN_SECONDS", 0.01)
    with plane.turn:
        assert plane.relay.deliver(rename(plane, "new")) is PENDING
    plane.relay.round()
    assert agree(plane)


def test_edits_of_many_threads_are_all_published(plane: ControlPlane) -> None:
    answers: list[Propagation] = []

    def edit(number: int) -> None:
        plane.profile(f"pr_{number}x", auth={"type": "none"})
        answers.append(plane.relay.deliver(rename(plane, f"new {number}", f"pr_{number}x")))

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [PUBLISHED] * 8
    assert agree(plane)


def test_switching_a_client_off_is_one_write(plane: ControlPlane) -> None:
    rename(plane, "new")
    plane.profiles(999)
    plane.service.clients.update(UpdateClient(actor=AN_ACTOR, client_id="cl_acme", fields={"active": False}))
    plane.publisher.calls.clear()
    plane.relay.round()
    assert [len(call) for call in plane.publisher.calls] == [1, 1_000]
    assert not any(profile.client.active for profile in plane.publisher.profiles.values())


def test_an_edit_too_large_for_one_write_is_split() -> None:
    def sizes(*edits: int) -> int:
        events, sequence = [], 0
        for edit, size in enumerate(edits):
            events += [an_event(sequence + each, edit=edit) for each in range(size)]
            sequence += size
        return len(whole_edits(events))

    assert sizes(3) == 3
    assert sizes(1_000) == 1_000
    assert sizes(1_500) == 1_000
    assert sizes(400, 600, 5) == 1_000
    assert sizes(400, 700) == 400
    assert sizes(1, 1_500) == 1


@pytest.mark.parametrize("lost", ["flushed", "evicted", "another epoch"])
def test_whatever_redis_has_lost_everything_is_published_anew(plane: ControlPlane, lost: str) -> None:
    kept = plane.publisher.kept
    match lost:
        case "flushed":
            plane.publisher.kept = Kept()
        case "evicted":
            kept.records.clear()
            kept.lost = 1
        case _:
            kept.epoch = "f" * 32
    plane.relay.round()
    assert agree(plane)
    assert len(plane.told.all("republished")) == 2
    assert plane.relay.deliver(rename(plane, "new")) is PUBLISHED


def test_an_edit_that_meets_another_epoch_is_pending_until_all_is_published_anew(plane: ControlPlane) -> None:
    plane.publisher.kept.epoch = "f" * 32
    assert plane.relay.deliver(rename(plane, "new")) is PENDING
    assert not in_step(plane)
    plane.clock.now += 1
    plane.relay.round()
    assert agree(plane)


def test_a_database_restored_from_a_backup_replaces_the_later_records(plane: ControlPlane) -> None:
    restore = plane.database.backup()
    plane.relay.deliver(rename(plane, "later"))
    plane.relay.deliver(plane.profile("pr_later").sequence)
    restore()
    plane.relay.round()
    assert plane.told.all("republishing")[-1] == "Redis shows later versions than the database"
    assert names(plane) == {"pr_1": "name of pr_1"}
    assert agree(plane)


def test_a_database_restored_while_nobody_looked_replaces_the_later_records_too(plane: ControlPlane) -> None:
    """Edits while Redis was gone have taken the sequences that it shows: only the start replaces everything."""
    restore = plane.database.backup()
    plane.relay.deliver(rename(plane, "later"))
    plane.relay.deliver(plane.profile("pr_later").sequence)
    restore()
    restarted = colleague(plane)
    for each in ("pr_2", "pr_3", "pr_4"):
        restarted.profile(each, auth={"type": "none"})
    restarted.relay.round()
    assert names(plane)["pr_1"] == "name of pr_1"
    assert agree(plane)


@pytest.mark.parametrize("noticed_by", ["the next write", "the next round"])
def test_writes_that_a_fail_over_has_lost_are_published_again(plane: ControlPlane, noticed_by: str) -> None:
    replica, epoch = plane.publisher.kept.copy(), plane.publisher.kept.epoch
    plane.profile("pr_2")
    plane.relay.round()
    plane.service.credentials.rotate(RotateCredential(actor=AN_ACTOR, profile_id="pr_1"))
    plane.relay.deliver(delete(plane, "pr_2"))
    plane.publisher.kept = replica
    if noticed_by == "the next write":
        assert plane.relay.deliver(plane.profile("pr_3").sequence) is PUBLISHED
    else:
        plane.relay.round()
    assert agree(plane)
    assert plane.publisher.kept.epoch == epoch


def test_an_old_snapshot_that_the_outbox_does_not_reach_back_to_is_replaced(plane: ControlPlane) -> None:
    snapshot, epoch = plane.publisher.kept.copy(), plane.publisher.kept.epoch
    plane.relay.deliver(rename(plane, "new"))
    plane.clock.now += DAY + 1_000
    plane.relay.round()
    plane.publisher.kept = snapshot
    plane.relay.round()
    plane.clock.now += 1
    plane.relay.round()
    assert agree(plane)
    assert plane.publisher.kept.epoch != epoch


def test_published_events_are_kept_for_a_day(plane: ControlPlane) -> None:
    plane.relay.deliver(rename(plane, "new"))

    def kept() -> int:
        with plane.database.read() as unit:
            return len(unit.outbox.since(0, 10))

    plane.clock.now += DAY - 1
    plane.relay.round()
    assert kept() == 2
    plane.clock.now += 600
    plane.relay.round()
    assert kept() == 0


def test_audit_entries_are_kept_as_long_as_was_asked_for() -> None:
    plane = ControlPlane(audit_kept_seconds=10 * DAY)
    plane.client()
    plane.clock.now += 9 * DAY
    plane.client("cl_2")
    plane.relay.round()
    plane.clock.now += 2 * DAY
    plane.relay.round()
    with plane.database.read() as unit:
        assert [entry.client_id for entry in unit.audit.page(AuditFilter(), before=None, limit=9)] == ["cl_2"]


def test_another_writer_s_records_stay_until_they_are_taken_over(plane: ControlPlane) -> None:
    plane.publisher.kept.writer = "publish:file"
    plane.relay.round()
    assert plane.publisher.kept.writer == "publish:file"
    assert "publish:file" in (problem(plane) or "")
    with pytest.raises(OtherWriter, match="--take-over"):
        plane.relay.republish("asked for")
    assert plane.relay.republish("asked for", take_over=True) == 1
    assert agree(plane)
    plane.clock.now += 5
    plane.relay.round()
    assert problem(plane) is None


def test_a_colleague_that_has_announced_an_epoch_is_waited_for_and_then_not_any_more(plane: ControlPlane) -> None:
    other = colleague(plane)
    other.relay.round()
    plane.relay.round()
    assert in_step(plane)

    def dies() -> None:
        raise PublisherUnavailable("gone")

    other.publisher.before_replace = dies
    with pytest.raises(PublisherUnavailable):
        other.relay.republish("asked for")
    epoch = plane.publisher.kept.epoch
    assert plane.relay.deliver(rename(plane, "new")) is PENDING
    plane.clock.now += 1
    plane.relay.round()
    plane.clock.now += COLLEAGUE_SECONDS - 1
    plane.relay.round()
    assert plane.publisher.kept.epoch == epoch
    assert "waited for" in (problem(plane) or "")
    plane.clock.now += 2
    plane.relay.round()
    assert plane.publisher.kept.epoch != epoch
    assert agree(plane)


def test_a_write_between_looking_and_replacing_puts_the_replacing_off(plane: ControlPlane) -> None:
    def a_writer_that_has_not_heard_of_the_new_epoch() -> None:
        plane.publisher.kept.sequence += 1
        plane.publisher.before_replace = lambda: None

    plane.publisher.kept.lost = 1
    plane.publisher.before_replace = a_writer_that_has_not_heard_of_the_new_epoch
    plane.relay.round()
    assert not in_step(plane)
    assert plane.publisher.kept.lost == 1
    plane.clock.now += 1
    plane.relay.round()
    assert in_step(plane)
    assert agree(plane)


def test_what_changes_while_everything_is_published_is_published_after(plane: ControlPlane) -> None:
    plane.profile("pr_gone")
    plane.relay.round()
    plane.publisher.kept.lost = 1

    def meanwhile() -> None:
        rename(plane, "meanwhile")
        delete(plane, "pr_gone")
        plane.profile("pr_new")

    plane.publisher.before_replace = meanwhile
    plane.relay.round()
    assert set(names(plane)) == {"pr_1", "pr_new"}
    assert agree(plane)


def test_two_processes_lose_and_reorder_nothing(plane: ControlPlane) -> None:
    other = colleague(plane)
    other.relay.round()
    plane.relay.round()
    for number in range(20):
        sequence = rename(plane if number % 2 else other, f"new {number}")
        assert (other if number % 3 else plane).relay.deliver(sequence) is PUBLISHED
        assert names(plane) == {"pr_1": f"new {number}"}
    assert agree(plane)


def test_many_profiles_are_published_in_pages_with_progress() -> None:
    plane = ControlPlane()
    for client in range(3):
        plane.client(f"cl_{client}")
        plane.profiles(700, f"cl_{client}")
    plane.relay.round()
    assert plane.told.all("republished") == [2_100]
    assert plane.told.all("progress") == [1_000, 1_000, 100]
    assert agree(plane)


def test_the_heartbeat_follows_each_round(plane: ControlPlane) -> None:
    plane.clock.now += 3
    plane.relay.round()
    assert plane.publisher.kept.heartbeat == plane.clock.now
