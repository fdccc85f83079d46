"""Profiles without a credential."""

import pytest

from authz_server.authentication.authenticator import NO_SUBJECT
from authz_server.authentication.build import authenticator_for
from authz_server.core.auth import NoAuth
from authz_server.core.facts import CheckFacts


@pytest.mark.parametrize("authorization", [None, "Bearer x", "nonsense", "Bearer a,b"])
def test_every_caller_is_admitted_whatever_it_sends(authorization: str | None) -> None:
    facts = CheckFacts(authorization=authorization, certificate="nonsense")
    assert authenticator_for(NoAuth()).authenticate(facts, 0.0) is NO_SUBJECT
