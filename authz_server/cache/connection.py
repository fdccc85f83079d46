"""Clients of Redis, by its three modes, made from plain settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import redis
    import redis.asyncio


def connect(
    url: str,
    *,
    mode: str = "standalone",
    timeout: float = 0.1,
    sentinel_name: str | None = None,
    tls_ca: str | None = None,
    tls_cert: str | None = None,
    tls_key: str | None = None,
) -> redis.asyncio.Redis:
    """A client for the check, which opens no connection yet. Raises ValueError where the arguments cannot be."""
    raise NotImplementedError


def connect_blocking(
    url: str,
    *,
    mode: str = "standalone",
    timeout: float = 30.0,
    sentinel_name: str | None = None,
    tls_ca: str | None = None,
    tls_cert: str | None = None,
    tls_key: str | None = None,
) -> redis.Redis:
    """A client for a writer. Raises ValueError as `connect` does."""
    raise NotImplementedError
