"""`envoy/behind-load-balancer.yaml`: the caller's address is what the balancer appended, and only it may connect."""

import pytest

from tests.e2e.conftest import Shipped, StartEnvoy
from tests.support.callers import Http1Caller, Http2Caller
from tests.support.envoy_config import BEHIND_LOAD_BALANCER, Config, connection_manager
from tests.support.envoy_process import RunningEnvoy
from tests.support.scripted_check import ScriptedCheck

BALANCER = "127.0.0.1"
CALLER = "198.51.100.7"


@pytest.fixture
def balanced(shipped_by_name: dict[str, Shipped]) -> Shipped:
    """The configuration, called from the balancer's address."""
    return shipped_by_name[BEHIND_LOAD_BALANCER]


@pytest.mark.parametrize(
    "forwarded_for",
    [
        CALLER,
        f"10.0.0.1, {CALLER}",
        f"10.0.0.1,10.0.0.2,{CALLER}",
        f"127.0.0.1, ::1, {CALLER}",
        f"nonsense, {CALLER}",
    ],
)
def test_client_ip_is_the_address_that_the_balancer_appended(
    balanced: Shipped, check: ScriptedCheck, forwarded_for: str
) -> None:
    """Whatever the caller had written left of it."""
    for caller in (balanced.http1, balanced.http2):
        answer = caller.call("GET", "/orders", [("x-forwarded-for", forwarded_for)])
        assert answer.received.values("x-envoy-external-address") == [CALLER]
    assert [each.metadata["x-client-ip"] for each in check.checks] == [CALLER, CALLER]


def test_ipv6_client_ip_is_passed_on(balanced: Shipped, check: ScriptedCheck) -> None:
    balanced.http1.call("GET", "/orders", [("x-forwarded-for", "2001:db8::7")])
    assert check.checks[0].metadata["x-client-ip"] == "2001:db8::7"


@pytest.mark.parametrize("headers", [[], [("x-forwarded-for", "")], [("x-forwarded-for", "unknown")]])
def test_without_a_usable_entry_the_client_ip_is_the_balancers(
    balanced: Shipped, check: ScriptedCheck, headers: list[tuple[str, str]]
) -> None:
    balanced.http1.call("GET", "/orders", headers)
    assert check.checks[0].metadata["x-client-ip"] == BALANCER


def test_too_many_hops_let_the_caller_choose_its_address(start_envoy: StartEnvoy, check: ScriptedCheck) -> None:
    """The attack is real: the number has to be the number of balancers."""

    def one_too_many(config: Config) -> None:
        connection_manager(config)["xff_num_trusted_hops"] = 2

    envoy = start_envoy(BEHIND_LOAD_BALANCER, one_too_many)
    Http1Caller(envoy.port).call("GET", "/orders", [("x-forwarded-for", f"10.0.0.1, {CALLER}")])
    assert check.checks[0].metadata["x-client-ip"] == "10.0.0.1"


def test_who_goes_around_the_balancer_is_cut_off(behind_balancer: RunningEnvoy, check: ScriptedCheck) -> None:
    """It could write its own X-Forwarded-For."""
    forged = [("x-forwarded-for", "10.0.0.1")]
    for caller in (
        Http1Caller(behind_balancer.port, source="127.0.0.2"),
        Http2Caller(behind_balancer.port, source="127.0.0.2"),
    ):
        with pytest.raises(Exception, match=r"(?i)closed|reset|without response"):
            caller.call("GET", "/public/health", forged)
    assert not check.checks


def test_without_the_network_filter_who_goes_around_chooses_its_address(
    start_envoy: StartEnvoy, check: ScriptedCheck
) -> None:
    """The attack is real."""

    def open_to_all(config: Config) -> None:
        del config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]

    envoy = start_envoy(BEHIND_LOAD_BALANCER, open_to_all)
    caller = Http1Caller(envoy.port, source="127.0.0.2")
    assert caller.call("GET", "/orders", [("x-forwarded-for", "10.0.0.1")]).status == 200
    assert check.checks[0].metadata["x-client-ip"] == "10.0.0.1"
