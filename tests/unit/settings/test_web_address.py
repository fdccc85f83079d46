"""Where callers reach Envoy, as it is set."""

import pytest

from authz_server.settings import SettingsError, load
from authz_server.settings.web_address import web_address


@pytest.mark.parametrize(
    "text",
    [
        "https://gateway.example",
        "http://127.0.0.1:8000",
        "https://[2001:db8::1]:8443/api",
        "http://envoy_1:80/v1/orders",
    ],
)
def test_a_url_without_secrets_is_taken_as_it_is(text: str) -> None:
    assert web_address(text) == text


def test_a_slash_at_the_end_is_dropped_so_that_paths_can_follow() -> None:
    assert web_address("https://gateway.example/api/") == "https://gateway.example/api"


@pytest.mark.parametrize(
    "text",
    [
        *("gateway.example", "ftp://gateway.example", "https://", "https:///path", "javascript:alert(1)"),
        *("https://ada:secret@gateway.example", "https://gateway.example/?key=1", "https://gateway.example/#there"),
        *("https://gateway.example:0", "https://gateway.example:port", "https://[::1", "https://gateway.example/a b"),
        *("https://gateway.example/`id`", 'https://gateway.example/"', "https://gateway.example\n"),
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="accepted: an http:// or https:// URL"):
        web_address(text)


def test_a_wrong_one_stops_the_start_and_says_what_is_accepted() -> None:
    with pytest.raises(SettingsError, match=r"AUTHZ_GATEWAY_URL: accepted: .*; got 'gateway'"):
        load({"AUTHZ_GATEWAY_URL": "gateway"})
    assert load({}).gateway_url == "https://gateway.example"
