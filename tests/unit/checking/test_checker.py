"""One check, from facts to a decision."""

from collections.abc import Awaitable
from typing import Final

import pytest

from authz_server.authentication.authenticator import Authenticated
from authz_server.checking.checker import Checker
from authz_server.checking.ports import LoadedProfile, Readiness
from authz_server.core.auth import TokenAuth
from authz_server.core.decision import Allowed, Decision, Denied
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.errors import CannotTell, Fault, KeysUnavailable, LookupFailed, ProfileUnusable
from authz_server.core.facts import CheckFacts
from tests.support.checks import NOW, FetchedProfiles, FixedAuthenticator, HeldProfiles
from tests.support.profiles import a_client, a_profile, token_auth
from tests.support.requests import facts

FAULTS: Final = (ProfileUnusable("x"), LookupFailed("x"), KeysUnavailable("x"), Fault("x"))


class OneSource:
    """Finds the same for every id, at once or later, or raises it."""

    def __init__(self, found: LoadedProfile | BaseException | None, *, later: bool = False) -> None:
        self._found = found
        self._later = later
        self.asked: list[str] = []

    def find(self, profile_id: str) -> LoadedProfile | Awaitable[LoadedProfile | None] | None:
        self.asked.append(profile_id)
        return self._fetch() if self._later else self._found_or_raised()

    async def _fetch(self) -> LoadedProfile | None:
        return self._found_or_raised()

    def _found_or_raised(self) -> LoadedProfile | None:
        if isinstance(self._found, BaseException):
            raise self._found
        return self._found


async def decided(source: OneSource | HeldProfiles, shown: CheckFacts) -> Decision:
    decision = Checker(source, lambda: NOW).check(shown)
    return decision if isinstance(decision, Allowed | Denied) else await decision


@pytest.fixture(params=[False, True], ids=["at once", "fetched"])
def later(request: pytest.FixtureRequest) -> bool:
    """Whether the source has to fetch."""
    is_later: bool = request.param
    return is_later


async def test_good_call_is_allowed_with_the_subject_of_its_credential(later: bool) -> None:  # noqa: FBT001 - a fixture
    profile = a_profile()
    authenticator = FixedAuthenticator(Authenticated("user 7"))
    source = OneSource(LoadedProfile(profile, authenticator), later=later)
    assert await decided(source, facts()) == Allowed(profile, "user 7")
    assert source.asked == ["pr_production"]
    assert authenticator.asked == [NOW]


def test_profile_at_hand_is_decided_without_awaiting() -> None:
    assert isinstance(Checker(HeldProfiles([a_profile()]), lambda: NOW).check(facts()), Allowed)


@pytest.mark.parametrize("client_id", [None, "", "a,b"])
async def test_unidentified_call_looks_nothing_up(client_id: str | None) -> None:
    source = OneSource(LoadedProfile(a_profile(), FixedAuthenticator()))
    decision = await decided(source, facts(client_id=client_id))
    assert isinstance(decision, Denied)
    assert decision.profile is None
    assert source.asked == []


async def test_unknown_profile_unknown_client_and_wrong_pairing_answer_alike(later: bool) -> None:  # noqa: FBT001 - a fixture
    other = a_profile("pr_other", client=a_client("cl_other"))
    source = (FetchedProfiles if later else HeldProfiles)([a_profile(), other])
    answers = [
        await decided(source, facts(profile_id="pr_none")),
        await decided(source, facts(client_id="cl_none")),
        await decided(source, facts(client_id="cl_other")),
        await decided(source, facts(profile_id="pr_other")),
        await decided(source, facts(client_id="CL_ACME")),
        await decided(source, facts(client_id="pr_production", profile_id="cl_acme")),
    ]
    assert answers == [Denied(DenialReason.PROFILE_UNKNOWN)] * 6


async def test_rule_that_refuses_spares_the_credential_check() -> None:
    profile = a_profile(active=False)
    authenticator = FixedAuthenticator()
    decision = await decided(OneSource(LoadedProfile(profile, authenticator)), facts())
    assert decision == Denied(DenialReason.PROFILE_INACTIVE, profile)
    assert authenticator.asked == []


async def test_wrong_pair_of_an_inactive_profile_does_not_learn_that_it_is_inactive() -> None:
    decision = await decided(HeldProfiles([a_profile(active=False)]), facts(client_id="cl_other"))
    assert decision == Denied(DenialReason.PROFILE_UNKNOWN)


async def test_refused_credential_names_the_profile() -> None:
    profile = a_profile()
    found = LoadedProfile(profile, FixedAuthenticator(DenialReason.TOKEN_EXPIRED))
    assert await decided(OneSource(found), facts()) == Denied(DenialReason.TOKEN_EXPIRED, profile)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_fault_of_the_look_up_is_a_refusal_without_a_profile(fault: Fault, later: bool) -> None:  # noqa: FBT001 - a fixture
    assert await decided(OneSource(fault, later=later), facts()) == Denied(fault.reason)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_fault_of_the_credential_check_is_a_refusal_of_the_profile(fault: Fault, later: bool) -> None:  # noqa: FBT001 - a fixture
    profile = a_profile()
    source = OneSource(LoadedProfile(profile, FixedAuthenticator(fault)), later=later)
    assert await decided(source, facts()) == Denied(fault.reason, profile)


async def test_cannot_tell_is_no_decision(later: bool) -> None:  # noqa: FBT001 - a fixture
    with pytest.raises(CannotTell):
        await decided(OneSource(CannotTell(), later=later), facts())


def test_profile_that_cannot_be_enforced_cannot_be_loaded() -> None:
    with pytest.raises(ProfileUnusable):
        LoadedProfile.of(a_profile(auth=TokenAuth(token_sha256=b"short")))


async def test_loaded_profile_authenticates_as_its_auth_says() -> None:
    source = HeldProfiles([a_profile(auth=token_auth("a-token"))])
    assert isinstance(await decided(source, facts(authorization="Bearer a-token")), Allowed)
    assert isinstance(await decided(source, facts(authorization="Bearer b-token")), Denied)


def test_readiness_is_the_absence_of_reasons_and_warnings_do_not_matter() -> None:
    assert Readiness(warnings=("file",)).ready
    assert not Readiness(reasons=("loading",)).ready
