"""What the stack's own programs run with: the caller's settings, less those that the stack decides itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import dotenv

from authz_server.dev.errors import StackError
from authz_server.dev.ports import Ports
from authz_server.settings import PREFIX, load

LOOPBACK: Final = "127.0.0.1"
REDIS_URL: Final = "AUTHZ_REDIS_URL"
DATABASE_URL: Final = "AUTHZ_DATABASE_URL"
SECRET_KEYS: Final = "AUTHZ_SECRET_KEYS"  # noqa: S105 - the name of a setting
REDIS_PREFIX: Final = "AUTHZ_REDIS_PREFIX"
GATEWAY_URL: Final = "AUTHZ_GATEWAY_URL"

# In somebody else's Redis the samples keep out of the way of what the default prefix may hold.
FOREIGN_PREFIX: Final = "authz-dev"

_INSTEAD: Final = {
    "AUTHZ_GRPC_LISTEN": "--port-check chooses the port",
    "AUTHZ_METRICS_LISTEN": "--port-metrics chooses the port",
    "AUTHZ_GRPC_TLS_CERT": "Envoy and the check server share this machine",
    "AUTHZ_GRPC_TLS_KEY": "Envoy and the check server share this machine",
    "AUTHZ_GRPC_TLS_CLIENT_CA": "Envoy and the check server share this machine",
    "AUTHZ_HTTP_LISTEN": "--port-manage chooses the port",
    "AUTHZ_HTTP_TLS_CERT": "manage listens on this machine only",
    "AUTHZ_HTTP_TLS_KEY": "manage listens on this machine only",
    "AUTHZ_HTTP_TRUSTED_PROXIES": "manage listens on this machine only",
    DATABASE_URL: "the clients and profiles are in the state folder",
    "AUTHZ_CLIENT_IP_FROM": "it follows from Envoy's configuration",
    "AUTHZ_CERTIFICATE_FROM": "it follows from Envoy's configuration",
    "AUTHZ_PROFILES_FILE": "the clients and profiles are in the state folder",
    GATEWAY_URL: "lines to paste lead to the stack's own Envoy",
    "AUTHZ_RECORD_KEYS": f"{SECRET_KEYS} is what manage needs",
}


class Inherited(NamedTuple):
    """The environment that the stack was started in, a file .env below it."""

    variables: Mapping[str, str]

    @classmethod
    def read(cls, environ: Mapping[str, str], dotenv_path: Path) -> Inherited:
        """Of the file only our settings are taken, and what `environ` has wins. Raises StackError."""
        try:
            found = dotenv.dotenv_values(dotenv_path, interpolate=False) if dotenv_path.exists() else {}
        except (OSError, ValueError) as error:
            raise StackError(f"{dotenv_path} cannot be read: {error}") from None
        settings = {name: text for name, text in found.items() if name.startswith(PREFIX) and text}
        return cls(settings | {name: text for name, text in environ.items() if text or not name.startswith(PREFIX)})

    @property
    def redis_url(self) -> str | None:
        """A Redis to use instead of an embedded one."""
        return self.variables.get(REDIS_URL)

    @property
    def others(self) -> Mapping[str, str]:
        """What programs that are not ours may see: none of our settings, as these hold secrets."""
        return {name: text for name, text in self.variables.items() if not name.startswith(PREFIX)}

    def without_effect(self) -> Iterable[str]:
        """A sentence for each setting that the stack decides itself."""
        for name, reason in _INSTEAD.items():
            if name in self.variables:
                yield f"{name} has no effect here: {reason}"

    def settings(self, redis_url: str, database: Path, secret_key: str, ports: Ports) -> dict[str, str]:
        """The whole environment of `manage` and `check`. Raises SettingsError."""
        variables = {name: text for name, text in self.variables.items() if name not in _INSTEAD}
        chosen = {"AUTHZ_DRAIN_SECONDS": "2", SECRET_KEYS: secret_key}
        if self.redis_url is not None:
            chosen[REDIS_PREFIX] = FOREIGN_PREFIX
        decided = {
            REDIS_URL: redis_url,
            DATABASE_URL: f"sqlite:///{database}",
            GATEWAY_URL: f"http://{LOOPBACK}:{ports.http}",
            "AUTHZ_HTTP_LISTEN": f"{LOOPBACK}:{ports.manage}",
            "AUTHZ_GRPC_LISTEN": f"{LOOPBACK}:{ports.check}",
            "AUTHZ_METRICS_LISTEN": f"{LOOPBACK}:{ports.metrics}",
            "AUTHZ_CLIENT_IP_FROM": "metadata",  # as the shipped configurations give it
        }
        settings = chosen | variables | decided
        load(settings)
        return settings
