"""Who is at the other end."""

import pytest
from starlette.requests import HTTPConnection

from authz_server.core.allow_list import AllowList
from authz_server.web.peers import Peers

TRUSTED = AllowList.of(["10.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    ("client", "forwarded", "peer"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1", "203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.9, garbage"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        (None, ["203.0.113.9"], "unknown"),
    ],
)
def test_only_what_trusted_proxies_wrote_is_believed(client: str | None, forwarded: list[str], peer: str) -> None:
    headers = [(b"x-forwarded-for", row.encode()) for row in forwarded]
    scope = {"type": "http", "client": client and (client, 1), "headers": headers}
    assert Peers(TRUSTED).of(HTTPConnection(scope)) == peer


def test_without_trusted_proxies_the_header_is_not_read() -> None:
    scope = {"type": "http", "client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"203.0.113.9")]}
    assert Peers(AllowList()).of(HTTPConnection(scope)) == "10.0.0.1"
