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
    manage: int = 8080

    def require_free(self) -> None:
        """Raise StackError with every port that is taken or named twice, and how to choose another."""
        problems = [*self._named_twice(), *self._taken()]
        if problems:
            raise StackError("\n".join(problems))

    def _named_twice(self) -> Iterable[str]:
        seen: dict[int, str] = {}
        for name, port in self._options():
            if port in seen:
                yield f"port {port} is named twice: by {seen[port]} and {name}"
            seen[port] = name

    def _taken(self) -> Iterable[str]:
        for name, port in self._options():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
                try:
                    probe.bind(("127.0.0.1", port))
                    probe.listen()
                except OSError as error:
                    yield f"port {port} cannot be used ({error.strerror}): end what holds it, or choose with {name}"

    def _options(self) -> Iterable[tuple[str, int]]:
        for field in dataclasses.fields(self):
            yield f"--port-{field.name}", getattr(self, field.name)


def free_port() -> int:
    """A port that the system says is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
