"""A short fuzz run; `python -m tests.fuzz` is the long one."""

import random

import pytest

from tests.fuzz.run import Tally, in_process, through_a_server


@pytest.fixture
def seed() -> int:
    """Another one each time; a failure shows it among the fixture's values."""
    drawn = random.SystemRandom().randrange(2**32)
    print(f"seed {drawn}")
    return drawn


def test_no_request_is_let_in_that_the_model_refuses(seed: int) -> None:
    """Nor the reverse; and every refusal is the model's."""
    tally = Tally()
    in_process(seed, 2_000, tally)
    assert tally.wrong == []
    assert tally.statuses.total() == 2_000
    assert set(tally.statuses) == {"allowed", "401", "403", "405", "503"}
    assert tally.kinds["one mutation"] + tally.kinds["one byte"] + tally.kinds["one field"] > 2_000 / 3


async def test_a_real_server_answers_the_same(seed: int) -> None:
    tally = Tally()
    await through_a_server(seed, 300, tally)
    assert tally.wrong == []
    assert tally.statuses.total() == 300
