"""The state of a credential follows from the time alone."""

import pytest

from authz_server.core.auth import JwtAuth, MtlsAuth
from authz_server.managing.credential_state import State, credential_state
from tests.support.profiles import hmac_auth, token_auth
from tests.support.records import NOW, a_profile_record

DAY = 86_400.0


@pytest.mark.parametrize(
    ("left", "state"),
    [
        (DAY + 0.001, State.VALID),
        (DAY, State.EXPIRING_SOON),
        (0.001, State.EXPIRING_SOON),
        (0.0, State.EXPIRED),
        (-1.0, State.EXPIRED),
    ],
)
def test_it_expires_soon_within_24_hours_and_is_expired_without_leeway(left: float, state: State) -> None:
    for auth in (token_auth(expires_at=NOW + left), hmac_auth(expires_at=NOW + left)):
        found = credential_state(a_profile_record(auth=auth, created_at=NOW - 5), NOW)
        assert found == (state, NOW + left, NOW)


def test_without_an_expiry_it_is_valid_for_ever() -> None:
    assert credential_state(a_profile_record(auth=token_auth()), NOW * 2) == (State.VALID, None, NOW)


@pytest.mark.parametrize("auth", [MtlsAuth(any_verified=True), JwtAuth(algorithm="ES256", public_key="-")])
def test_what_proves_itself_without_a_credential_of_ours_has_no_state(auth: MtlsAuth | JwtAuth) -> None:
    assert credential_state(a_profile_record(auth=auth), NOW) == (State.NONE, None, None)
