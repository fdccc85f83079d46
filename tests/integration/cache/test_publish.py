from typing import Any

import pytest
import redis

from authz_server.cache.layout import MetaField
from authz_server.cache.publish import Plan, Progress, PublishRefused
from authz_server.cache.writer import CHANGES_AT_ONCE, Change, RecordWriter, WriteConflict
from authz_server.core.profile import Profile
from authz_server.sealing.keys import RecordKeys
from tests.support.profiles import a_profile, hmac_auth, token_auth
from tests.support.redis_records import KEYS, NAME, Records


def some_profiles(count: int, **fields: Any) -> list[Profile]:
    return [a_profile(f"pr_{number}", **fields) for number in range(count)]


def held(records: Records) -> dict[str, Profile]:
    """The profiles that a reader would find."""
    epoch = records.epoch
    opened = [records.codec.open(field.decode(), epoch, record) for field, record in records.raw().items()]
    return {record.profile_id: profile for record in opened if (profile := records.codec.profile(record))}


def test_the_first_publish_writes_everything_under_a_new_epoch(records: Records) -> None:
    plan = records.publish(a_profile("pr_1", auth=token_auth()), a_profile("pr_2", auth=hmac_auth()))
    assert plan == Plan(added=("pr_1", "pr_2"), changed=(), removed=(), unchanged=(), kept=())
    meta = records.writer.in_force().meta
    assert meta is not None
    assert (meta.count, meta.deleted, meta.writer, meta.signed) == (2, 0, NAME, True)
    assert set(held(records)) == {"pr_1", "pr_2"}
    assert [entry[b"epoch"].decode() for _, entry in records.log()] == [meta.epoch]


def test_publishing_again_writes_nothing(records: Records) -> None:
    profiles = [a_profile("pr_1", auth=hmac_auth()), a_profile("pr_2")]
    records.publish(*profiles)
    before = (records.writer.in_force(), records.raw(), records.log())
    plan = records.publish(*profiles)
    assert plan.unchanged == ("pr_1", "pr_2")
    assert plan.changes == 0
    assert (records.writer.in_force(), records.raw(), records.log()) == before


def test_only_what_changed_is_written_and_logged(records: Records) -> None:
    records.publish(*some_profiles(3))
    before = records.raw()
    plan = records.publish(a_profile("pr_0"), a_profile("pr_1", active=False), a_profile("pr_2"), a_profile("pr_3"))
    assert (plan.added, plan.changed, plan.unchanged) == (("pr_3",), ("pr_1",), ("pr_0", "pr_2"))
    after = records.raw()
    assert {field for field in after if after[field] != before.get(field)} == {b"pr_1", b"pr_3"}
    assert [entry.get(b"profile") for _, entry in records.log()] == [None, b"pr_3", b"pr_1"]
    assert not held(records)["pr_1"].active


def test_each_entry_of_the_log_names_the_one_before_it(records: Records) -> None:
    for active in (True, False, True):
        records.publish(a_profile("pr_1", active=active), a_profile("pr_2", active=active))
    log = records.log()
    assert [entry[b"before"] for _, entry in log] == [b"0-0", *(entry_id for entry_id, _ in log[:-1])]


def test_what_is_no_longer_in_the_file_is_kept_without_prune(records: Records) -> None:
    records.publish(*some_profiles(2))
    assert records.publish(a_profile("pr_0")).kept == ("pr_1",)
    assert set(held(records)) == {"pr_0", "pr_1"}


def test_prune_removes_what_is_no_longer_in_the_file(records: Records) -> None:
    records.publish(*some_profiles(3))
    assert records.publish(a_profile("pr_0"), prune=True).removed == ("pr_1", "pr_2")
    assert set(held(records)) == {"pr_0"}
    meta = records.writer.in_force().meta
    assert meta is not None
    assert (meta.count, meta.deleted) == (1, 2)
    assert set(records.client.zrange(records.layout.tombstones, 0, -1)) == {b"pr_1", b"pr_2"}


def test_pruning_again_finds_nothing_to_remove(records: Records) -> None:
    records.publish(*some_profiles(2))
    records.publish(a_profile("pr_0"), prune=True)
    assert records.publish(a_profile("pr_0"), prune=True).changes == 0


def test_a_removed_profile_that_comes_back_continues_above_its_tombstone(records: Records) -> None:
    records.publish(*some_profiles(2))
    records.publish(a_profile("pr_0"), prune=True)
    removed_at = records.codec.open("pr_1", records.epoch, records.raw()[b"pr_1"]).version
    assert records.publish(*some_profiles(2)).added == ("pr_1",)
    assert held(records)["pr_1"].version > removed_at
    assert records.client.zcard(records.layout.tombstones) == 0


def test_planning_writes_nothing(records: Records) -> None:
    assert records.publisher(*some_profiles(2)).plan().added == ("pr_0", "pr_1")
    assert records.client.dbsize() == 0


def test_many_changes_are_a_new_epoch_and_the_old_records_go(records: Records) -> None:
    records.publish(a_profile("pr_0"), a_profile("pr_kept"))
    before, untouched = records.profiles, held(records)
    records.publish(a_profile("pr_0"), *(a_profile(f"pr_more_{i}") for i in range(CHANGES_AT_ONCE + 1)))
    assert records.profiles != before
    assert records.client.exists(before) == 0
    assert records.client.ttl(records.profiles) == -1
    after = held(records)
    assert len(after) == CHANGES_AT_ONCE + 3
    for kept in ("pr_0", "pr_kept"):
        assert after[kept].version.sequence == untouched[kept].version.sequence


def test_another_writer_is_refused_and_may_take_over(records: Records) -> None:
    records.publish(*some_profiles(2))
    epoch = records.epoch
    other = records.by("publish:other")
    with pytest.raises(PublishRefused, match=r"are written by publish:test, this is publish:other.*--take-over"):
        other.publish(a_profile("pr_0"))
    plan = other.publish(a_profile("pr_0"), take_over=True)
    assert (plan.unchanged, plan.kept) == (("pr_0",), ("pr_1",))
    assert records.epoch != epoch
    assert set(held(records)) == {"pr_0", "pr_1"}
    with pytest.raises(PublishRefused):
        records.publish(a_profile("pr_0"))


def test_the_records_of_manage_are_not_touched(records: Records) -> None:
    records.by("manage:0123").publish(a_profile("pr_1"))
    before = records.raw()
    with pytest.raises(PublishRefused, match="manage:0123"):
        records.publish(prune=True)
    assert records.raw() == before


def test_another_schema_is_refused_and_may_be_replaced(records: Records) -> None:
    records.publish(*some_profiles(2))
    records.client.hset(records.layout.meta, MetaField.SCHEMA, "2")
    with pytest.raises(PublishRefused, match=r"another schema.*--take-over"):
        records.publish(a_profile("pr_0"))
    records.publish(a_profile("pr_0"), take_over=True)
    assert set(held(records)) == {"pr_0"}


def test_profiles_are_signed_anew_when_the_key_that_signs_changes(records: Records) -> None:
    records.publish(*some_profiles(2))
    rotated = Records(records.client, RecordKeys((b"n" * 32, *KEYS.keys)))
    assert rotated.publish(*some_profiles(2)).changed == ("pr_0", "pr_1")
    only_new = Records(records.client, RecordKeys((b"n" * 32,)))
    assert set(held(only_new)) == {"pr_0", "pr_1"}
    assert only_new.publish(*some_profiles(2)).changes == 0


def test_beginning_to_sign_is_a_new_epoch(records: Records) -> None:
    Records(records.client, None).publish(*some_profiles(2))
    epoch = records.epoch
    assert records.publish(*some_profiles(2)).changed == ("pr_0", "pr_1")
    assert records.epoch != epoch
    assert set(held(records)) == {"pr_0", "pr_1"}


def test_a_record_that_does_not_verify_is_never_signed_anew(records: Records) -> None:
    """Or whoever can write to Redis could have a profile of theirs signed."""
    records.publish(*some_profiles(2))
    records.client.hset(records.profiles, "pr_1", "authz1 forged")
    before = records.raw()
    with pytest.raises(PublishRefused, match=r"pr_1, which is not in the file, cannot be verified.*--prune"):
        records.by("publish:other").publish(a_profile("pr_0"), take_over=True)
    assert records.raw() == before
    records.publish(a_profile("pr_0"), prune=True)
    assert set(held(records)) == {"pr_0"}


def test_a_record_of_the_file_that_does_not_verify_is_written_again(records: Records) -> None:
    records.publish(*some_profiles(2))
    records.client.hset(records.profiles, "pr_1", "authz1 forged")
    assert records.publish(*some_profiles(2)).changed == ("pr_1",)
    assert set(held(records)) == {"pr_0", "pr_1"}


def test_records_that_were_lost_are_all_written_under_a_new_epoch(records: Records) -> None:
    records.publish(*some_profiles(3))
    epoch = records.epoch
    records.client.hdel(records.profiles, "pr_1")
    assert records.publish(*some_profiles(3)).added == ("pr_1",)
    assert records.epoch != epoch
    assert set(held(records)) == {"pr_0", "pr_1", "pr_2"}


def test_an_empty_file_is_a_complete_set_of_no_profiles(records: Records) -> None:
    records.publish()
    meta = records.writer.in_force().meta
    assert meta is not None
    assert meta.count == 0


def test_sequences_are_above_all_that_readers_may_have_seen(records: Records) -> None:
    """A fail-over can lose the last writes, and with them the sequence that readers know already."""
    records.publish(a_profile("pr_1"), now=lambda: 1_000.0)
    records.publish(a_profile("pr_1", active=False), now=lambda: 2_000.0)
    assert held(records)["pr_1"].version.sequence > 2_000_000
    records.publish(a_profile("pr_1"), now=lambda: 0.0)
    assert held(records)["pr_1"].version.sequence > 2_000_001


class Breaking(Progress):
    """Breaks off when so many profiles are written."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.step = ""

    def begin(self, step: str, total: int | None) -> None:  # noqa: ARG002 - the steps matter, not their sizes
        self.step = step

    def advance(self, by: int) -> None:
        self.left -= by if self.step == "Writing" else 0
        if self.left < 0:
            raise KeyboardInterrupt


def test_a_publish_that_breaks_off_leaves_what_was_there(records: Records) -> None:
    records.publish(*some_profiles(3))
    before = (records.writer.in_force(), records.raw(), records.log(), records.client.dbsize())
    with pytest.raises(KeyboardInterrupt):
        records.publish(*some_profiles(2_500, active=False), prune=True, progress=Breaking(1_500))
    assert (records.writer.in_force(), records.raw(), records.log(), records.client.dbsize()) == before


@pytest.mark.parametrize("broken", [redis.ConnectionError, redis.TimeoutError, KeyboardInterrupt])
def test_a_publish_that_never_hears_that_it_is_in_force_takes_nothing_back(
    records: Records, broken: type[BaseException]
) -> None:
    class Unheard(RecordWriter):
        def _put_in_force(self, *arguments: Any) -> None:
            super()._put_in_force(*arguments)
            raise broken

    records.writer = Unheard(records.client, records.layout, records.codec, NAME)
    with pytest.raises(broken):
        records.publish(*some_profiles(2))
    assert set(held(records)) == {"pr_0", "pr_1"}
    assert records.client.ttl(records.profiles) == -1


def test_what_a_killed_publish_leaves_behind_goes_by_itself(records: Records) -> None:
    class Killed(RecordWriter):
        def _put_in_force(self, *_: Any) -> None:
            ttl: Any = records.client.ttl(next(iter(records.client.scan_iter("*:profiles:*"))))
            assert 0 < ttl <= 3_600
            raise KeyboardInterrupt

    records.writer = Killed(records.client, records.layout, records.codec, NAME)
    with pytest.raises(KeyboardInterrupt):
        records.publish(*some_profiles(2))


@pytest.mark.parametrize("count", [2, CHANGES_AT_ONCE + 5], ids=["changes", "epoch"])
def test_a_publish_that_was_overtaken_looks_again(records: Records, count: int) -> None:
    records.publish(a_profile("pr_0"))

    class Overtaken(Progress):
        def __init__(self) -> None:
            self.times = 0

        def begin(self, step: str, total: int | None) -> None:  # noqa: ARG002 - the steps matter, not their sizes
            if step == "Writing" and self.times == 0:
                self.times += 1
                records.publish(a_profile("pr_0"), a_profile("pr_overtaking"))

    records.publish(*some_profiles(count), progress=Overtaken())
    assert set(held(records)) == {"pr_overtaking", *(profile.id for profile in some_profiles(count))}


def test_a_publish_that_is_overtaken_again_and_again_gives_up(records: Records) -> None:
    records.publish(a_profile("pr_0"))

    class Overtaken(Progress):
        def __init__(self) -> None:
            self.active = True

        def begin(self, step: str, total: int | None) -> None:  # noqa: ARG002 - the steps matter, not their sizes
            if step == "Writing":
                self.active = not self.active
                records.publish(a_profile("pr_0"), a_profile("pr_overtaking", active=self.active))

    with pytest.raises(PublishRefused, match=r"somebody else writes here too.*try again"):
        records.publish(*some_profiles(2), progress=Overtaken())


def test_a_script_that_answers_something_else_is_an_error(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records.writer, "_write_changes", lambda **_: b"?")
    with pytest.raises(redis.ResponseError):
        records.writer.write("e", [])


def test_writing_under_an_epoch_that_is_not_in_force_is_a_conflict(records: Records) -> None:
    records.publish(a_profile("pr_0"))
    with pytest.raises(WriteConflict, match="epoch has changed"):
        records.writer.write("f" * 32, [])
    with pytest.raises(WriteConflict, match="writer has changed"):
        records.by("publish:other").writer.write(records.epoch, [])
    with pytest.raises(WriteConflict, match="sequence has changed"):
        records.writer.write(records.epoch, [], after=1)


def test_a_writer_knows_whether_it_may_have_changed_what_is_in_force(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Staging and a script that refuses change nothing; a script without an answer may have."""
    records.publish(a_profile("pr_0"))
    refused = records.by(NAME).writer
    with pytest.raises(WriteConflict):
        refused.write("f" * 32, [])
    assert not refused.touched
    silent = records.by(NAME).writer
    monkeypatch.setattr(silent, "_write_changes", lambda **_: b"?")
    with pytest.raises(redis.ResponseError):
        silent.write(records.epoch, [])
    assert silent.touched
    assert records.writer.touched


def test_progress_tells_each_step_and_every_profile(records: Records) -> None:
    class Told(Progress):
        def __init__(self) -> None:
            self.steps: dict[str, list[int | None]] = {}

        def begin(self, step: str, total: int | None) -> None:
            self.steps[step] = [total, 0]
            self.current = step

        def advance(self, by: int) -> None:
            self.steps[self.current][1] = (self.steps[self.current][1] or 0) + by

    told = Told()
    records.publish(*some_profiles(3), progress=told)
    records.publish(*some_profiles(5), progress=told)
    assert told.steps == {"Preparing": [5, 5], "Reading what Redis holds": [3, 3], "Writing": [2, 2]}


def test_a_record_that_verifies_and_cannot_be_read_is_not_carried_over(records: Records) -> None:
    """Another version of this program may have written it, with a field that this one does not know."""
    records.publish(*some_profiles(2))
    meta = records.writer.in_force().meta
    assert meta is not None
    records.writer.write(meta.epoch, [Change("pr_1", meta.sequence + 1, b'{"from":"the future"}')])
    with pytest.raises(PublishRefused, match="pr_1, which is not in the file, cannot be verified or read"):
        records.by("publish:other").publish(a_profile("pr_0"), take_over=True)
