"""`/healthz`, `/readyz` and `/metrics` beside the API, without a key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from authz_server.observability.health import Answer, Route, answer


class Probes:
    """An ASGI application: the probes, and `app` for everything else."""

    def __init__(self, app: ASGIApp, routes: Mapping[str, Route]) -> None:
        """`routes`: as `observability.health.routes` makes them. They may wait for a database: each has a thread."""
        self._app = app
        self._routes = dict(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] not in self._routes:
            await self._app(scope, receive, send)
            return
        method: str = scope["method"]
        found = await asyncio.to_thread(answer, self._routes, method.encode("ascii", "replace"), scope["raw_path"])
        await send({"type": "http.response.start", "status": found.status.value, "headers": _headers(found)})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else found.body})


def _headers(found: Answer) -> list[tuple[bytes, bytes]]:
    headers = {
        "content-type": found.content_type,
        "content-length": str(len(found.body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    if found.allow is not None:
        headers["allow"] = found.allow
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
