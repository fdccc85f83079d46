"""AllowList: addresses and prefixes compiled to integers, so that a look-up costs one set probe per prefix length."""

from __future__ import annotations

import re
import socket
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

# inet_pton is a pure function of its text: no name is resolved and nothing is opened.
_PREFIX_LENGTH: Final = re.compile(r"0|[1-9][0-9]{0,2}")
_V4_WITH_PORT: Final = re.compile(r"([0-9.]+):[0-9]{1,5}")
_V6_WITH_PORT: Final = re.compile(r"\[([^\[\]]*:[^\[\]]*)\](?::[0-9]{1,5})?")
_ZONE: Final = re.compile(r"%[A-Za-z0-9._~-]+\Z")  # RFC 6874; a comma in one would hide a second address
_V4_BITS: Final = 32
_MAPPED: Final = 0xFFFF  # ::ffff:0:0/96, RFC 4291 section 2.5.5.2
_MAPPED_BITS: Final = 96


class Address(NamedTuple):
    """An IP address as an integer of `bits` (32 or 128) bits. IPv4-mapped IPv6 is IPv4."""

    bits: int
    value: int

    def __str__(self) -> str:
        if self.bits == _V4_BITS:
            return socket.inet_ntop(socket.AF_INET, self.value.to_bytes(4, "big"))
        return socket.inet_ntop(socket.AF_INET6, self.value.to_bytes(16, "big"))


class Network(NamedTuple):
    """An address and how many of its leading bits count."""

    address: Address
    prefix_length: int

    def __str__(self) -> str:
        if self.prefix_length == self.address.bits:
            return str(self.address)
        return f"{self.address}/{self.prefix_length}"


def parse_address(text: str) -> Address | None:
    """Read a caller's address; a port and a zone are dropped. None where `text` is no IP address."""
    address = _parse_digits(text)
    if address is not None:
        return address
    if match := _V4_WITH_PORT.fullmatch(text) or _V6_WITH_PORT.fullmatch(text):
        text = match[1]
    return _parse_digits(_ZONE.sub("", text) if ":" in text else text)


def parse_network(text: str) -> Network:
    """Read one entry of a profile's list: an address, or a prefix in digits.

    Raises ValueError with a sentence that says what is wrong and what is accepted.
    """
    digits, slash, length_text = text.partition("/")
    address = _parse_digits(digits)
    if address is None:
        raise ValueError("is not an IPv4 or IPv6 address, nor a prefix such as 10.0.0.0/8 or 2001:db8::/32")
    if not slash:
        return Network(address, address.bits)
    written_bits = 128 if ":" in digits else 32
    if not _PREFIX_LENGTH.fullmatch(length_text) or int(length_text) > written_bits:
        raise ValueError(
            f"has a prefix length that is not a number from /0 to /{written_bits}; netmasks are not accepted"
        )
    return _network(address, int(length_text), written_bits)


@dataclass(frozen=True, slots=True)
class AllowList:
    """Where a profile may be used from. Empty: from anywhere."""

    entries: tuple[str, ...] = ()
    _v4: tuple[tuple[int, frozenset[int]], ...] = field(default=(), repr=False, compare=False)
    _v6: tuple[tuple[int, frozenset[int]], ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def of(cls, entries: Iterable[str]) -> AllowList:
        """Compile `entries`. Raises ValueError as `parse_network` does."""
        networks = tuple(dict.fromkeys(parse_network(entry) for entry in entries))
        return cls(tuple(map(str, networks)), _compile(networks, 32), _compile(networks, 128))

    def __bool__(self) -> bool:
        return bool(self.entries)

    def admits(self, client_ip: str | None) -> bool:
        """Whether a caller at `client_ip` may pass; one without a readable address may not."""
        if client_ip is None:
            return False
        address = parse_address(client_ip)
        if address is None:
            return False
        bits, value = address
        for shift, networks in self._v4 if bits == _V4_BITS else self._v6:  # noqa: SIM110 - any() costs a generator
            if value >> shift in networks:
                return True
        return False


def _parse_digits(text: str) -> Address | None:
    try:
        if ":" not in text:
            return Address(32, int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big"))
        value = int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
    except (OSError, ValueError):  # ValueError: NUL and non-ASCII characters
        return None
    if value >> 32 == _MAPPED:
        return Address(32, value & 0xFFFF_FFFF)
    return Address(128, value)


def _network(address: Address, length: int, written_bits: int) -> Network:
    if written_bits > address.bits:  # an IPv4-mapped prefix
        length -= _MAPPED_BITS
        if length < 0:
            raise ValueError("has bits set beyond its prefix length; an IPv4-mapped prefix needs at least /96")
    shift = address.bits - length
    if address.value >> shift << shift != address.value:
        network = Network(Address(address.bits, address.value >> shift << shift), length)
        raise ValueError(f"has bits set beyond its prefix length; write {network} or the address alone")
    return Network(address, length)


def _compile(networks: Iterable[Network], bits: int) -> tuple[tuple[int, frozenset[int]], ...]:
    by_shift: defaultdict[int, set[int]] = defaultdict(set)
    for address, length in networks:
        if address.bits == bits:
            by_shift[bits - length].add(address.value >> (bits - length))
    return tuple((shift, frozenset(values)) for shift, values in sorted(by_shift.items()))
