"""The client with which commands reach Redis."""

from __future__ import annotations

import redis

from authz_server.cache.connection import connect_blocking
from authz_server.settings import Settings, SettingsError
from authz_server.settings.redis import redis_address


def redis_client(settings: Settings) -> redis.Redis:
    """A client by the settings. Raises `SettingsError` where the URL's options cannot be, and `redis.RedisError`."""
    try:
        return connect_blocking(redis_address(settings))
    except ValueError as error:
        raise SettingsError((f"AUTHZ_REDIS_URL: {error}",)) from None
