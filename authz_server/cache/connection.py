"""Clients of Redis, by its three modes, made from plain settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.sentinel
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException
from redis.retry import Retry

CONNECTIONS: Final = 8  # of one check process: one for look-ups, one for the watch, and those that are being given up
_WRITER_TIMEOUT_SECONDS: Final = 30.0
_CONNECT_TIMEOUT_SECONDS: Final = 5.0
_SENTINEL_PORT: Final = 26_379

Options = dict[str, Any]  # keyword arguments of redis-py's clients, which have no common type


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """Where Redis is and how to get there.

    With Sentinel, `url` names the sentinels (`redis://one:26379,two:26379/0`), its user and password being Redis's own.
    """

    url: str = field(repr=False)  # it may hold a password
    mode: str = "standalone"
    sentinel_name: str | None = None
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None


def connect(address: RedisAddress, *, timeout: float = 1.0) -> redis.asyncio.Redis:
    """A client for the check, which opens no connection yet. Raises ValueError where the address cannot be.

    Look-ups have their own deadlines; `timeout` (seconds) only ends what nobody waits for any more.
    """
    options = _options(address, timeout) | {"retry": AsyncRetry(NoBackoff(), 0)}
    match address.mode:
        case "sentinel":
            watched: Any = redis.asyncio.sentinel.Sentinel  # untyped
            sentinel = watched(_sentinels(address), sentinel_kwargs=_options(address, timeout), **options)
            primary = sentinel.master_for(_sentinel_name(address), max_connections=CONNECTIONS, **_target(address))
            return cast(redis.asyncio.Redis, primary)
        case "cluster":
            # The commands used here are the same; redis-py has no common type.
            return cast(redis.asyncio.Redis, redis.asyncio.RedisCluster.from_url(address.url, **options))
        case _:
            client = redis.asyncio.Redis.from_url(address.url, max_connections=CONNECTIONS, **options)
            _check_options(client.connection_pool)
            return client


def connect_blocking(address: RedisAddress, *, timeout: float = _WRITER_TIMEOUT_SECONDS) -> redis.Redis:
    """A client for who writes, or reads everything. Raises ValueError as `connect` does.

    `timeout` (seconds) ends each wait for Redis.

    Of a Cluster it looks up the nodes at once, and raises `redis.ConnectionError` where none answers.
    """
    options = _options(address, timeout) | {"retry": Retry(NoBackoff(), 0)}
    match address.mode:
        case "sentinel":
            watched: Any = redis.sentinel.Sentinel  # untyped
            sentinel = watched(
                _sentinels(address),
                sentinel_kwargs=_options(address, min(timeout, _CONNECT_TIMEOUT_SECONDS)),
                **options,
            )
            return cast(redis.Redis, sentinel.master_for(_sentinel_name(address), **_target(address)))
        case "cluster":
            return cast(redis.Redis, _cluster(address.url, options))
        case _:
            blocking = redis.Redis.from_url(address.url, **options)
            _check_options(blocking.connection_pool)
            return blocking


def _check_options(pool: Any) -> None:  # the two kinds of pool have no common type
    """Raises ValueError for a name in the URL's query that means nothing, which redis-py says when it connects only."""
    try:
        pool.connection_class(**pool.connection_kwargs)
    except TypeError:
        raise ValueError("has an option in its query that is not known") from None


def _cluster(url: str, options: Options) -> redis.RedisCluster:
    try:
        return redis.RedisCluster.from_url(url, **options)
    except RedisClusterException as error:  # no RedisError
        raise redis.ConnectionError(str(error)) from error


def _options(address: RedisAddress, timeout: float) -> Options:
    # RESP2 spares every new connection a HELLO, and an old server an error.
    options: Options = {"protocol": 2} | _timeouts(timeout)
    if urlsplit(address.url).scheme != "rediss":
        return options
    if address.mode == "sentinel":
        options["ssl"] = True
    return options | {
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
        "ssl_ca_certs": address.tls_ca,
        "ssl_certfile": address.tls_cert,
        "ssl_keyfile": address.tls_key,
    }


def _timeouts(timeout: float) -> Options:
    return {"socket_timeout": timeout, "socket_connect_timeout": min(timeout, _CONNECT_TIMEOUT_SECONDS)}


def _sentinels(address: RedisAddress) -> list[tuple[str, int]]:
    hosts = urlsplit(address.url).netloc.rpartition("@")[2].split(",")
    parts = [urlsplit(f"//{host}") for host in hosts]
    return [(part.hostname or "127.0.0.1", part.port or _SENTINEL_PORT) for part in parts]


def _sentinel_name(address: RedisAddress) -> str:
    if not address.sentinel_name:
        raise ValueError("mode sentinel needs the name of the primary that the sentinels watch")
    return address.sentinel_name


def _target(address: RedisAddress) -> Options:
    """What the sentinels do not say of Redis itself: database, user and password."""
    split = urlsplit(address.url)
    credentials, at, _ = split.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    target: Options = {"db": int(split.path.strip("/") or 0)}
    if at:
        target |= {"username": unquote(user) or None, "password": unquote(password) or None}
    return target
