"""Limits on failed attempts, per peer: who guesses keys is turned away for a while, before any key is looked up."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from authz_server.web import limits

_NETWORK_BITS: Final = 64  # of IPv6: one customer has at least so many addresses


class _Failures(NamedTuple):
    """How many failures of one peer, and when they are forgotten."""

    times: int
    until: float


class FailedAttempts:
    """Failures of the last while, by peer. What is held is bounded: the peer that failed longest ago is forgotten."""

    def __init__(
        self,
        monotonic: Callable[[], float],
        *,
        most: int = limits.FAILED_ATTEMPTS,
        seconds: float = limits.ATTEMPTS_SECONDS,
        peers: int = limits.PEERS_HELD,
    ) -> None:
        """`most` failures within `seconds` of the first are taken; then the peer waits until these are over."""
        self._monotonic = monotonic
        self._most = most
        self._seconds = seconds
        self._peers = peers
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, peer: str) -> int:
        """Whole seconds until this peer may try again; 0 where it may now."""
        held = self._failures.get(_group(peer))
        if held is None or held.times < self._most:
            return 0
        return max(0, math.ceil(held.until - self._monotonic()))

    def failed(self, peer: str) -> None:
        """Note one failure."""
        now, group = self._monotonic(), _group(peer)
        held = self._failures.pop(group, None)
        if held is None or held.until <= now:
            held = _Failures(0, now + self._seconds)
        self._failures[group] = held._replace(times=held.times + 1)
        if len(self._failures) > self._peers:
            self._failures.popitem(last=False)


def _group(peer: str) -> str:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if address.version == 4:  # noqa: PLR2004 - the name of a protocol
        return peer
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _NETWORK_BITS), strict=False))
