"""The ports that the laptop stack listens on, all on loopback."""

import dataclasses
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from authz_server.dev.errors import StackError


@dataclass(frozen=True, slots=True)
class Ports:
    """Where people and programs find what; the rest is chosen by the system."""

    http: int = 8000
    https: int = 8443
    check: int = 9191
    metrics: int = 9192

    def require_free(self) -> None:
        """Raise StackError with every port that is taken, and how to choose another."""
        taken = list(self._taken())
        if taken:
            raise StackError("\n".join(taken))

    def _taken(self) -> Iterable[str]:
        for field in dataclasses.fields(self):
            port = getattr(self, field.name)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    yield (
                        f"port {port} cannot be used ({error.strerror}): end what holds it,"
                        f" or choose another with --port-{field.name}"
                    )


def free_port() -> int:
    """A port that the system says is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
