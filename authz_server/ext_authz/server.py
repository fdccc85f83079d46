"""The gRPC server around CheckService: grpc.aio, bytes in, bytes out, no generated code between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from authz_server.core.errors import CannotTell
from authz_server.ext_authz.decode import Metadata
from authz_server.ext_authz.listeners import TlsFiles, credentials, open_port
from authz_server.wire import ext_authz_pb2

_SERVICE: Final = ext_authz_pb2.DESCRIPTOR.services_by_name["Authorization"].full_name
CHECK: Final = f"/{_SERVICE}/Check"

# A larger request would be a gRPC error, which `failure_mode_allow` turns into an entry that a caller can provoke. So
# this is above the largest `max_request_headers_kb` that Envoy takes (8,192), headers and certificate together.
LARGEST_REQUEST_BYTES: Final = 16 * 1_048_576
LARGEST_METADATA_BYTES: Final = 9 * 1_048_576
CONCURRENT_STREAMS: Final = 1_024  # per connection; Envoy has one connection per worker thread, and waits beyond

# Envoy's shipped configurations take up to 5 s to notice: two failed health checks, 2 s apart, each of 1 s at most.
LINGER_SECONDS: Final = 6.0
_QUIET_SECONDS: Final = 0.2
_SETTLED_ROUNDS: Final = 3
_ROUND_SECONDS: Final = 0.05
_MARGIN_SECONDS: Final = 1.0


Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"  # no (de)serialisers: bytes both ways


class Check(Protocol):
    """What answers a call; `CheckService` is one."""

    def check(self, request: bytes, metadata: Metadata) -> bytes | Awaitable[bytes]:
        """Raises `CannotTell`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How the server listens. `addresses` are `host:port` (port 0: the system chooses) or `unix:/path`."""

    addresses: Sequence[str]
    tls: TlsFiles | None = None
    reflection: bool = True
    reads_metadata: bool = False
    max_connection_age_seconds: int = 0
    drain_seconds: float = 30.0


class CheckHandler(grpc.GenericRpcHandler):
    """Finds the one method there is, and answers its calls."""

    def __init__(self, check: Check, last_resort: bytes, *, reads_metadata: bool) -> None:
        """`last_resort` is the encoded denial for what must not happen."""
        self.calls = 0
        self.in_flight = 0
        self._check = check.check
        self._last_resort = last_resort
        self._reads_metadata = reads_metadata
        self._handler: Handler = grpc.unary_unary_rpc_method_handler(self._call, None, None)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler | None:
        """The handler of a method; None lets the next one have it."""
        return self._handler if handler_call_details.method == CHECK else None

    async def _call(self, request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        self.calls += 1
        self.in_flight += 1
        try:
            answer = self._check(request, context.invocation_metadata() or () if self._reads_metadata else ())
            if not isinstance(answer, bytes):
                answer = await answer
        except CannotTell:
            pass
        except Exception:  # noqa: BLE001 - the service has its own guard, which counts and logs; this one only refuses
            return self._last_resort
        else:
            return answer or self._last_resort  # an empty CheckResponse is "allowed" to Envoy
        finally:
            self.in_flight -= 1
        return await context.abort(grpc.StatusCode.UNAVAILABLE, "the check cannot be made at the moment")


class GrpcServer:
    """The server from `start` to `drain`. Not ready until told."""

    def __init__(
        self,
        check: Check,
        last_resort: bytes,
        options: ServerOptions,
        on_fault: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self._options = options
        self._on_fault = on_fault
        self._handler = CheckHandler(check, last_resort, reads_metadata=options.reads_metadata)
        self._health = health_aio.HealthServicer()
        self._server: grpc.aio.Server | None = None

    async def start(self) -> tuple[str, ...]:
        """Listen; returns where. Raises `CannotListen`."""
        server = grpc.aio.server(
            handlers=(self._handler,),
            options=channel_options(self._options),
            # No maximum_concurrent_rpcs: what is above it is a gRPC error too.
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        if self._options.reflection:
            names = (_SERVICE, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, server)
        await self.set_ready(False)
        tls = None if self._options.tls is None else credentials(self._options.tls, self._on_fault)
        addresses = tuple(open_port(server, address, tls) for address in self._options.addresses)
        await server.start()
        self._server = server
        return addresses

    async def set_ready(self, ready: bool) -> None:  # noqa: FBT001 - a state, not a switch
        """Tell gRPC health checks."""
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", _SERVICE):
            await self._health.set(name, status)

    async def drain(self) -> bool:
        """Turn NOT_SERVING, take no more calls once they cease, let those in flight finish. Whether all of them did."""
        await self._health.enter_graceful_shutdown()
        server = self._server
        if server is None:
            return True
        deadline = asyncio.get_running_loop().time() + self._options.drain_seconds
        await self._calls_ceased()
        # Its own grace holds for health watchers too, whose streams have no end; so the checks are waited for here.
        stopping = asyncio.ensure_future(server.stop(self._options.drain_seconds + _MARGIN_SECONDS))
        await self._checks_finished(deadline)
        finished = self._handler.in_flight == 0
        await server.stop(None)
        await stopping
        return finished

    async def _calls_ceased(self) -> None:
        """Envoy takes some health checks to notice. What still comes until then is answered, for a while."""
        loop = asyncio.get_running_loop()
        until = loop.time() + min(LINGER_SECONDS, self._options.drain_seconds / 2)
        seen = -1
        while seen != self._handler.calls and loop.time() < until:
            seen = self._handler.calls
            await asyncio.sleep(_QUIET_SECONDS)

    async def _checks_finished(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        settled = 0  # rounds without a check; an answer given has yet to be sent
        while settled < _SETTLED_ROUNDS and loop.time() < deadline:
            settled = settled + 1 if self._handler.in_flight == 0 else 0
            await asyncio.sleep(_ROUND_SECONDS)


def channel_options(options: ServerOptions) -> list[tuple[str, int]]:
    """What gRPC is told. See `grpc_types.h` for the names."""
    age_ms = options.max_connection_age_seconds * 1_000
    aged = [("grpc.max_connection_age_ms", age_ms), ("grpc.max_connection_age_grace_ms", 10_000)] if age_ms else []
    return [
        ("grpc.so_reuseport", 0),  # or a second process would silently get half of the connections
        ("grpc.max_receive_message_length", LARGEST_REQUEST_BYTES),
        # Likewise: Envoy's tracers hand a caller's tracestate on as metadata. gRPC's own limit is 16 KiB.
        ("grpc.max_metadata_size", LARGEST_METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", LARGEST_METADATA_BYTES),
        ("grpc.max_concurrent_streams", CONCURRENT_STREAMS),
        ("grpc.server_handshake_timeout_ms", 10_000),
        # A dead Envoy's connection is noticed within 80 s; a live one may ping as often as every 5 s.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
        *aged,
    ]
