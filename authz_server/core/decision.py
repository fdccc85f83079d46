"""Decision = Allowed | Denied, and what every decision says of itself to Envoy."""

from __future__ import annotations

from typing import Final, NamedTuple

from authz_server.core.denial_reasons import DenialReason
from authz_server.core.profile import Profile

ALLOWED_CODE: Final = "allowed"


class Allowed(NamedTuple):
    """The call may pass. `subject` is who the credential speaks for, where it says so."""

    profile: Profile
    subject: str | None = None


class Denied(NamedTuple):
    """The call is refused. `profile` is there once the pair of ids is proven."""

    reason: DenialReason
    profile: Profile | None = None


Decision = Allowed | Denied


def dynamic_metadata(decision: Decision) -> dict[str, str | dict[str, str]]:
    """The dynamic metadata of a decision: for access logs, rate limits, and RBAC. Never an unproven id."""
    fields: dict[str, str | dict[str, str]] = (
        {"outcome": "denied", "code": decision.reason.value}
        if isinstance(decision, Denied)
        else {"outcome": "allowed", "code": ALLOWED_CODE}
    )
    profile = decision.profile
    if profile is not None:
        fields["client_id"] = profile.client.id
        fields["profile_id"] = profile.id
        fields["auth_type"] = profile.auth.type.value
        fields["labels"] = dict(profile.labels)
    return fields
