"""Limits on failed attempts: counted per peer, bounded, forgotten in time."""

from authz_server.web.attempts import FailedAttempts


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def attempts(clock: Clock, **limits: int) -> FailedAttempts:
    return FailedAttempts(clock, **({"most": 2} | limits))


def test_a_peer_waits_after_too_many_failures_and_only_it() -> None:
    clock = Clock()
    failed = attempts(clock)
    failed.failed("192.0.2.1")
    assert failed.wait("192.0.2.1") == 0
    clock.now = 20.5
    failed.failed("192.0.2.1")
    assert failed.wait("192.0.2.1") == 40
    assert failed.wait("192.0.2.2") == 0


def test_failures_are_forgotten_when_their_time_is_over() -> None:
    clock = Clock()
    failed = attempts(clock)
    for _ in range(2):
        failed.failed("192.0.2.1")
    clock.now = 60.0
    assert failed.wait("192.0.2.1") == 0
    failed.failed("192.0.2.1")
    assert failed.wait("192.0.2.1") == 0


def test_one_ipv6_network_is_one_peer_and_a_mapped_address_is_its_ipv4_one() -> None:
    failed = attempts(Clock())
    failed.failed("2001:db8::1")
    failed.failed("2001:db8::ffff:2")
    assert failed.wait("2001:db8::3") > 0
    assert failed.wait("2001:db8:0:1::1") == 0
    failed.failed("::ffff:192.0.2.1")
    failed.failed("192.0.2.1")
    assert failed.wait("192.0.2.1") > 0


def test_no_more_peers_are_held_than_there_is_room_for() -> None:
    failed = attempts(Clock(), most=1, peers=2)
    for peer in ("192.0.2.1", "192.0.2.2", "unknown"):
        failed.failed(peer)
    assert [failed.wait(peer) > 0 for peer in ("192.0.2.1", "192.0.2.2", "unknown")] == [False, True, True]
