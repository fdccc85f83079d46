"""Checker: one check, from facts to a decision."""

from collections.abc import Awaitable

from authz_server.checking.ports import Clock, LoadedProfile, ProfileSource
from authz_server.core.decision import Allowed, Decision, Denied
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.errors import Fault
from authz_server.core.facts import CheckFacts
from authz_server.core.policy import first_refusal, identify
from authz_server.core.profile import ProfileKey


class Checker:
    """Finds the profile that a call names, applies its rules and authenticates the caller, in that order.

    `check` answers at once where the profile is at hand, and with an awaitable only where it has to be fetched.
    `CannotTell` is the only exception that is meant to leave it.
    """

    __slots__ = ("_clock", "_profiles")

    def __init__(self, profiles: ProfileSource, clock: Clock) -> None:
        self._profiles = profiles
        self._clock = clock

    def check(self, facts: CheckFacts) -> Decision | Awaitable[Decision]:
        """Decide one call."""
        key = identify(facts)
        if isinstance(key, DenialReason):
            return Denied(key)
        try:
            found = self._profiles.find(key.profile_id)
        except Fault as fault:
            return Denied(fault.reason)
        if found is None or isinstance(found, LoadedProfile):
            return self._decide(key, found, facts)
        return self._decide_later(key, found, facts)

    async def _decide_later(
        self, key: ProfileKey, finding: Awaitable[LoadedProfile | None], facts: CheckFacts
    ) -> Decision:
        try:
            found = await finding
        except Fault as fault:
            return Denied(fault.reason)
        return self._decide(key, found, facts)

    def _decide(self, key: ProfileKey, found: LoadedProfile | None, facts: CheckFacts) -> Decision:
        # One answer, whether the client, the profile or the pairing is wrong.
        if found is None or found.profile.client.id != key.client_id:
            return Denied(DenialReason.PROFILE_UNKNOWN)
        profile = found.profile
        refusal = first_refusal(profile, facts)
        if refusal is not None:
            return Denied(refusal, profile)
        try:
            verdict = found.authenticator.authenticate(facts, self._clock())
        except Fault as fault:
            return Denied(fault.reason, profile)
        if isinstance(verdict, DenialReason):
            return Denied(verdict, profile)
        return Allowed(profile, verdict.subject)
