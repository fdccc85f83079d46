"""What every publisher does: versioned writes, and everything at once under a new epoch."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import pytest

from authz_server.cache.connection import RedisAddress, connect_blocking
from authz_server.cache.profile_publisher import RedisProfilePublisher
from authz_server.core.profile import Profile
from authz_server.managing.errors import PublishConflict
from authz_server.managing.publisher import Change, ProfilePublisher
from tests.support.memory_publisher import Kept, MemoryPublisher
from tests.support.profiles import a_client, a_profile, hmac_auth
from tests.support.redis_records import Records, connected, valkey

E1, E2 = "1" * 32, "2" * 32


class Published(Protocol):
    """Two publishers of one place, each in the name of another writer, and what readers see there."""

    @property
    def publisher(self) -> ProfilePublisher:
        """What is under test: `manage:db`."""

    @property
    def other(self) -> ProfilePublisher:
        """The same place, another writer."""

    def profiles(self) -> dict[str, Profile]:
        """What readers see, by id."""

    def lose(self, profile_id: str) -> None:
        """One record is gone, as by eviction."""

    def flush(self) -> None:
        """All is gone."""


class InMemory:
    """The fake."""

    def __init__(self) -> None:
        kept = Kept()
        self.publisher = MemoryPublisher(kept)
        self.other = MemoryPublisher(kept, "publish:file")

    def profiles(self) -> dict[str, Profile]:
        return self.publisher.profiles

    def lose(self, profile_id: str) -> None:
        del self.publisher.kept.records[profile_id]
        self.publisher.kept.lost += 1

    def flush(self) -> None:
        self.publisher.kept = self.other.kept = Kept()


class InRedis:
    """A real Valkey."""

    def __init__(self, address: RedisAddress) -> None:
        self._client = connected(address)
        self._records = Records(self._client)
        codec = self._records.codec
        self.publisher = RedisProfilePublisher(lambda: connect_blocking(address), "authz", codec, "db")
        self.other = RedisProfilePublisher(lambda: connect_blocking(address), "authz", codec, "other")

    def profiles(self) -> dict[str, Profile]:
        records, epoch = self._records, self._records.epoch
        opened = [records.codec.open(each.decode(), epoch, record) for each, record in records.raw().items()]
        return {each.profile_id: profile for each in opened if (profile := records.codec.profile(each)) is not None}

    def lose(self, profile_id: str) -> None:
        self._client.hdel(self._records.profiles, profile_id)

    def flush(self) -> None:
        self._client.flushall()

    def close(self) -> None:
        self.publisher.close()
        self.other.close()
        self._client.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisAddress]:
    with valkey(tmp_path_factory.mktemp("valkey")) as address:
        yield address


@pytest.fixture(params=["memory", "redis"])
def published(request: pytest.FixtureRequest) -> Iterator[Published]:
    if request.param == "memory":
        yield InMemory()
        return
    in_redis = InRedis(request.getfixturevalue("address"))
    yield in_redis
    in_redis.close()


def change(profile_id: str, sequence: int, **fields: object) -> Change:
    return Change(profile_id, sequence, a_profile(profile_id, **fields))


def everything(*changes: Change) -> Iterable[Change]:
    return iter(changes)


def begin(published: Published, *changes: Change, epoch: str = E1, sequence: int = 10) -> None:
    publisher = published.publisher
    publisher.replace_all(epoch, everything(*changes), over=publisher.in_force(), sequence=sequence)


def test_nothing_is_in_force_at_first(published: Published) -> None:
    assert published.publisher.in_force() is None
    with pytest.raises(PublishConflict):
        published.publisher.publish(E1, (change("pr_1", 1),))


def test_everything_is_in_force_at_once(published: Published) -> None:
    begin(published, change("pr_1", 3), change("pr_2", 5, client=a_client(active=False)))
    shown = published.publisher.in_force()
    assert shown is not None
    assert (shown.epoch, shown.sequence, shown.ours, shown.complete) == (E1, 10, True, True)
    profiles = published.profiles()
    assert set(profiles) == {"pr_1", "pr_2"}
    assert not profiles["pr_2"].client.active


def test_the_sequence_is_at_least_the_highest_that_is_written(published: Published) -> None:
    begin(published, change("pr_1", 30), sequence=10)
    shown = published.publisher.in_force()
    assert shown is not None
    assert shown.sequence == 30


def test_no_profiles_at_all_are_in_force_too(published: Published) -> None:
    begin(published)
    shown = published.publisher.in_force()
    assert shown is not None
    assert (shown.epoch, shown.complete) == (E1, True)


def test_changes_are_written_and_tell_what_was_shown_before(published: Published) -> None:
    begin(published, change("pr_1", 3), change("pr_2", 4))
    assert published.publisher.publish(E1, (change("pr_1", 11, active=False), Change("pr_2", 12, None))) == 10
    assert published.publisher.publish(E1, (change("pr_3", 13, auth=hmac_auth()),)) == 12
    profiles = published.profiles()
    assert set(profiles) == {"pr_1", "pr_3"}
    assert not profiles["pr_1"].active


def test_nothing_older_is_taken_not_even_over_a_deletion(published: Published) -> None:
    begin(published, change("pr_1", 3), change("pr_2", 4))
    published.publisher.publish(E1, (change("pr_1", 12, name="new"), Change("pr_2", 14, None)))
    before = published.publisher.publish(E1, (change("pr_1", 11, name="old"), change("pr_2", 13)))
    assert before == 14
    assert published.publisher.publish(E1, (Change("pr_1", 12, None),)) == 14
    profiles = published.profiles()
    assert set(profiles) == {"pr_1"}
    assert profiles["pr_1"].name == "new"


def test_what_was_deleted_can_come_back(published: Published) -> None:
    begin(published, change("pr_1", 3))
    published.publisher.publish(E1, (Change("pr_1", 11, None),))
    published.publisher.publish(E1, (change("pr_1", 12),))
    assert set(published.profiles()) == {"pr_1"}


def test_a_thousand_changes_are_one_write(published: Published) -> None:
    begin(published)
    assert published.publisher.publish(E1, tuple(change(f"pr_{each}", 11 + each) for each in range(1_000))) == 10
    assert len(published.profiles()) == 1_000


def test_another_epoch_is_refused_and_writes_nothing(published: Published) -> None:
    begin(published, change("pr_1", 3))
    with pytest.raises(PublishConflict):
        published.publisher.publish(E2, (change("pr_2", 11),))
    assert set(published.profiles()) == {"pr_1"}


def test_another_writer_is_seen_and_refused(published: Published) -> None:
    begin(published, change("pr_1", 3))
    shown = published.other.in_force()
    assert shown is not None
    assert not shown.ours
    assert "manage:" in shown.writer
    with pytest.raises(PublishConflict):
        published.other.publish(E1, (change("pr_2", 11),))
    published.other.replace_all(E2, everything(change("pr_9", 1)), over=shown, sequence=1)
    with pytest.raises(PublishConflict):
        published.publisher.publish(E2, (change("pr_2", 11),))
    assert set(published.profiles()) == {"pr_9"}


def test_a_new_epoch_replaces_everything_and_starts_its_own_sequence(published: Published) -> None:
    begin(published, change("pr_1", 30), change("pr_2", 40))
    begin(published, change("pr_1", 2, name="restored"), epoch=E2, sequence=5)
    shown = published.publisher.in_force()
    assert shown is not None
    assert (shown.epoch, shown.sequence) == (E2, 5)
    assert {each: profile.name for each, profile in published.profiles().items()} == {"pr_1": "restored"}


def test_an_epoch_over_what_is_no_longer_in_force_is_refused(published: Published) -> None:
    begin(published, change("pr_1", 3))
    over = published.publisher.in_force()

    def written_meanwhile() -> Iterator[Change]:
        yield change("pr_2", 4)
        published.publisher.publish(E1, (change("pr_1", 11, name="meanwhile"),))

    with pytest.raises(PublishConflict):
        published.publisher.replace_all(E2, written_meanwhile(), over=over, sequence=20)
    assert {each: profile.name for each, profile in published.profiles().items()} == {"pr_1": "meanwhile"}
    with pytest.raises(PublishConflict):
        published.publisher.replace_all(E2, everything(), over=None, sequence=20)


def test_readers_see_the_old_until_all_of_the_new_is_there(published: Published) -> None:
    begin(published, change("pr_1", 3))

    def broken_off() -> Iterator[Change]:
        yield change("pr_2", 4)
        assert set(published.profiles()) == {"pr_1"}
        raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        published.publisher.replace_all(E2, broken_off(), over=published.publisher.in_force(), sequence=20)
    assert set(published.profiles()) == {"pr_1"}


def test_a_lost_record_shows(published: Published) -> None:
    begin(published, change("pr_1", 3), change("pr_2", 4))
    published.lose("pr_1")
    shown = published.publisher.in_force()
    assert shown is not None
    assert not shown.complete


def test_a_flush_leaves_nothing_in_force_and_a_heartbeat_brings_nothing_back(published: Published) -> None:
    begin(published, change("pr_1", 3))
    published.publisher.beat(E1, 1_700_000_000.0)
    published.flush()
    published.publisher.beat(E1, 1_700_000_001.0)
    published.other.beat(E1, 1_700_000_001.0)
    assert published.publisher.in_force() is None
    with pytest.raises(PublishConflict):
        published.publisher.publish(E1, (change("pr_1", 11),))
