"""The ordered steps that need no key."""

import itertools
from typing import Any, Final

import pytest

from authz_server.core.allow_list import AllowList
from authz_server.core.denial_reasons import DENIALS, DenialReason, Step
from authz_server.core.facts import CheckFacts
from authz_server.core.policy import RULES, first_refusal, identify
from authz_server.core.profile import ProfileKey
from tests.support.profiles import a_client, a_profile
from tests.support.requests import facts

ELSEWHERE = AllowList.of(["192.0.2.0/24"])
BREAKERS: Final[dict[DenialReason, dict[str, Any]]] = {
    DenialReason.PROFILE_INACTIVE: {"active": False},
    DenialReason.IP_NOT_ALLOWED: {"allowed_ips": ELSEWHERE},
    DenialReason.METHOD_NOT_ALLOWED: {"allowed_methods": ("PUT",)},
    DenialReason.ROUTE_NOT_ALLOWED: {"allowed_routes": ("payments",)},
}


@pytest.mark.parametrize("client_id", [None, ""])
@pytest.mark.parametrize("profile_id", [None, "", "pr_1", "!", "a,b"])
def test_missing_id_wins_over_a_malformed_one(client_id: str | None, profile_id: str | None) -> None:
    assert identify(CheckFacts(client_id, profile_id)) is DenialReason.IDENTITY_MISSING
    assert identify(CheckFacts(profile_id, client_id)) is DenialReason.IDENTITY_MISSING


@pytest.mark.parametrize("wrong", [" a", "a ", "a,b", ",", "a\n", "_a", ".a", "a!b", "ä", "a" * 65, "a" * 4_000, "a/b"])
def test_id_of_another_form_is_malformed(wrong: str) -> None:
    assert identify(CheckFacts("cl_1", wrong)) is DenialReason.IDENTITY_MALFORMED
    assert identify(CheckFacts(wrong, "pr_1")) is DenialReason.IDENTITY_MALFORMED


def test_two_good_ids_are_a_key_as_they_came() -> None:
    assert identify(CheckFacts("Cl_1", "PR~1")) == ProfileKey("Cl_1", "PR~1")
    assert a_profile().key == ProfileKey("cl_acme", "pr_production")


def test_profile_without_rules_lets_everything_pass() -> None:
    assert first_refusal(a_profile(), CheckFacts()) is None


@pytest.mark.parametrize("broken", list(itertools.combinations(BREAKERS, 2)))
def test_of_two_broken_rules_the_earlier_decides(broken: tuple[DenialReason, DenialReason]) -> None:
    fields = BREAKERS[broken[0]] | BREAKERS[broken[1]]
    assert first_refusal(a_profile(**fields), facts()) is broken[0]


def test_rules_stand_in_the_order_of_the_steps() -> None:
    decided = [first_refusal(a_profile(**fields), facts()) for fields in BREAKERS.values()]
    assert decided == list(BREAKERS)
    steps = list(Step)
    assert [steps.index(DENIALS[reason].step) for reason in BREAKERS] == [2, 3, 4, 5]
    assert len(RULES) == len(BREAKERS)


def test_inactive_client_stops_its_active_profiles() -> None:
    profile = a_profile(client=a_client(active=False))
    assert first_refusal(profile, facts()) is DenialReason.PROFILE_INACTIVE


@pytest.mark.parametrize("method", ["get", "Get", "HEAD", "OPTIONS", "TRACE", "", "GET ", "GET,POST", "GET, POST"])
def test_method_that_is_not_on_the_list_to_the_letter_is_refused(method: str) -> None:
    profile = a_profile(allowed_methods=("GET", "POST"))
    assert first_refusal(profile, facts(method=method)) is DenialReason.METHOD_NOT_ALLOWED


@pytest.mark.parametrize("method", ["", "get", "FOO!", "CONNECT"])
def test_any_method_passes_an_empty_list(method: str) -> None:
    assert first_refusal(a_profile(), facts(method=method)) is None


@pytest.mark.parametrize("route", [None, "", "Orders", "orders ", "order"])
def test_route_without_the_label_is_refused(route: str | None) -> None:
    profile = a_profile(allowed_routes=("orders", "payments"))
    assert first_refusal(profile, facts(route=route)) is DenialReason.ROUTE_NOT_ALLOWED
    assert first_refusal(profile, facts(route="payments")) is None


@pytest.mark.parametrize(
    ("client_ip", "refusal"),
    [("192.0.2.7", None), ("192.0.2.7:443", None), ("::ffff:192.0.2.7", None)]
    + [(ip, DenialReason.IP_NOT_ALLOWED) for ip in ("192.0.3.0", "2001:db8::1", "", None, "unix:/socket")],
)
def test_address_outside_the_list_or_unknown_is_refused(client_ip: str | None, refusal: DenialReason | None) -> None:
    assert first_refusal(a_profile(allowed_ips=ELSEWHERE), facts(client_ip=client_ip)) is refusal
