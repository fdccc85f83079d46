"""AllowList, against Python's own `ipaddress`."""

import ipaddress
from typing import Final

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from authz_server.core.allow_list import AllowList, parse_address, parse_network

IPv4 = st.ip_addresses(v=4)
IPv6 = st.ip_addresses(v=6)
IPS = st.one_of(IPv4, IPv6)
MAPPED: Final = ipaddress.ip_network("::ffff:0:0/96")

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def unmapped(ip: IpAddress) -> IpAddress:
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip


@st.composite
def networks(draw: st.DrawFn) -> IpNetwork:
    if draw(st.booleans()):
        return ipaddress.ip_network((draw(IPv4), draw(st.integers(0, 32))), strict=False)
    return ipaddress.ip_network((draw(IPv6), draw(st.integers(0, 128))), strict=False)


def near(network: IpNetwork) -> st.SearchStrategy[IpAddress]:
    """Addresses within a network, at its ends, and next to it."""
    first, last = int(network.network_address), int(network.broadcast_address)
    kind = type(network.network_address)
    edges = [n for n in (first - 1, first, last, last + 1) if 0 <= n < 2**network.max_prefixlen]
    return st.one_of(st.sampled_from(edges), st.integers(first, last)).map(kind)


@given(st.data(), st.lists(networks(), min_size=1, max_size=8))
def test_admits_exactly_the_addresses_within_its_networks(data: st.DataObject, listed: list[IpNetwork]) -> None:
    """IPv4-mapped addresses count as IPv4, so no IPv6 prefix that is shorter than theirs holds one."""
    assume(not any(n.version == 6 and n.network_address in MAPPED and n.prefixlen >= 96 for n in listed))
    ip = data.draw(st.one_of(IPS, *map(near, listed)))
    expected = any(unmapped(ip) in network for network in listed)
    assert AllowList.of(map(str, listed)).admits(str(ip)) is expected


@given(IPv4, st.integers(0, 32), IPv4)
def test_ipv4_mapped_entries_and_callers_are_ipv4(base: ipaddress.IPv4Address, length: int, ip: IpAddress) -> None:
    network = ipaddress.ip_network((base, length), strict=False)
    mapped = AllowList.of([f"::ffff:{network.network_address}/{length + 96}"])
    assert mapped.entries == AllowList.of([str(network)]).entries
    assert mapped.admits(f"::ffff:{ip}") is mapped.admits(str(ip)) is (ip in network)


@given(IPS, st.integers(0, 99_999))
def test_port_is_dropped(ip: IpAddress, port: int) -> None:
    text = f"{ip}:{port}" if ip.version == 4 else f"[{ip}]:{port}"
    assert parse_address(text) == parse_address(str(ip))


@given(IPv6, st.text("abcxyz0129._~-", min_size=1), st.sampled_from(["{}", "[{}]", "[{}]:443"]))
def test_zone_is_dropped(ip: IpAddress, zone: str, form: str) -> None:
    assert parse_address(form.format(f"{ip}%{zone}")) == parse_address(str(ip))


@given(IPS)
def test_address_is_written_as_it_is_read(ip: IpAddress) -> None:
    address = parse_address(str(ip))
    assert address is not None
    assert ipaddress.ip_address(str(address)) == unmapped(ip)


@given(st.one_of(st.text(), st.text("0123456789abcdef:.%[]/, "), IPS.map(str).flatmap(lambda ip: st.just(f" {ip}"))))
@example("1.2.3.4%eth0")
@example("fe80::1%a,10.0.0.1")
@example("10.0.0.1,10.0.0.2")
@example("1.2.3.4/32")
@example("[]")
@example("\x00")
@example("١.٢.٣.٤")  # noqa: RUF001 - digits to Python, not to us
def test_caller_is_read_where_ipaddress_reads_one_without_port_and_zone(text: str) -> None:
    try:
        expected: IpAddress | None = ipaddress.ip_address(text)
    except ValueError:
        expected = None
    address = parse_address(text)
    if expected is not None and "%" not in text:
        assert str(address) == str(unmapped(expected))
    elif not any(mark in text for mark in "%[:"):
        assert address is None


@pytest.mark.parametrize(
    "text",
    [
        "1.2.3.4%eth0",
        "fe80::1%a,10.0.0.1",
        "fe80::1%",
        "10.0.0.1,10.0.0.2",
        "",
        "unix",
        "1.2.3.4:",
        "[1.2.3.4]",
        "[1.2.3.4]:80",
        "[::1]:",
        "1.2.3.4:123456",
        "[::1",
        "::1]",
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None


@given(networks())
def test_prefix_with_host_bits_is_refused_and_the_right_one_is_named(network: IpNetwork) -> None:
    assume(0 < network.prefixlen < network.max_prefixlen)
    assume(network.version == 4 or not network.overlaps(MAPPED))
    host = network.network_address + 1
    assume(host in network)
    with pytest.raises(ValueError, match="bits set beyond") as refused:
        parse_network(f"{host}/{network.prefixlen}")
    named = str(refused.value).partition("write ")[2].split()[0]
    assert ipaddress.ip_network(named) == network


@pytest.mark.parametrize(
    "entry",
    [
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/0.255.255.255",
        "10.0.0.0/33",
        "2001:db8::/129",
        "10.0.0.0/",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/ 8",
        "10.0.0.0/８",  # noqa: RUF001 - a digit to Python, not to us
        "10.0.0.0/8/8",
        "::ffff:10.0.0.0/64",
        "::ffff:0:0/95",
        "fe80::1%eth0",
        "fe80::%eth0/64",
        "10.0.0.1:80",
        "[::1]",
        " 10.0.0.1",
        "10.0.0.1 ",
        "10.1",
        "010.0.0.1",
        "0x0a000001",
        "example.org",
        "*",
        "",
    ],
)
def test_entry_that_is_no_address_or_prefix_in_digits_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"^(is not an|has )"):
        parse_network(entry)


def test_whole_ipv4_does_not_include_ipv6_and_the_reverse() -> None:
    assert not AllowList.of(["0.0.0.0/0"]).admits("2001:db8::1")
    assert not AllowList.of(["::/0"]).admits("10.0.0.1")
    assert not AllowList.of(["::/0"]).admits("::ffff:10.0.0.1")


@pytest.mark.parametrize("client_ip", [None, "", "nonsense"])
def test_caller_without_a_readable_address_is_not_admitted(client_ip: str | None) -> None:
    assert not AllowList.of(["0.0.0.0/0", "::/0"]).admits(client_ip)


def test_entries_are_kept_in_order_in_one_spelling_without_repetitions() -> None:
    allow_list = AllowList.of(["2001:DB8:0::/32", "10.0.0.1", "10.0.0.1/32", "::ffff:10.0.0.1", "10.0.0.0/8"])
    assert allow_list.entries == ("2001:db8::/32", "10.0.0.1", "10.0.0.0/8")
    assert allow_list
    assert not AllowList.of([])
