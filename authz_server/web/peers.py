"""Who is at the other end, and by which way: the TCP peer, or behind proxies that are trusted, what they say."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from authz_server.core.allow_list import AllowList, parse_address

UNKNOWN = "unknown"  # a Unix socket's peer has no address


class Peers:
    """Reads `X-Forwarded-For` from the right, and only as far as trusted proxies have written it."""

    def __init__(self, trusted: AllowList) -> None:
        """`trusted`: the addresses of the proxies; an empty list trusts none."""
        self._trusted = trusted

    def of(self, connection: HTTPConnection) -> str:
        """The nearest address that is no trusted proxy's."""
        peer = connection.client.host if connection.client else UNKNOWN
        if not self._is_proxy(peer):
            return peer
        rows = connection.headers.getlist("x-forwarded-for")
        hops = [hop.strip() for row in rows for hop in row.split(",")]
        for hop in reversed(hops):
            address = parse_address(hop)
            if address is None:  # what stands here, no proxy of ours has written
                return peer
            peer = str(address)
            if not self._is_proxy(peer):
                return peer
        return peer

    def is_secure(self, connection: HTTPConnection) -> bool:
        """Whether the caller's own connection is TLS: to us, or to a trusted proxy that says so."""
        if connection.url.scheme == "https":
            return True
        peer = connection.client.host if connection.client else UNKNOWN
        return self._is_proxy(peer) and connection.headers.get("x-forwarded-proto", "").strip().lower() == "https"

    def _is_proxy(self, peer: str) -> bool:
        return bool(self._trusted) and self._trusted.admits(peer)
