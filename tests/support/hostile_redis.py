"""Servers on a Redis port that do not behave."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from authz_server.cache.connection import RedisAddress

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def hostile(behaviour: Behaviour) -> AsyncIterator[RedisAddress]:
    """A server that treats every connection so, until the test is over."""
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        try:
            await behaviour(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            conversations.discard(task)

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield RedisAddress(url=f"redis://{host}:{port}/0")
    finally:
        server.close()
        for task in tuple(conversations):
            task.cancel()
        await server.wait_closed()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads, and never answers."""
    while await reader.read(65_536):
        pass
    await asyncio.sleep(3_600)


async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Neither reads nor answers."""
    await asyncio.sleep(3_600)


async def closing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes at once."""


async def closing_when_asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes instead of answering."""
    await reader.read(1)


async def half_closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes its side alone, and reads on."""
    writer.write_eof()
    await silent(reader, writer)


def answering(answer: bytes, *, forever: bool = False) -> Behaviour:
    """Answers every packet with these bytes; `forever` does not even wait for one."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while forever or await reader.read(65_536):
            writer.write(answer)
            await writer.drain()
            if forever:
                await asyncio.sleep(0.001)

    return behave


def dribbling(answer: bytes) -> Behaviour:
    """Answers one byte at a time, so that each read has something and none has all."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        while True:
            for byte in answer:
                writer.write(bytes((byte,)))
                await asyncio.sleep(0.02)

    return behave
