"""What the control plane tells of each request: one line, and counts."""

from __future__ import annotations

from collections import defaultdict
from http import HTTPStatus

from authz_server.managing.records import Actor
from authz_server.observability.logs import Log


class HttpObserver:
    """Told of every answer, from the event loop only. `answers` counts them by operation and status."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.answers: defaultdict[tuple[str, str, int], int] = defaultdict(int)  # method, path's template, status
        self.seconds = 0.0
        self.faults: defaultdict[str, int] = defaultdict(int)

    def answered(  # noqa: PLR0917 - the shape that the web asks for
        self, method: str, path: str, status: int, duration_s: float, actor: Actor | None, peer: str
    ) -> None:
        """One request was answered; `path` is the template of what is there, or empty where there was none."""
        # Methods are whatever callers make up: where no operation knows one, it is not counted by its name.
        self.answers[method if path else "", path, status] += 1
        self.seconds += duration_s
        tell = self._log.info if status < HTTPStatus.INTERNAL_SERVER_ERROR else self._log.warning
        tell(
            "request",
            method=method[:20],
            path=path,
            status=status,
            duration_ms=round(duration_s * 1_000, 1),
            actor=None if actor is None else actor.id,
            peer=peer,
        )

    def fault(self, kind: str, error: BaseException | None) -> None:
        """Something of ours failed."""
        self.faults[kind] += 1
        self._log.error("fault", kind=kind, exc_info=error)
