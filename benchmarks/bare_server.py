"""The bare handler: grpc.aio on uvloop with the server's own options, constant bytes, nothing parsed.

`python -m benchmarks.bare_server SOCKET ANSWER`: a Unix socket to listen on, a file with the bytes to answer.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import grpc
import grpc.aio
import uvloop
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

from authz_server.ext_authz.server import CHECK, ServerOptions, channel_options


class _Constant(grpc.GenericRpcHandler):
    def __init__(self, answer: bytes) -> None:
        async def handle(_request: bytes, _context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
            return answer

        self._handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(handle, None, None)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        return self._handler if handler_call_details.method == CHECK else None


async def main(socket: str, answer: bytes) -> None:
    """Serve until SIGTERM."""
    server = grpc.aio.server(handlers=(_Constant(answer),), options=_options())
    health_pb2_grpc.add_HealthServicer_to_server(health_aio.HealthServicer(), server)
    server.add_insecure_port(f"unix:{socket}")
    await server.start()
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()
    await server.stop(None)


def _options() -> list[tuple[str, int]]:
    return channel_options(ServerOptions(addresses=()))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], Path(sys.argv[2]).read_bytes()))
