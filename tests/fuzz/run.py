"""Throw requests at the service, in the process or through a real gRPC server, and judge every answer."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import grpc
import grpc.aio

from authz_server.ext_authz.server import CHECK, GrpcServer, ServerOptions
from authz_server.ext_authz.service import CheckService
from tests.fuzz.requests import Thrown, a_population, a_throw
from tests.model.product import agree, service_for
from tests.support.responses import Response, read_response

_AT_ONCE = 32
_LAST_RESORT = b"\x0a\x02\x08\x0e\x12\x05\x0a\x03\x08\xf7\x03"  # status 14 and denied_response 503


@dataclass(slots=True)
class Tally:
    """What was thrown and what came back."""

    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def judge(self, thrown: Thrown, response: Response) -> None:
        """Count, and keep what is wrong."""
        self.kinds[thrown.kind] += 1
        self.statuses["allowed" if response.is_allowed else str(response.http_status)] += 1
        self.codes[str(response.metadata.get("code"))] += 1
        wrong = ""
        if thrown.verdict is not None:
            wrong = agree(thrown.verdict, response)
        elif response.kind != "denied_response" and not (thrown.may_enter and response.kind == "ok_response"):
            wrong = "let in with another credential"
        if wrong:
            self.wrong.append(f"{thrown.kind}: {wrong}\n  request {thrown.request.hex()}")


def in_process(seed: int, requests: int, tally: Tally) -> None:
    """Straight into `CheckService.check`."""
    service, throws = _throws(seed, requests)
    for thrown in throws:
        encoded = service.check(thrown.request, ())
        if not isinstance(encoded, bytes):
            raise TypeError("profiles at hand need no awaiting")
        tally.judge(thrown, read_response(encoded))


async def through_a_server(seed: int, requests: int, tally: Tally) -> None:
    """Over loopback, some calls at a time."""
    service, throws = _throws(seed, requests)
    server = GrpcServer(service, _LAST_RESORT, ServerOptions(addresses=["127.0.0.1:0"], drain_seconds=1.0))
    (address,) = await server.start()
    try:
        async with grpc.aio.insecure_channel(address, [("grpc.max_send_message_length", -1)]) as channel:
            call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(CHECK)

            async def throw_some() -> None:
                for thrown in throws:
                    tally.judge(thrown, read_response(await call(thrown.request, timeout=30.0)))

            await asyncio.gather(*(throw_some() for _ in range(_AT_ONCE)))
    finally:
        await server.drain()


def _throws(seed: int, requests: int) -> tuple[CheckService, Iterator[Thrown]]:
    choices = random.Random(seed)
    specs = a_population(choices, 250)
    return service_for(specs), (a_throw(choices, specs) for _ in range(requests))
