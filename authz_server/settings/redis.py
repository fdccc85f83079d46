"""From settings to what reaching Redis takes; apart, since it loads Redis's client and a cryptographic library."""

from __future__ import annotations

import ssl
from pathlib import Path

from authz_server.cache.connection import RedisAddress
from authz_server.sealing.keys import RecordKeys, SecretKeys
from authz_server.sealing.seal import Seal
from authz_server.settings.loading import SettingsError
from authz_server.settings.variables import Settings


def redis_address(settings: Settings) -> RedisAddress:
    """Where Redis is. Raises `SettingsError` where its TLS files cannot be used."""
    _try_tls_files(settings)
    return RedisAddress(
        url=settings.redis_url.reveal(),
        mode=settings.redis_mode,
        sentinel_name=settings.redis_sentinel_name,
        tls_ca=_text(settings.redis_tls_ca),
        tls_cert=_text(settings.redis_tls_cert),
        tls_key=_text(settings.redis_tls_key),
    )


def record_keys(settings: Settings) -> RecordKeys | None:
    """The keys of the records in Redis: given, or derived; None where records are unsigned."""
    if settings.record_keys is not None:
        return RecordKeys.parse(settings.record_keys.reveal())
    secret_keys_ = secret_keys(settings)
    return None if secret_keys_ is None else RecordKeys.derived_from(secret_keys_)


def secret_keys(settings: Settings) -> SecretKeys | None:
    """The keys that everything is derived from, None where they are not set."""
    return None if settings.secret_keys is None else SecretKeys.parse(settings.secret_keys.reveal())


def document_seal(settings: Settings) -> Seal | None:
    """What opens `secret_sealed` in documents; None without AUTHZ_SECRET_KEYS."""
    keys = secret_keys(settings)
    return None if keys is None else Seal.of_documents(keys)


def _try_tls_files(settings: Settings) -> None:
    """A file that is wrong would look like a Redis that is not there, for as long as the process runs."""
    ca, certificate, key = settings.redis_tls_ca, settings.redis_tls_cert, settings.redis_tls_key
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if ca is not None:
            context.load_verify_locations(ca)
    except OSError as error:  # an SSLError is one
        raise SettingsError((f"AUTHZ_REDIS_TLS_CA: cannot be used: {error.strerror}; got {str(ca)!r}",)) from None
    try:
        if certificate is not None and key is not None:
            context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        named = f"{str(certificate)!r} and {str(key)!r}"
        raise SettingsError(
            (f"AUTHZ_REDIS_TLS_CERT, AUTHZ_REDIS_TLS_KEY: cannot be used: {error}; got {named}",)
        ) from None


def _no_password() -> str:
    raise ValueError("the key is encrypted, and nobody is there to type its password")


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
