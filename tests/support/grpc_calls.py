"""A gRPC server with a scripted answer, and calls to it: bytes both ways."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2

from authz_server.core.errors import CannotTell
from authz_server.ext_authz.server import CHECK, GrpcServer, ServerOptions

ANSWER: Final = b"\x0a\x00"
LAST_RESORT: Final = b"\x0a\x02\x08\x0e"
SERVICE: Final = "envoy.service.auth.v3.Authorization"
CALL_SECONDS: Final = 10.0

Answer = Callable[[bytes, Iterable[tuple[str, str | bytes]]], bytes | Awaitable[bytes]]


class ScriptedService:
    """A check that answers as it is told, and keeps what it was asked."""

    def __init__(self, answer: Answer = lambda _request, _metadata: ANSWER) -> None:
        self.asked: list[tuple[bytes, tuple[tuple[str, str | bytes], ...]]] = []
        self.answer = answer

    def check(self, request: bytes, metadata: Iterable[tuple[str, str | bytes]]) -> bytes | Awaitable[bytes]:
        """Answer."""
        self.asked.append((request, tuple(metadata)))
        return self.answer(request, metadata)


def cannot_tell(_request: bytes, _metadata: object) -> bytes:
    """An answer: nobody knows."""
    raise CannotTell("Redis is gone")


class Held:
    """An answer that waits until it is released."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.released = asyncio.Event()

    async def __call__(self, _request: bytes, _metadata: object) -> bytes:
        """Wait."""
        self.begun.set()
        await self.released.wait()
        return ANSWER


@asynccontextmanager
async def serving(
    service: ScriptedService, options: ServerOptions
) -> AsyncIterator[tuple[GrpcServer, tuple[str, ...]]]:
    """A running server, and where it listens."""
    server = GrpcServer(service, LAST_RESORT, options)
    addresses = await server.start()
    try:
        yield server, addresses
    finally:
        await server.drain()


async def call(channel: grpc.aio.Channel, request: bytes = b"", *, method: str = CHECK, **metadata: str) -> bytes:
    """One call of bytes, by default a Check."""
    ask: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
    answer: bytes = await ask(request, metadata=tuple(metadata.items()), timeout=CALL_SECONDS)
    return answer


async def health(channel: grpc.aio.Channel, name: str = "") -> str:
    """What the health service says of a name."""
    ask: grpc.aio.UnaryUnaryMultiCallable[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse]
    ask = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    answer = await ask(health_pb2.HealthCheckRequest(service=name), timeout=CALL_SECONDS)
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


async def health_changes(channel: grpc.aio.Channel, name: str) -> AsyncIterator[str]:
    """What the health service says of a name, now and whenever it changes."""
    watch: grpc.aio.UnaryStreamMultiCallable[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse]
    watch = channel.unary_stream(
        "/grpc.health.v1.Health/Watch",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    async for answer in watch(health_pb2.HealthCheckRequest(service=name)):
        yield health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
