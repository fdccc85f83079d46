"""The product and the naive model, side by side."""

import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.model.calls import a_case, good_call
from tests.model.naive_policy import decide
from tests.model.product import compare
from tests.model.worlds import AUTH_TYPES, a_world

RANDOMS = st.randoms(use_true_random=False)


@pytest.mark.parametrize("auth_type", AUTH_TYPES)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(choices=RANDOMS)
def test_product_decides_as_the_model_wants(auth_type: str, choices: random.Random) -> None:
    """Code, status, headers, what is removed, metadata and body: an allowed call, mostly with one mutation or more."""
    world, call = a_case(choices, a_world(choices, auth_type))
    assert compare(world, call, decide(world, call), choices) == ""


@pytest.mark.parametrize("auth_type", AUTH_TYPES)
def test_cases_are_worth_comparing(auth_type: str) -> None:
    """A fair share is allowed, and every step refuses some."""
    codes: Counter[str] = Counter()
    for seed in range(600):
        choices = random.Random(seed)
        codes[decide(*a_case(choices, a_world(choices, auth_type))).code] += 1
    assert 150 < codes["allowed"] < 450
    refusals = (
        "identity_missing identity_malformed profile_unknown profile_inactive ip_not_allowed method_not_allowed "
        "route_not_allowed"
    )
    assert all(codes[code] >= 2 for code in refusals.split()), codes


def test_good_calls_are_good() -> None:
    """Unless the profile says that its credential is too old, or that it has no keys."""
    codes: Counter[str] = Counter()
    for seed in range(500):
        choices = random.Random(seed)
        world = a_world(choices, choices.choice(AUTH_TYPES))
        codes[decide(world, good_call(choices, world[0])).code] += 1
    assert set(codes) <= {"allowed", "jwt_expired", "jwt_signature_invalid", "keys_unavailable"}
    assert codes["allowed"] > 430
