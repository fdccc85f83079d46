"""Every planted fault is found; so the comparison would find a fault that nobody planted."""

from pathlib import Path

import pytest

from tests.planted_faults.faults import FAULTS, Fault
from tests.planted_faults.hunt import Hunt, hunt, hunt_all, plant


@pytest.fixture(scope="module")
def hunts() -> dict[Fault, Hunt]:
    """All of them, two at a time."""
    return {result.fault: result for result in hunt_all(FAULTS)}


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_planted_fault_is_found(fault: Fault, hunts: dict[Fault, Hunt]) -> None:
    assert hunts[fault].found, hunts[fault].output


def test_copy_without_a_fault_agrees_with_the_model() -> None:
    """What finds the faults is the faults, not the copying."""
    none = Fault("none", "core/policy.py", "RULES: Final", "RULES: Final", "token,jwt,oidc,mtls,none")
    assert hunt(none).output == ""


def test_fault_whose_place_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 times"):
        plant(Fault("gone", "core/policy.py", "no such line", ""), tmp_path)
