"""Settings: one field per environment variable, with its parser, its default and what it is for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from authz_server.core.secret import REDACTED, Secret
from authz_server.settings import values
from authz_server.settings.database import database_url, masked_database_url
from authz_server.settings.values import ListenAddress, Parser
from authz_server.settings.web_address import web_address

PREFIX: Final = "AUTHZ_"


class Source(StrEnum):
    """Where a value came from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    DOTENV = ".env"


class Variable(NamedTuple):
    """What one environment variable is; `show` writes its value for people, secrets masked."""

    field: str
    parse: Parser[object]
    default: str
    doc: str
    secret: bool
    show: Callable[[Any], str]

    @property
    def name(self) -> str:
        """The name in the environment."""
        return PREFIX + self.field.upper()


def show(value: object) -> str:
    """A value as one would write it in the environment; every secret masked."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Secret):
        return REDACTED
    if isinstance(value, tuple):
        return ",".join(map(show, value))
    return str(value)


def _variable(
    parse: Parser[Any], default: str, doc: str, *, secret: bool = False, show: Callable[[Any], str] = show
) -> Any:  # the field's own annotation says what it holds
    metadata = {"parse": parse, "default": default, "doc": doc, "secret": secret, "show": show}
    return field(default=parse(default), metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set, as values. `sources` and `warnings` tell how it was loaded."""

    redis_url: Secret = _variable(
        values.redis_url,
        "redis://127.0.0.1:6379/0",
        "Where Redis is: redis://, rediss:// (TLS) or unix://.",
        secret=True,
        show=values.masked_url,
    )
    redis_mode: str = _variable(
        values.one_of("standalone", "sentinel", "cluster"),
        "standalone",
        "What AUTHZ_REDIS_URL names: one server, a Sentinel or a node of a Cluster.",
    )
    redis_sentinel_name: str | None = _variable(
        values.optional(str), "", "The name that the Sentinels know the primary by."
    )
    redis_prefix: str = _variable(values.prefix, "authz", "What every key in Redis begins with.")
    redis_timeout_seconds: float = _variable(
        values.seconds(0.001, 60), "0.1", "How long one look-up in Redis may take; Envoy's own limit is 0.25."
    )
    redis_tls_ca: Path | None = _variable(
        values.optional(values.path), "", "The CA bundle (PEM) that Redis's certificate is checked against."
    )
    redis_tls_cert: Path | None = _variable(
        values.optional(values.path), "", "The client certificate (PEM) that Redis is shown."
    )
    redis_tls_key: Path | None = _variable(values.optional(values.path), "", "Its private key (PEM).")
    database_url: Secret = _variable(
        database_url,
        "sqlite:///authz.db",
        "Where clients and profiles are kept: a file of SQLite's, or postgresql+psycopg://.",
        secret=True,
        show=masked_database_url,
    )
    profiles_file: Path | None = _variable(
        values.optional(values.path), "", "Serve from this declarative file instead of Redis."
    )
    secret_keys: Secret | None = _variable(
        values.optional(values.keys),
        "",
        "Keys that sign the records in Redis and seal secrets; the first one writes, all read.",
        secret=True,
    )
    record_keys: Secret | None = _variable(
        values.optional(values.keys),
        "",
        "Derived keys that are enough to read the records in Redis, instead of AUTHZ_SECRET_KEYS.",
        secret=True,
    )
    grpc_listen: tuple[ListenAddress, ...] = _variable(
        values.listed(ListenAddress.parse),
        "127.0.0.1:9191",
        "Where Envoy reaches the check: addresses, or unix:/path; {worker} is the worker's number.",
    )
    grpc_tls_cert: Path | None = _variable(
        values.optional(values.path), "", "The certificate chain (PEM) of the check's TCP listeners."
    )
    grpc_tls_key: Path | None = _variable(values.optional(values.path), "", "Its private key (PEM).")
    grpc_tls_client_ca: Path | None = _variable(
        values.optional(values.path), "", "The CA bundle (PEM) by which Envoy must prove who it is."
    )
    grpc_insecure: bool = _variable(
        values.switch, "off", "Listen beyond this machine without TLS and client CA all the same."
    )
    grpc_server: str = _variable(values.one_of("grpcio", "lean"), "grpcio", "Which gRPC server carries the check.")
    grpc_max_connection_age_seconds: int = _variable(
        values.integer(0, 31_536_000), "0", "After how long Envoy is asked to connect anew; 0 is never."
    )
    grpc_reflection: bool = _variable(values.switch, "on", "Let grpcurl list and describe the services.")
    metrics_listen: ListenAddress = _variable(
        values.tcp_address, "127.0.0.1:9192", "Where /metrics, /healthz and /readyz are."
    )
    http_listen: ListenAddress = _variable(
        values.tcp_address, "127.0.0.1:8080", "Where manage is: REST, /metrics, /healthz and /readyz."
    )
    http_tls_cert: Path | None = _variable(
        values.optional(values.path), "", "The certificate chain (PEM) of manage's listener."
    )
    http_tls_key: Path | None = _variable(values.optional(values.path), "", "Its private key (PEM).")
    http_trusted_proxies: tuple[str, ...] = _variable(
        values.listed(values.network), "", "Networks whose X-Forwarded-For and X-Forwarded-Proto manage believes."
    )
    gateway_url: str = _variable(
        web_address,
        "https://gateway.example",
        "Where callers reach Envoy: manage shows it in lines that are ready to paste.",
    )
    reveal: bool = _variable(
        values.switch, "off", "Keep new tokens sealed in the database, so that operators can be shown them again."
    )
    audit_days: int = _variable(
        values.integer(0, 36_500), "0", "How long manage keeps what was done by whom; 0 is for ever."
    )
    workers: int = _variable(values.integer(1, 256), "1", "How many processes check.")
    drain_seconds: float = _variable(
        values.seconds(0, 3_600), "30", "How long checks in flight may take to finish after SIGTERM."
    )
    client_ip_from: str = _variable(
        values.one_of("peer", "metadata", "envoy"), "peer", "Which view of the caller's address is trusted."
    )
    certificate_from: str = _variable(
        values.one_of("peer", "xfcc"), "peer", "Where the caller's certificate is read from."
    )
    fault_as: str = _variable(
        values.one_of("grpc", "error_response"),
        "grpc",
        'How Envoy is told "cannot tell": gRPC status or error_response.',
    )
    max_staleness_seconds: float = _variable(
        values.seconds(1, 86_400), "300", "How long profiles in memory may serve while Redis is gone."
    )
    realm: str = _variable(values.realm, "authz", "The realm in WWW-Authenticate.")
    log_format: str = _variable(
        values.one_of("auto", "console", "json"),
        "auto",
        "How logs are written; auto is console on a terminal, else json.",
    )
    log_level: str = _variable(
        values.one_of("debug", "info", "warning", "error"),
        "info",
        "The least level that is logged: refusals are info, allowed calls debug.",
    )

    sources: Mapping[str, Source] = field(default_factory=dict, compare=False, repr=False)
    warnings: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def source_of(self, variable: Variable) -> Source:
        """Where the value of `variable` came from."""
        return self.sources.get(variable.name, Source.DEFAULT)

    def shown(self, variable: Variable) -> str:
        """The value of `variable` for people, secrets masked."""
        return variable.show(getattr(self, variable.field))

    def is_set(self, field_name: str) -> bool:
        """Whether somebody chose the value of that field, rather than the default."""
        return PREFIX + field_name.upper() in self.sources


def variables() -> tuple[Variable, ...]:
    """Every variable, in the order in which they are shown."""
    return tuple(_described(each) for each in dataclasses.fields(Settings) if each.metadata)


def names(known: Iterable[Variable]) -> frozenset[str]:
    """The names in the environment."""
    return frozenset(variable.name for variable in known)


def _described(each: dataclasses.Field[Any]) -> Variable:
    metadata = each.metadata
    return Variable(
        each.name, metadata["parse"], metadata["default"], metadata["doc"], metadata["secret"], metadata["show"]
    )
