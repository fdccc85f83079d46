"""A caller's connection over HTTP/1.1, as cheap as the load that it makes has to be."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

HOST: Final = "127.0.0.1"
CALL_SECONDS: Final = 20.0


class Connection:
    """One request at a time, the connection kept; a broken one is opened again by the next request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def status(self, request: bytes) -> int:
        """The status of the answer. Raises OSError, EOFError or TimeoutError where there is none."""
        status, _ = await self.answer(request)
        return status

    async def answer(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer. Raises as `status` does."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(HOST, self._port)
                reader, writer = self._streams
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                return int(head[9:12]), await reader.readexactly(_length(head))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close it, if it is open."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def request(method: str, path: str, headers: Mapping[str, str], body: Any = None) -> bytes:
    """A request with these headers and, unless it is None, this body as JSON."""
    content = b"" if body is None else json.dumps(body).encode()
    more = {} if body is None else {"content-type": "application/json", "content-length": str(len(content))}
    lines = (f"{name}: {value}\r\n" for name, value in {"host": HOST, **headers, **more}.items())
    return f"{method} {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + content


def call_with(client_id: str, profile_id: str, token: str) -> bytes:
    """A call through Envoy, by a `token` profile."""
    return request(
        "GET",
        "/orders/7",
        {"x-client-id": client_id, "x-profile-id": profile_id, "authorization": f"Bearer {token}"},
    )


def _length(head: bytes) -> int:
    _, found, rest = head.partition(b"\r\ncontent-length: ")
    return int(rest.partition(b"\r\n")[0]) if found else 0
