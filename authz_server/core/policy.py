"""The ordered steps of a check that need no key: who calls, and what the profile's rules say.

The order is part of the contract: identity, profile, active, client IP, method, route, credential. Addresses come
before credentials, so that a blocked caller learns nothing about a token and costs no signature check.
"""

from collections.abc import Callable
from typing import Final

from authz_server.core.denial_reasons import DenialReason
from authz_server.core.facts import CheckFacts, is_identifier
from authz_server.core.profile import Profile, ProfileKey

Rule = Callable[[Profile, CheckFacts], DenialReason | None]


def identify(facts: CheckFacts) -> ProfileKey | DenialReason:
    """Step 1: both ids are there, once each, well formed. A missing one wins over a malformed one."""
    client_id, profile_id = facts.client_id, facts.profile_id
    if not client_id or not profile_id:
        return DenialReason.IDENTITY_MISSING
    if not is_identifier(client_id) or not is_identifier(profile_id):
        return DenialReason.IDENTITY_MALFORMED
    return ProfileKey(client_id, profile_id)


def _active(profile: Profile, _: CheckFacts) -> DenialReason | None:
    return None if profile.active and profile.client.active else DenialReason.PROFILE_INACTIVE


def _client_ip(profile: Profile, facts: CheckFacts) -> DenialReason | None:
    allowed = profile.allowed_ips
    return None if not allowed or allowed.admits(facts.client_ip) else DenialReason.IP_NOT_ALLOWED


def _method(profile: Profile, facts: CheckFacts) -> DenialReason | None:
    allowed = profile.allowed_methods
    return None if not allowed or facts.method in allowed else DenialReason.METHOD_NOT_ALLOWED


def _route(profile: Profile, facts: CheckFacts) -> DenialReason | None:
    allowed = profile.allowed_routes
    return None if not allowed or facts.route in allowed else DenialReason.ROUTE_NOT_ALLOWED


RULES: Final[tuple[Rule, ...]] = (_active, _client_ip, _method, _route)


def first_refusal(profile: Profile, facts: CheckFacts) -> DenialReason | None:
    """Steps 3 to 6: the first rule of the profile that refuses, or None."""
    for rule in RULES:
        reason = rule(profile, facts)
        if reason is not None:
            return reason
    return None
