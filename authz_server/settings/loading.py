"""Reading the environment into Settings: every wrong value at once, then the checks across several variables."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from authz_server.settings import values
from authz_server.settings.variables import PREFIX, Settings, Source, names, variables

# Variables that the product knows, but that nothing in this version reads.
_WITHOUT_EFFECT: Final = frozenset(
    PREFIX + name
    for name in (
        "HTTP_CHECK_LISTEN",
        "JWKS_MAX_STALENESS_SECONDS",
        "OIDC_ALLOWED_HOSTS",
        "REPLICA",
        "REPLICA_ENTRIES",
    )
)


class SettingsError(Exception):
    """Values that cannot be used: `problems` has one sentence for each, none of which shows a secret."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def load(environ: Mapping[str, str], dotenv_path: Path | None = None) -> Settings:
    """Read every setting; what is in `environ` wins over the file. An empty value counts as not set.

    Raises `SettingsError` with everything that is wrong.
    """
    given = {name: (text, Source.DOTENV) for name, text in _dotenv(dotenv_path).items() if text}
    given |= {name: (text, Source.ENVIRONMENT) for name, text in environ.items() if text}
    known = variables()
    problems: list[str] = []
    parsed: dict[str, Any] = {}
    for variable in known:
        if variable.name not in given:
            continue
        text, _ = given[variable.name]
        try:
            parsed[variable.field] = variable.parse(text)
        except ValueError as error:
            shown = "the value is secret and not shown" if variable.secret else f"got {text!r}"
            problems.append(f"{variable.name}: {error}; {shown}")
    settings = Settings(
        **parsed,
        sources={variable.name: given[variable.name][1] for variable in known if variable.name in given},
        warnings=tuple(_unknown(given, names(known))),
    )
    problems.extend(_contradictions(settings))
    if problems:
        raise SettingsError(problems)
    return settings


def _dotenv(path: Path | None) -> Mapping[str, str]:
    if path is None:
        return {}
    import dotenv  # noqa: PLC0415 - most starts read no file

    return {name: text for name, text in dotenv.dotenv_values(path, interpolate=False).items() if text is not None}


def _unknown(given: Iterable[str], known: frozenset[str]) -> Iterable[str]:
    for name in sorted(given):
        if not name.startswith(PREFIX) or name in known:
            continue
        if name in _WITHOUT_EFFECT:
            yield f"{name} has no effect in this version"
            continue
        alike = difflib.get_close_matches(name, known, 1)
        yield f"{name} is not a setting" + (f"; did you mean {alike[0]}?" if alike else "")


def _contradictions(settings: Settings) -> Iterable[str]:
    yield from _profile_source(settings)
    yield from _listeners(settings)
    yield from _http(settings)
    yield from _workers(settings)
    if settings.grpc_server == "lean":
        yield "AUTHZ_GRPC_SERVER=lean is not in this version yet; use grpcio"


def _profile_source(settings: Settings) -> Iterable[str]:
    if settings.profiles_file is not None and settings.is_set("redis_url"):
        yield "AUTHZ_PROFILES_FILE and AUTHZ_REDIS_URL are both set; profiles come from one of them: unset the other"
    keys = settings.is_set("secret_keys") or settings.is_set("record_keys")
    if settings.profiles_file is None and not keys and not values.is_local_redis(settings.redis_url):
        yield (
            "AUTHZ_SECRET_KEYS (or AUTHZ_RECORD_KEYS) is required, as AUTHZ_REDIS_URL is neither loopback nor a Unix"
            " socket: unsigned records would make every writer of that Redis an admin"
        )
    if settings.is_set("secret_keys") and settings.is_set("record_keys"):
        yield "AUTHZ_SECRET_KEYS and AUTHZ_RECORD_KEYS are both set; the latter stands in for the former: unset one"
    if settings.redis_mode == "sentinel" and settings.redis_sentinel_name is None:
        yield "AUTHZ_REDIS_SENTINEL_NAME is required with AUTHZ_REDIS_MODE=sentinel"
    yield from _together(settings, "redis_tls_cert", "redis_tls_key")
    tls = [
        PREFIX + each.upper() for each in ("redis_tls_ca", "redis_tls_cert", "redis_tls_key") if settings.is_set(each)
    ]
    if tls and settings.profiles_file is None and not settings.redis_url.reveal().startswith("rediss://"):
        yield f"{', '.join(tls)} has no effect, as AUTHZ_REDIS_URL is not rediss://, so that nothing would be encrypted"


def _listeners(settings: Settings) -> Iterable[str]:
    yield from _together(settings, "grpc_tls_cert", "grpc_tls_key")
    if settings.grpc_tls_client_ca is not None and settings.grpc_tls_cert is None:
        yield "AUTHZ_GRPC_TLS_CLIENT_CA has no effect without AUTHZ_GRPC_TLS_CERT and AUTHZ_GRPC_TLS_KEY: set these too"
    mutual = settings.grpc_tls_cert is not None and settings.grpc_tls_client_ca is not None
    exposed = [str(address) for address in settings.grpc_listen if not address.is_local]
    if exposed and not mutual and not settings.grpc_insecure:
        yield (
            f"AUTHZ_GRPC_LISTEN has {', '.join(exposed)}, which other machines can reach: set AUTHZ_GRPC_TLS_CERT,"
            " AUTHZ_GRPC_TLS_KEY and AUTHZ_GRPC_TLS_CLIENT_CA, or AUTHZ_GRPC_INSECURE=on where something else guards it"
        )


def _http(settings: Settings) -> Iterable[str]:
    yield from _together(settings, "http_tls_cert", "http_tls_key")
    encrypted = settings.http_tls_cert is not None or bool(settings.http_trusted_proxies)
    if not settings.http_listen.is_local and not encrypted:
        yield (
            f"AUTHZ_HTTP_LISTEN is {settings.http_listen}, which other machines can reach, and API keys would travel in"
            " the clear: set AUTHZ_HTTP_TLS_CERT and AUTHZ_HTTP_TLS_KEY, or AUTHZ_HTTP_TRUSTED_PROXIES where a proxy"
            " encrypts"
        )
    if settings.reveal and settings.secret_keys is None:
        yield "AUTHZ_REVEAL=on needs AUTHZ_SECRET_KEYS, which seal what is kept"


def _workers(settings: Settings) -> Iterable[str]:
    if settings.workers == 1:
        return
    yield "AUTHZ_WORKERS above 1 is not in this version yet; use 1"
    shared = [str(each) for each in settings.grpc_listen if each.path is not None and not each.per_worker]
    if shared:
        yield (
            f"AUTHZ_GRPC_LISTEN has {', '.join(shared)}, which several workers cannot share:"
            " put {worker} into the path"
        )


def _together(settings: Settings, *fields: str) -> Iterable[str]:
    absent = [PREFIX + each.upper() for each in fields if getattr(settings, each) is None]
    if absent and len(absent) < len(fields):
        present = [PREFIX + each.upper() for each in fields if getattr(settings, each) is not None]
        yield f"{', '.join(present)} is set without {', '.join(absent)}: set both or none"
