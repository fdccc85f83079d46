"""Limits on failed attempts: counted per peer, bounded, forgotten in time."""

from authz_server.web.attempts import FailedAttempts, PasswordAttempts


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


def test_a_failure_that_is_forgiven_is_none() -> None:
    failed = attempts(Clock())
    for _ in range(5):
        failed.failed("192.0.2.1")
        failed.forgive("192.0.2.1")
    failed.forgive("192.0.2.1")
    failed.forgive("192.0.2.2")
    assert failed.wait("192.0.2.1") == failed.wait("192.0.2.2") == 0


def test_a_password_may_be_tried_five_times_a_minute_by_name_and_by_address() -> None:
    clock = Clock()
    passwords = PasswordAttempts(clock)
    assert [passwords.begin("ada", f"192.0.2.{number}") for number in range(6)] == [0, 0, 0, 0, 0, 60]
    assert [passwords.begin(f"name {number}", "198.51.100.1") for number in range(6)] == [0, 0, 0, 0, 0, 60]
    passwords.forgive("ada", "192.0.2.0")
    assert passwords.begin("ada", "192.0.2.5") == 0, "one of them was none"
    clock.now = 60.0
    assert passwords.begin("ada", "198.51.100.1") == 0


def test_who_waits_uses_up_nothing_of_others() -> None:
    passwords = PasswordAttempts(Clock())
    for _ in range(10):
        passwords.begin("ada", "192.0.2.1")
    assert passwords.begin("bob", "192.0.2.2") == 0
    assert [passwords.begin("bob", f"198.51.100.{number}") for number in range(4)] == [0, 0, 0, 0]


def test_what_is_held_of_a_name_is_short_however_long_it_is() -> None:
    passwords = PasswordAttempts(Clock())
    passwords.begin("n" * 1_000_000, "192.0.2.1")
    passwords.begin("\udc80", "192.0.2.1")
    held = passwords._of_names._failures  # noqa: SLF001 - that is the point
    assert {len(key) for key in held} == {64}
