"""Health over HTTP, over real sockets: good callers, slow ones, large ones, many."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from authz_server.checking.ports import Readiness
from authz_server.observability.health import HEAD_BYTES, HealthServer, routes


@pytest.fixture(name="serve")
async def a_server() -> AsyncIterator[Callable[..., "asyncio.Future[tuple[str, int]]"]]:
    """Start a server of this test with limits of its own."""
    servers: list[HealthServer] = []

    def serve(**limits: float) -> "asyncio.Future[tuple[str, int]]":
        server = HealthServer(routes(Readiness, lambda: b"authz_ready 1\n"), **limits)  # type: ignore[arg-type] # by name
        servers.append(server)
        return asyncio.ensure_future(server.start("127.0.0.1", 0))

    yield serve
    for server in servers:
        await server.close()


async def exchange(address: tuple[str, int], request: bytes) -> bytes:
    """Everything that comes back until the server closes."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(request)
    answer = await rest(reader)
    writer.close()
    return answer


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What still comes; a connection that is cut off gives nothing."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def status(answer: bytes) -> int:
    """The status of an answer."""
    return int(answer.split(b" ", 2)[1])


async def test_probes_and_scrapes_are_answered(serve: Callable[..., "asyncio.Future[tuple[str, int]]"]) -> None:
    address = await serve()
    for path in (b"/healthz", b"/readyz"):
        assert status(await exchange(address, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")) == 200
    answer = await exchange(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nauthz_ready 1\n")
    assert (await exchange(address, b"HEAD /metrics HTTP/1.1\r\n\r\n")).endswith(b"\r\n\r\n")


async def test_a_request_may_come_in_pieces(serve: Callable[..., "asyncio.Future[tuple[str, int]]"]) -> None:
    reader, writer = await asyncio.open_connection(*await serve())
    for piece in (b"GET /heal", b"thz HTTP/1.1\r\nHost: x\r\n", b"\r\nand what comes after it is not read"):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)
    assert status(await reader.read()) == 200
    writer.close()


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"DELETE /metrics HTTP/1.1\r\n\r\n", 405),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /metrics HTTP/2\r\n\r\n", 400),
        (b"\x00\xff\r\n\r\n", 400),
        (b"GET /" + b"x" * HEAD_BYTES + b" HTTP/1.1\r\n\r\n", 431),
    ],
)
async def test_what_is_no_probe_is_refused(
    request_bytes: bytes, expected: int, serve: Callable[..., "asyncio.Future[tuple[str, int]]"]
) -> None:
    assert status(await exchange(await serve(), request_bytes)) == expected


async def test_a_slow_caller_is_cut_off(serve: Callable[..., "asyncio.Future[tuple[str, int]]"]) -> None:
    assert await exchange(await serve(seconds=0.05), b"GET /healthz") == b""


async def test_slow_callers_do_not_keep_a_probe_out(serve: Callable[..., "asyncio.Future[tuple[str, int]]"]) -> None:
    """At the limit the oldest connection ends, not the new one; the others live on."""
    address = await serve(connections=2)
    (oldest, first), (younger, second) = [await asyncio.open_connection(*address) for _ in range(2)]
    for slow in (first, second):
        slow.write(b"GET /heal")
    assert status(await exchange(address, b"GET /healthz HTTP/1.1\r\n\r\n")) == 200
    assert await rest(oldest) == b""
    second.write(b"thz HTTP/1.1\r\n\r\n")
    assert status(await younger.read()) == 200
    for each in (first, second):
        each.close()


async def test_a_flood_of_connections_is_held_at_the_limit(
    serve: Callable[..., "asyncio.Future[tuple[str, int]]"],
) -> None:
    """More at once than may be open: what is beyond the limit is ended at once, however many come in one moment."""
    address = await serve(connections=2)
    held = [await asyncio.open_connection(*address) for _ in range(8)]
    assert status(await exchange(address, b"GET /readyz HTTP/1.1\r\n\r\n")) == 200
    assert [await rest(reader) for reader, _ in held[:7]] == [b""] * 7
    reader, writer = held[7]
    writer.write(b"GET /healthz HTTP/1.1\r\n\r\n")
    assert status(await reader.read()) == 200
    for _, each in held:
        each.close()


async def test_closing_ends_what_is_open() -> None:
    server = HealthServer(routes(Readiness, lambda: b""))
    await server.close()
    reader, writer = await asyncio.open_connection(*await server.start("127.0.0.1", 0))
    await asyncio.sleep(0.01)
    await server.close()
    assert await rest(reader) == b""
    writer.close()


async def test_a_port_that_is_taken_is_an_error(serve: Callable[..., "asyncio.Future[tuple[str, int]]"]) -> None:
    host, port = await serve()
    with pytest.raises(OSError, match="address already in use"):
        await HealthServer({}).start(host, port)
