from authz_server.cache.faults import CacheFault
from authz_server.cache.held import HeldProfiles
from authz_server.cache.outcome import Failure, Outcome
from authz_server.cache.record import RecordCodec
from authz_server.checking.ports import LoadedProfile
from authz_server.core.auth import JwtAuth
from authz_server.core.errors import ProfileUnusable
from authz_server.core.profile import Version
from authz_server.sealing.keys import RecordKeys
from tests.support.profiles import a_profile

CODEC = RecordCodec("authz", RecordKeys((b"k" * 32,)))
EPOCH, OTHER_EPOCH = "e" * 32, "f" * 32


def record(sequence: int, *, epoch: str = EPOCH, profile_id: str = "pr_1", active: bool = True) -> bytes:
    content = CODEC.content(a_profile(profile_id, active=active))
    return CODEC.write(profile_id, Version(epoch, sequence), content)


class Holding:
    """HeldProfiles, and the faults it told of."""

    def __init__(self, entries: int = 10) -> None:
        self.faults: list[CacheFault] = []
        self.profiles = HeldProfiles(CODEC, entries, lambda kind, _: self.faults.append(kind))

    def take(self, record: bytes, now: float = 0.0, epoch: str = EPOCH, profile_id: str = "pr_1") -> Outcome:
        return self.profiles.take(profile_id, epoch, record, now)


def sequence_of(outcome: Outcome) -> int:
    assert isinstance(outcome, LoadedProfile)
    return outcome.profile.version.sequence


def test_an_unchanged_record_is_compiled_once() -> None:
    holding = Holding()
    assert holding.take(record(1)) is holding.take(record(1))


def test_a_newer_record_replaces_the_one_held() -> None:
    holding = Holding()
    holding.take(record(1))
    assert sequence_of(holding.take(record(2, active=False))) == 2


def test_an_older_record_of_the_same_epoch_does_not_replace_a_newer_one_and_is_told() -> None:
    holding = Holding()
    holding.take(record(5))
    assert sequence_of(holding.take(record(4))) == 5
    assert holding.faults == [CacheFault.RECORD_WENT_BACK]


def test_another_epoch_replaces_whatever_its_sequence() -> None:
    holding = Holding()
    holding.take(record(5))
    assert sequence_of(holding.take(record(1, epoch=OTHER_EPOCH), epoch=OTHER_EPOCH)) == 1
    assert holding.faults == []


def test_the_same_bytes_in_another_epoch_are_not_taken() -> None:
    holding = Holding()
    holding.take(record(5))
    assert isinstance(holding.take(record(5), epoch=OTHER_EPOCH), Failure)


def test_an_unusable_record_replaces_the_good_one_until_a_good_one_comes() -> None:
    holding = Holding()
    holding.take(record(1))
    outcome = holding.take(b"garbage")
    assert isinstance(outcome, Failure)
    assert isinstance(outcome.exception(), ProfileUnusable)
    assert holding.profiles.recall("pr_1", 0.0) == outcome
    assert sequence_of(holding.take(record(2))) == 2


def test_an_unusable_record_is_told_once_and_not_at_every_look_up() -> None:
    holding = Holding()
    for _ in range(3):
        holding.take(b"garbage")
    assert holding.faults == [CacheFault.RECORD_UNUSABLE]


def test_garbage_in_between_does_not_let_an_older_record_in() -> None:
    holding = Holding()
    holding.take(record(5))
    holding.take(b"garbage")
    assert isinstance(holding.take(record(4)), Failure)


def test_a_deletion_is_no_profile_and_does_not_let_an_older_record_in() -> None:
    holding = Holding()
    assert holding.take(CODEC.write("pr_1", Version(EPOCH, 5))) is None
    assert holding.take(record(4)) is None
    assert holding.faults == [CacheFault.RECORD_WENT_BACK]


def test_a_profile_that_cannot_be_enforced_is_unusable() -> None:
    profile = a_profile("pr_1", auth=JwtAuth(algorithm="RS256", public_key="no key"))
    outcome = Holding().take(CODEC.write("pr_1", Version(EPOCH, 1), CODEC.content(profile)))
    assert isinstance(outcome, Failure)


def test_what_is_held_is_recalled_only_if_it_was_read_recently_enough() -> None:
    holding = Holding()
    loaded = holding.take(record(1), now=10.0)
    assert holding.profiles.recall("pr_1", 10.0) is loaded
    assert holding.profiles.recall("pr_1", 10.1) is None
    assert holding.profiles.recall("pr_2", 0.0) is None


def test_reading_it_again_makes_it_recent_again() -> None:
    holding = Holding()
    holding.take(record(1), now=10.0)
    loaded = holding.take(record(1), now=20.0)
    assert holding.profiles.recall("pr_1", 15.0) is loaded


def test_what_is_forgotten_is_not_recalled() -> None:
    holding = Holding()
    holding.take(record(1))
    holding.profiles.forget("pr_1")
    holding.profiles.forget("pr_1")
    assert holding.profiles.recall("pr_1", 0.0) is None


def test_the_least_recently_used_is_pushed_out() -> None:
    holding = Holding(entries=2)
    for profile_id in ("pr_1", "pr_2", "pr_1", "pr_3"):
        holding.take(record(1, profile_id=profile_id), profile_id=profile_id)
    assert holding.profiles.recall("pr_2", 0.0) is None
    assert holding.profiles.recall("pr_1", 0.0) is not None
    assert holding.profiles.recall("pr_3", 0.0) is not None
