"""What every decision says of itself to Envoy."""

from authz_server.core.decision import Allowed, Denied, dynamic_metadata
from authz_server.core.denial_reasons import DenialReason
from tests.support.profiles import a_profile


def test_metadata_of_an_unproven_pair_names_nobody() -> None:
    assert dynamic_metadata(Denied(DenialReason.PROFILE_UNKNOWN)) == {"outcome": "denied", "code": "profile_unknown"}


def test_metadata_names_the_proven_pair_and_its_labels() -> None:
    profile = a_profile(labels={"team": "orders"})
    known = {"client_id": "cl_acme", "profile_id": "pr_production", "auth_type": "none", "labels": {"team": "orders"}}
    assert dynamic_metadata(Allowed(profile)) == {"outcome": "allowed", "code": "allowed"} | known
    refused = dynamic_metadata(Denied(DenialReason.IP_NOT_ALLOWED, profile))
    assert refused == {"outcome": "denied", "code": "ip_not_allowed"} | known
