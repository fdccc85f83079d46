"""The HTTP server of the control plane over real sockets: slow callers, large ones, and how it ends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import h11
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from authz_server.web import http_server
from authz_server.web.http_server import HEAD_BYTES, PATIENCE, CannotListen, HttpServer

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Serve = Callable[..., Awaitable[tuple[HttpServer, tuple[str, int]]]]


class Application:
    """Reads the whole body, waits where it is told to, and answers."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        self.begun.set()
        await self.go_on.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    servers: list[HttpServer] = []

    async def serve(app: ASGIApp | None = None, drain_seconds: float = 1.0) -> tuple[HttpServer, tuple[str, int]]:
        servers.append(HttpServer(app or Application(), tls=None, drain_seconds=drain_seconds))
        return servers[-1], await servers[-1].start("127.0.0.1", 0)

    yield serve
    for server in servers:
        await server.stop()


async def sent(address: tuple[str, int], request: bytes) -> bytes:
    """Everything that comes back until the server closes."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(request)
    try:
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_two_requests_go_over_one_connection(serve: Serve) -> None:
    _, address = await serve()
    answers = await sent(address, GET + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answers.count(b"HTTP/1.1 204") == 2
    assert b"server:" not in answers.lower()


@pytest.mark.parametrize("part", [b"", b"GET / HT"])
async def test_headers_that_do_not_come_end_the_connection(
    part: bytes, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PATIENCE, h11.IDLE, 0.2)
    _, address = await serve()
    assert await asyncio.wait_for(sent(address, part), 5.0) == b""


async def test_headers_of_a_later_request_that_do_not_come_end_the_connection_too(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PATIENCE, h11.IDLE, 0.2)
    _, address = await serve()
    reader, writer = await asyncio.open_connection(*address)
    writer.write(GET)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
    writer.write(b"GET / HT")
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 5.0) == b""
    writer.close()


async def test_a_body_that_does_not_come_ends_the_connection(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PATIENCE, h11.SEND_BODY, 0.2)
    _, address = await serve()
    assert (
        await asyncio.wait_for(sent(address, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"), 5.0) == b""
    )


async def test_connections_that_ask_for_nothing_make_room_for_one_that_does(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "CONNECTIONS", 4)
    application = Application()
    _, address = await serve(application)
    application.go_on.clear()
    asked = asyncio.create_task(sent(address, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")))
    await application.begun.wait()
    silent = [asyncio.create_task(sent(address, part)) for part in (b"", b"GET / HT", b"", b"", b"")]
    await asyncio.wait(silent, timeout=5.0, return_when=asyncio.FIRST_COMPLETED)
    application.go_on.set()
    last = await sent(address, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert last.startswith(b"HTTP/1.1 204")
    assert (await asked).startswith(b"HTTP/1.1 204")
    for each in silent:
        each.cancel()
    await asyncio.gather(*silent, return_exceptions=True)


async def test_headers_that_are_too_large_are_refused(serve: Serve) -> None:
    _, address = await serve()
    answer = await sent(address, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 2 * HEAD_BYTES)
    assert answer.startswith(b"HTTP/1.1 400")


async def test_a_request_in_flight_is_answered_while_it_ends(serve: Serve) -> None:
    application = Application()
    application.go_on.clear()
    server, address = await serve(application, drain_seconds=10.0)
    answer = asyncio.create_task(sent(address, GET))
    await application.begun.wait()
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0.3)
    assert not stopping.done()
    application.go_on.set()
    assert await stopping
    assert (await answer).startswith(b"HTTP/1.1 204")


async def test_a_request_that_does_not_end_is_given_up(serve: Serve) -> None:
    application = Application()
    application.go_on.clear()
    server, address = await serve(application, drain_seconds=0.0)
    answer = asyncio.create_task(sent(address, GET))
    await application.begun.wait()
    assert not await server.stop()
    await answer


async def test_an_address_that_is_taken_or_nowhere_is_said(serve: Serve) -> None:
    _, (host, port) = await serve()
    second = HttpServer(Application(), tls=None, drain_seconds=1.0)
    with pytest.raises(CannotListen, match="in use"):
        await second.start(host, port)
    with pytest.raises(CannotListen):
        await second.start("nowhere.invalid", 0)
    assert await second.stop()


async def test_it_listens_on_ipv6(serve: Serve) -> None:
    server = HttpServer(Application(), tls=None, drain_seconds=1.0)
    host, port = await server.start("::1", 0)
    assert (await sent((host, port), GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))).startswith(
        b"HTTP/1.1 204"
    )
    assert await server.stop()
