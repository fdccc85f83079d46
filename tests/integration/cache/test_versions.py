"""The script through which everything is written: nothing goes backwards, whatever order it comes in."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz_server.cache.writer import Change
from tests.support.profiles import a_profile
from tests.support.redis_records import Records

IDS = ("pr_a", "pr_b", "pr_c")
CHANGES = st.builds(
    lambda profile_id, sequence, deletes: (profile_id, sequence, deletes),
    st.sampled_from(IDS),
    st.integers(min_value=1, max_value=30) | st.integers(min_value=2**52, max_value=2**53 - 1),
    st.booleans(),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.lists(st.lists(CHANGES, min_size=1, max_size=4), max_size=8))
def test_each_profile_ends_in_its_highest_version_whatever_the_order(
    records: Records, calls: list[list[tuple[str, int, bool]]]
) -> None:
    """Two writers at once are an interleaving of script calls, and a late retry is an old call again."""
    records.client.flushall()
    records.publish()
    expected: dict[str, tuple[int, bool]] = {}
    for call in calls:
        records.writer.write(records.epoch, [_change(records, *change) for change in call])
        for profile_id, sequence, deletes in call:
            if sequence > expected.get(profile_id, (0, False))[0]:
                expected[profile_id] = (sequence, deletes)
        assert _held(records) == expected
    _counts_hold(records, expected)


def _change(records: Records, profile_id: str, sequence: int, deletes: bool = False) -> Change:  # noqa: FBT001, FBT002 - drawn
    return Change(profile_id, sequence, None if deletes else records.codec.content(a_profile(profile_id)))


def _held(records: Records) -> dict[str, tuple[int, bool]]:
    epoch = records.epoch
    opened = [records.codec.open(field.decode(), epoch, record) for field, record in records.raw().items()]
    return {record.profile_id: (record.version.sequence, record.deleted) for record in opened}


def _counts_hold(records: Records, expected: dict[str, tuple[int, bool]]) -> None:
    meta = records.writer.in_force().meta
    assert meta is not None
    deleted = {profile_id for profile_id, (_, deletes) in expected.items() if deletes}
    assert (meta.count, meta.deleted) == (len(expected) - len(deleted), len(deleted))
    assert meta.fields == records.writer.fields(meta.epoch)
    assert {each.decode() for each in _tombstones(records)} == deleted
    if expected:
        assert meta.sequence >= max(sequence for sequence, _ in expected.values())
    log = records.log()
    assert [entry[b"before"] for _, entry in log] == [b"0-0", *(entry_id for entry_id, _ in log[:-1])]


def _tombstones(records: Records) -> Sequence[bytes]:
    found: Any = records.client.zrange(records.layout.tombstones, 0, -1)
    return list(found)


def test_a_large_sequence_stays_a_whole_number(records: Records) -> None:
    records.publish()
    records.writer.write(records.epoch, [_change(records, "pr_a", 2**53 - 1)])
    assert records.client.hget(records.layout.meta, "sequence") == str(2**53 - 1).encode()


def test_the_same_write_again_writes_nothing(records: Records) -> None:
    records.publish()
    sequence = records.writer.in_force().meta
    assert sequence is not None
    change = _change(records, "pr_a", sequence.sequence + 1)
    assert records.writer.write(records.epoch, [change]).changes == 1
    assert records.writer.write(records.epoch, [change]).changes == 0
    assert len(records.log()) == 2


def test_a_record_that_cannot_be_read_is_replaced_by_any_version(records: Records) -> None:
    records.publish(a_profile("pr_a"))
    records.client.hset(records.profiles, "pr_a", "garbage")
    assert records.writer.write(records.epoch, [_change(records, "pr_a", 1)]).changes == 1


def test_tombstones_go_after_a_day_and_younger_ones_stay(records: Records) -> None:
    records.publish(*(a_profile(profile_id) for profile_id in IDS))
    records.publish(a_profile("pr_c"), prune=True)
    a_day_ago = {"pr_a": _milliseconds(records) - 86_400_001}
    records.client.zadd(records.layout.tombstones, a_day_ago)
    records.publish(a_profile("pr_c", active=False))
    assert set(records.raw()) == {b"pr_b", b"pr_c"}
    assert list(_tombstones(records)) == [b"pr_b"]
    meta = records.writer.in_force().meta
    assert meta is not None
    assert (meta.count, meta.deleted) == (1, 1)


def test_the_log_is_trimmed(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authz_server.cache.writer.LOG_ENTRIES", 100)
    records.publish()
    for sequence in range(5):
        first = 10_000_000_000_000 + sequence * 200
        records.writer.write(records.epoch, [_change(records, "pr_a", first + i) for i in range(200)])
    assert 100 <= len(records.log()) <= 300


def _milliseconds(records: Records) -> int:
    seconds, microseconds = records.client.time()
    return int(seconds) * 1_000 + int(microseconds) // 1_000
