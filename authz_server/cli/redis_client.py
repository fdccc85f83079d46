"""The client with which commands reach Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from authz_server.cache.connection import connect_blocking
from authz_server.cache.outcome import words_of
from authz_server.cli.exits import ExitCode, ended
from authz_server.settings import Settings, SettingsError
from authz_server.settings.redis import redis_address


@contextmanager
def redis_client(settings: Settings, command: str) -> Iterator[redis.Redis]:
    """A client by the settings. Ends `command` where Redis fails it.

    Raises `SettingsError` where the URL's options cannot be.
    """
    try:
        connected = connect_blocking(redis_address(settings))
    except ValueError as error:
        raise SettingsError((f"AUTHZ_REDIS_URL: {error}",)) from None
    try:
        with connected as client:
            yield client
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise ended(command, f"Redis is not reachable: {words_of(error)}", ExitCode.UNREACHABLE) from None
    except redis.RedisError as error:
        raise ended(command, f"Redis refuses: {words_of(error)}", ExitCode.UNREACHABLE) from None
