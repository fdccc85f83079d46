"""Secrets do not show."""

import pickle

import pytest

from authz_server.core.secret import Secret
from tests.support.profiles import hmac_auth, token_auth

VALUE = "the-secret-itself-of-some-length"


def test_secret_shows_only_when_asked() -> None:
    secret = Secret(VALUE)
    assert secret.reveal() == VALUE
    for shown in (repr(secret), str(secret), f"{secret}", repr([secret])):
        assert VALUE not in shown


def test_secret_is_not_serialised() -> None:
    with pytest.raises(TypeError, match="not serialised"):
        pickle.dumps(Secret(VALUE))


def test_secrets_compare_by_identity_so_that_no_comparison_takes_time_by_content() -> None:
    assert Secret(VALUE) != Secret(VALUE)


def test_authentication_settings_do_not_show_digests_and_secrets() -> None:
    token = token_auth(VALUE)
    assert token.token_sha256.hex() not in repr(token)
    assert repr(token.token_sha256) not in repr(token)
    assert VALUE not in repr(hmac_auth(VALUE))
