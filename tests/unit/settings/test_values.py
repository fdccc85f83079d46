"""Each kind of value: what is taken, what is refused, how it is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.core.secret import REDACTED, Secret
from authz_server.settings import values
from authz_server.settings.values import ListenAddress


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:9191", "127.0.0.1", 9191),
        ("[::1]:0", "::1", 0),
        ("localhost:65535", "localhost", 65535),
        ("authz.internal:1", "authz.internal", 1),
    ],
)
def test_a_tcp_address_has_host_and_port(text: str, host: str, port: int) -> None:
    address = ListenAddress.parse(text)
    assert (address.host, address.port, address.path) == (host, port, None)
    assert str(address) == text


@pytest.mark.parametrize("text", ["unix:/run/authz.sock", "unix:///run/authz.sock"])
def test_a_unix_address_has_a_path_and_is_local(text: str) -> None:
    address = ListenAddress.parse(text)
    assert address.path == "/run/authz.sock"
    assert address.is_local


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9191",
        ":9191",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "::1:9191",
        "[::1]",
        "[localhost]:1",
        "[::zz]:1",
        "host name:1",
        "http://127.0.0.1:1",
        "unix:relative",
        "unix:/" + "a" * 108,
        "unix:/a\0b",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="accepted: host:port"):
        ListenAddress.parse(text)


def test_a_worker_has_its_own_address_where_the_text_asks_for_it() -> None:
    address = ListenAddress.parse("unix:/run/authz-{worker}.sock")
    assert address.per_worker
    assert address.for_worker(3).path == "/run/authz-3.sock"
    assert ListenAddress.parse("127.0.0.1:919{worker}").for_worker(2).port == 9192
    assert not ListenAddress.parse("127.0.0.1:9191").per_worker


def test_the_host_of_a_unix_socket_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="no TCP address"):
        _ = ListenAddress.parse("unix:/a").host


def test_metrics_are_not_served_on_a_unix_socket() -> None:
    with pytest.raises(ValueError, match="accepted: host:port"):
        values.tcp_address("unix:/a")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_loopback_is_known(host: str) -> None:
    assert values.is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.0", "::", "10.0.0.1", "localhost.example", "127.0.0.1.example", ""])
def test_everything_else_may_be_reached_by_others(host: str) -> None:
    assert not values.is_loopback(host)


@pytest.mark.parametrize(("text", "value"), [("on", True), ("off", False), ("true", True), ("False", False)])
def test_switches_are_words(text: str, value: bool) -> None:  # noqa: FBT001 - the value expected
    assert values.switch(text) is value


@pytest.mark.parametrize("text", ["", "1", "yes", "on "])
def test_other_words_are_no_switch(text: str) -> None:
    with pytest.raises(ValueError, match="accepted: on or off"):
        values.switch(text)


@pytest.mark.parametrize("text", ["0", "257", "-1", "1.0", "1e1", "", "\N{FULLWIDTH DIGIT ONE}", " 1", "9" * 5_000])
def test_an_integer_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="accepted: an integer from 1 to 256"):
        values.integer(1, 256)(text)


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "3601", "", "1s"])
def test_seconds_are_finite_and_within_bounds(text: str) -> None:
    with pytest.raises(ValueError, match="accepted: a number of seconds from 0 to 3600"):
        values.seconds(0, 3_600)(text)


@pytest.mark.parametrize("text", ["", 'a"b', "a\\b", "a\nb", "é", "x" * 129])
def test_a_realm_that_would_break_out_of_its_quotes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="accepted: 1 to 128 printable"):
        values.realm(text)


@pytest.mark.parametrize("text", ["", "a b", "{authz}", "a:b", "x" * 65])
def test_a_prefix_that_would_break_the_hash_tag_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="accepted: 1 to 64 letters"):
        values.prefix(text)


def test_a_path_has_no_nul() -> None:
    with pytest.raises(ValueError, match="accepted: a path"):
        values.path("a\0b")


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("redis://127.0.0.1:6379/0", ("127.0.0.1",)),
        ("rediss://user:p%40ss@cache.example/1", ("cache.example",)),
        ("redis://:pw@one:26379,two:26379/0", ("one", "two")),
        ("redis://[::1]:6379", ("::1",)),
        ("unix:///run/redis.sock?db=1", ()),
    ],
)
def test_the_hosts_of_a_redis_url_are_found(url: str, hosts: tuple[str, ...]) -> None:
    assert values.redis_hosts(url) == hosts
    assert values.redis_url(url).reveal() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:6379",
        "http://127.0.0.1",
        "redis://",
        "redis://:pw@",
        "redis://h:99999",
        "redis://h:x",
        "redis://[::1",
        "unix:redis.sock",
        "redis://one,:6379",
    ],
)
def test_what_is_no_redis_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="accepted: redis://host:port/database"):
        values.redis_url(url)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("redis://127.0.0.1:6379/0", True),
        ("redis://localhost", True),
        ("unix:///run/redis.sock", True),
        ("redis://127.0.0.1,10.0.0.2/0", False),
        ("redis://cache.example/0", False),
        ("redis://127.0.0.1@cache.example/0", False),
    ],
)
def test_a_redis_is_local_only_where_all_of_it_is(url: str, local: bool) -> None:  # noqa: FBT001 - the value expected
    assert values.is_local_redis(Secret(url)) is local


@given(
    password=st.text("abcdefgh0123456789-._~", min_size=6),
    form=st.sampled_from(
        [
            "redis://user:{}@h/0",
            "rediss://:{}@h:1/0",
            "redis://{}@h",
            "unix:///s?password={}",
            "redis://h?db=1&Password={}&x=1",
        ]
    ),
)
def test_a_password_is_masked_wherever_it_stands(password: str, form: str) -> None:
    shown = values.masked_url(values.redis_url(form.format(password)))
    assert password not in shown
    assert REDACTED in shown


def test_a_url_without_a_password_is_shown_as_it_is() -> None:
    assert values.masked_url(Secret("redis://127.0.0.1:6379/0")) == "redis://127.0.0.1:6379/0"
    assert values.masked_url(Secret("unix:///run/redis.sock?db=1")) == "unix:///run/redis.sock?db=1"
