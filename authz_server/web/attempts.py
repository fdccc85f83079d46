"""Limits on failed attempts: who guesses is turned away for a while, before any key or password is looked at."""

from __future__ import annotations

import ipaddress
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
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

    def forgive(self, peer: str) -> None:
        """Take one failure back."""
        held = self._failures.get(_group(peer))
        if held is not None and held.times:
            self._failures[_group(peer)] = held._replace(times=held.times - 1)


class PasswordAttempts:
    """Attempts with a password, counted both by the account's name, whether there is one or not, and by the address.

    One counts as failed from its beginning: those that are made at the same time are not more than those in a row.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        most, seconds = limits.FAILED_PASSWORDS, limits.PASSWORDS_SECONDS
        self._of_names = FailedAttempts(monotonic, most=most, seconds=seconds)
        self._of_peers = FailedAttempts(monotonic, most=most, seconds=seconds)
        self._turn = threading.Lock()

    def begin(self, name: str, peer: str) -> int:
        """Whole seconds to wait; 0 where this attempt may be made."""
        key = _key(name)
        with self._turn:
            wait = max(self._of_names.wait(key), self._of_peers.wait(peer))
            if not wait:
                self._of_names.failed(key)
                self._of_peers.failed(peer)
        return wait

    def forgive(self, name: str, peer: str) -> None:
        """The attempt has not failed, or it was not the fault of who made it."""
        with self._turn:
            self._of_names.forgive(_key(name))
            self._of_peers.forgive(peer)


def _key(name: str) -> str:
    """Names are as long as who sends them likes; what is held is not."""
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


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
