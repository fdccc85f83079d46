import asyncio
from collections.abc import Sequence

import pytest

from authz_server.cache import look_ups
from authz_server.cache.look_ups import LookUps
from authz_server.cache.outcome import Failure, Outcome
from authz_server.checking.ports import LoadedProfile
from authz_server.core.errors import LookupFailed, ProfileUnusable
from tests.support.profiles import a_profile

GIVEN_UP = Failure(LookupFailed, "given up")


class Asked:
    """Answers for ids, and remembers what it was asked."""

    def __init__(self, **answers: Outcome) -> None:
        self.answers = answers
        self.batches: list[list[str]] = []
        self.errors: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, ids: Sequence[str]) -> Sequence[Outcome]:
        self.batches.append(list(ids))
        await self.open.wait()
        return [self.answers.get(profile_id) for profile_id in ids]

    def look_ups(self, timeout: float = 5.0) -> LookUps:
        return LookUps(self, lambda _: GIVEN_UP, self.errors.append, timeout)


def joined(ups: LookUps, profile_id: str) -> asyncio.Future[LoadedProfile | None]:
    waiting = ups.join(profile_id)
    assert waiting is not None
    return waiting


async def test_look_ups_of_one_moment_travel_together() -> None:
    one, two = LoadedProfile.of(a_profile("one")), LoadedProfile.of(a_profile("two"))
    asked = Asked(one=one, two=two)
    ups = asked.look_ups()
    found = await asyncio.gather(*(joined(ups, profile_id) for profile_id in ("one", "two", "three")))
    assert found == [one, two, None]
    assert asked.batches == [["one", "two", "three"]]


async def test_what_comes_while_one_is_on_its_way_is_the_next_batch() -> None:
    asked = Asked()
    asked.open.clear()
    ups = asked.look_ups()
    first = joined(ups, "one")
    await asyncio.sleep(0.01)
    later = [joined(ups, "two"), joined(ups, "three")]
    asked.open.set()
    await asyncio.gather(first, *later)
    assert asked.batches == [["one"], ["two", "three"]]


async def test_look_ups_of_one_id_share_an_answer() -> None:
    asked = Asked()
    ups = asked.look_ups()
    await asyncio.gather(*(joined(ups, "one") for _ in range(5)))
    assert asked.batches == [["one"]]


async def test_a_caller_who_leaves_takes_nobody_along() -> None:
    asked = Asked()
    ups = asked.look_ups()
    leaving, staying = joined(ups, "one"), joined(ups, "one")
    leaving.cancel()
    assert await staying is None


async def test_a_failure_is_raised_anew_for_each_caller() -> None:
    ups = Asked(one=Failure(ProfileUnusable, "why")).look_ups()
    first, second = await asyncio.gather(joined(ups, "one"), joined(ups, "one"), return_exceptions=True)
    assert isinstance(first, ProfileUnusable)
    assert isinstance(second, ProfileUnusable)
    assert first is not second


async def test_what_is_not_answered_in_time_is_given_up_and_told() -> None:
    asked = Asked()
    asked.open.clear()
    ups = asked.look_ups(timeout=0.01)
    with pytest.raises(LookupFailed):
        await joined(ups, "one")
    assert asked.errors == ["TimeoutError: no answer within 0.010 s"]


async def test_an_error_gives_up_its_batch_and_the_next_one_is_asked_again() -> None:
    asked = Asked()

    async def ask(ids: Sequence[str]) -> Sequence[Outcome]:
        asked.batches.append(list(ids))
        if len(asked.batches) == 1:
            raise ValueError("garbage \x1b[31m")
        return [None]

    ups = LookUps(ask, lambda _: GIVEN_UP, asked.errors.append, 5.0)
    with pytest.raises(LookupFailed):
        await joined(ups, "one")
    assert await joined(ups, "one") is None
    assert asked.errors == ["ValueError: garbage \\x1b[31m"]


async def test_an_answer_for_another_number_of_ids_is_an_error() -> None:
    async def ask(_: Sequence[str]) -> Sequence[Outcome]:
        return [None, None]

    errors: list[str] = []
    ups = LookUps(ask, lambda _: GIVEN_UP, errors.append, 5.0)
    with pytest.raises(LookupFailed):
        await joined(ups, "one")
    assert len(errors) == 1


async def test_work_that_ignores_its_cancellation_holds_nobody_up() -> None:
    free = asyncio.Event()

    async def ask(_: Sequence[str]) -> Sequence[Outcome]:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue
        raise ValueError("nobody waits for this any more")

    ups = LookUps(ask, lambda _: GIVEN_UP, lambda _: None, 0.01)
    for _ in range(2):
        with pytest.raises(LookupFailed):
            await joined(ups, "one")
    free.set()
    await asyncio.sleep(0.01)


async def test_no_more_wait_than_may_and_there_is_room_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_ups, "WAITERS", 3)
    ups = Asked().look_ups()
    waiting = [joined(ups, profile_id) for profile_id in ("one", "one", "two")]
    assert ups.join("three") is None
    assert ups.join("one") is None
    await asyncio.gather(*waiting)
    assert await joined(ups, "three") is None


async def test_a_batch_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_ups, "BATCH", 2)
    asked = Asked()
    ups = asked.look_ups()
    await asyncio.gather(*(joined(ups, profile_id) for profile_id in "abcde"))
    assert asked.batches == [["a", "b"], ["c", "d"], ["e"]]


async def test_closing_gives_up_what_waits() -> None:
    asked = Asked()
    asked.open.clear()
    ups = asked.look_ups()
    waiting = joined(ups, "one")
    await asyncio.sleep(0.01)
    queued = joined(ups, "two")
    await ups.close()
    for future in (waiting, queued):
        with pytest.raises(LookupFailed):
            await future


async def test_closing_what_never_ran_is_nothing() -> None:
    await Asked().look_ups().close()
