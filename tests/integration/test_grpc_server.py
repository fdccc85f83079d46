"""The gRPC server over real channels: answers, faults, health, reflection, limits, hostile bytes, drain."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import pytest

from authz_server.ext_authz import server as server_module
from authz_server.ext_authz.listeners import CannotListen
from authz_server.ext_authz.server import LARGEST_REQUEST_BYTES, GrpcServer, ServerOptions
from tests.support.grpc_calls import (
    ANSWER,
    LAST_RESORT,
    SERVICE,
    Answer,
    Held,
    ScriptedService,
    call,
    cannot_tell,
    health,
    health_changes,
    serving,
)
from tests.support.processes import script

ANYWHERE = ("127.0.0.1:0",)
OPTIONS = ServerOptions(addresses=ANYWHERE, drain_seconds=60.0)


class Running:
    """A server of this test, with one channel to it."""

    def __init__(self, server: GrpcServer, address: str, service: ScriptedService, channel: grpc.aio.Channel) -> None:
        self.server = server
        self.address = address
        self.service = service
        self.channel = channel


@pytest.fixture(name="running")
async def a_running_server() -> AsyncIterator[Running]:
    """The scripted service behind the real server."""
    service = ScriptedService()
    async with serving(service, OPTIONS) as (server, (address,)), grpc.aio.insecure_channel(address) as channel:
        yield Running(server, address, service, channel)


def grpcurl_command(*arguments: str) -> list[str]:
    """The real grpcurl."""
    return [str(script("grpcurl")), "-plaintext", "-max-time", "10", *arguments]


async def grpcurl(*arguments: str) -> str:
    """What grpcurl prints."""
    command = grpcurl_command(*arguments)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return output.decode()


async def nobody_listens(address: str) -> None:
    """Wait until connections are refused."""
    host, _, port = address.partition(":")
    with contextlib.suppress(ConnectionRefusedError):
        while True:
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            await asyncio.sleep(0.01)


async def test_bytes_go_in_and_bytes_come_out(running: Running) -> None:
    assert await call(running.channel, b"\x0a\x00") == ANSWER
    assert running.service.asked == [(b"\x0a\x00", ())]


async def test_an_answer_that_has_to_be_waited_for_is_waited_for(running: Running) -> None:
    async def later(request: bytes, _metadata: object) -> bytes:
        await asyncio.sleep(0)
        return request

    running.service.answer = later
    assert await call(running.channel, b"abc") == b"abc"


async def test_metadata_is_read_only_where_it_is_wanted() -> None:
    service = ScriptedService()
    options = ServerOptions(addresses=ANYWHERE, reads_metadata=True)
    async with serving(service, options) as (_, (address,)), grpc.aio.insecure_channel(address) as channel:
        await call(channel, b"", **{"x-client-ip": "10.0.0.1"})
    ((_, metadata),) = service.asked
    assert ("x-client-ip", "10.0.0.1") in metadata


async def test_cannot_tell_is_unavailable(running: Running) -> None:
    running.service.answer = cannot_tell
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call(running.channel)
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
    assert failed.value.details() == "the check cannot be made at the moment"


async def _later(answer: Answer, request: bytes) -> bytes:
    await asyncio.sleep(0)
    answered = answer(request, ())
    return answered if isinstance(answered, bytes) else await answered


def _broken(_request: bytes, _metadata: object) -> bytes:
    raise KeyError("hunter2")


@pytest.mark.parametrize(
    "answer",
    [
        _broken,
        lambda request, _: _later(_broken, request),
        lambda _request, _metadata: b"",
        lambda _request, _metadata: None,
        lambda _request, _metadata: 7,
    ],
    ids=["raises", "raises later", "empty", "none", "no bytes"],
)
async def test_whatever_the_service_does_the_answer_is_a_refusal_and_no_grpc_error(
    answer: Answer, running: Running
) -> None:
    running.service.answer = answer
    assert await call(running.channel) == LAST_RESORT


async def test_cannot_tell_after_waiting_is_unavailable_too(running: Running) -> None:
    running.service.answer = lambda request, _: _later(cannot_tell, request)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call(running.channel)
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_another_method_is_unimplemented(running: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call(running.channel, method=f"/{SERVICE}/Chekc")
    assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("name", ["", SERVICE])
async def test_health_follows_readiness(name: str, running: Running) -> None:
    assert await health(running.channel, name) == "NOT_SERVING"
    await running.server.set_ready(True)
    assert await health(running.channel, name) == "SERVING"
    await running.server.set_ready(False)
    assert await health(running.channel, name) == "NOT_SERVING"


async def test_the_health_of_something_else_is_not_found(running: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await health(running.channel, "other")
    assert failed.value.code() is grpc.StatusCode.NOT_FOUND


async def test_grpcurl_lists_describes_and_calls(running: Running) -> None:
    await running.server.set_ready(True)
    listed = await grpcurl(running.address, "list")
    assert listed.split() == [SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"]
    assert f"service Authorization {{\n  rpc Check ( .{SERVICE.rpartition('.')[0]}.CheckRequest )" in await grpcurl(
        running.address, "describe", SERVICE
    )
    assert '"status"' in await grpcurl("-d", "{}", running.address, f"{SERVICE}/Check")
    assert '"SERVING"' in await grpcurl(running.address, "grpc.health.v1.Health/Check")


async def test_reflection_can_be_switched_off() -> None:
    options = ServerOptions(addresses=ANYWHERE, reflection=False)
    async with serving(ScriptedService(), options) as (_, (address,)):
        assert "does not support the reflection API" in await grpcurl(address, "list")


async def test_a_request_above_envoys_largest_headers_is_answered(running: Running) -> None:
    assert await call(running.channel, b"x" * 9_000_000) == ANSWER


async def test_metadata_as_large_as_envoys_largest_headers_is_no_error(running: Running) -> None:
    assert await call(running.channel, tracestate="x" * 8_000_000) == ANSWER


async def test_a_request_above_the_limit_is_an_error_of_its_own_and_the_next_is_answered(running: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call(running.channel, b"x" * (LARGEST_REQUEST_BYTES + 1))
    assert failed.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await call(running.channel) == ANSWER


async def test_hostile_bytes_at_the_port_stop_nothing(running: Running) -> None:
    host, _, port = running.address.partition(":")
    noise = random.Random(7)
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    attacks = (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01" + noise.randbytes(200),
        b"\x00" * 100_000,
        preface + noise.randbytes(5_000),
        preface + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
        preface + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + b"\x00\x00\x05\x01\x04\x00\x00\x00\x01" + b"\xff" * 5,
        *(noise.randbytes(noise.randrange(1, 3_000)) for _ in range(50)),
    )
    for attack in attacks:
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(attack)
        writer.transport.abort() if noise.random() < 0.3 else writer.close()
    assert await call(running.channel) == ANSWER


async def test_many_calls_at_once_on_one_connection_are_all_answered(running: Running) -> None:
    answers = await asyncio.gather(*(call(running.channel, b"%d" % number) for number in range(500)))
    assert set(answers) == {ANSWER}
    assert len(running.service.asked) == 500


async def test_a_call_that_is_given_up_leaves_nothing_behind(running: Running) -> None:
    held = Held()
    running.service.answer = held
    pending = asyncio.ensure_future(call(running.channel))
    await held.begun.wait()
    pending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pending
    running.service.answer = lambda _request, _metadata: ANSWER
    assert await call(running.channel) == ANSWER


async def test_a_second_server_on_the_same_port_is_refused(running: Running) -> None:
    second = GrpcServer(ScriptedService(), LAST_RESORT, ServerOptions(addresses=(running.address,)))
    with pytest.raises(CannotListen, match=f"cannot listen on {running.address}: another process is listening there"):
        await second.start()


async def test_several_addresses_are_served_at_once() -> None:
    options = ServerOptions(addresses=("127.0.0.1:0", "127.0.0.1:0"))
    async with serving(ScriptedService(), options) as (_, addresses):
        assert len(set(addresses)) == 2
        for address in addresses:
            async with grpc.aio.insecure_channel(address) as channel:
                assert await call(channel) == ANSWER


async def test_draining_lets_a_check_in_flight_finish_and_takes_no_new_one(running: Running) -> None:
    held = Held()
    running.service.answer = held
    pending = asyncio.ensure_future(call(running.channel))
    await held.begun.wait()
    draining = asyncio.ensure_future(running.server.drain())
    async with asyncio.timeout(10):
        await nobody_listens(running.address)
    assert not draining.done()
    held.released.set()
    assert await pending == ANSWER
    assert await draining


async def test_calls_that_still_come_while_envoy_has_not_noticed_are_answered(running: Running) -> None:
    draining = asyncio.ensure_future(running.server.drain())
    for _ in range(20):  # 1 s: longer than the quiet that ends the waiting
        assert await call(running.channel) == ANSWER
        await asyncio.sleep(0.05)
    assert not draining.done()
    assert await draining
    await nobody_listens(running.address)


async def test_draining_ends_although_calls_never_cease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "LINGER_SECONDS", 0.5)
    server = GrpcServer(ScriptedService(), LAST_RESORT, OPTIONS)
    (address,) = await server.start()
    async with grpc.aio.insecure_channel(address) as channel:
        draining = asyncio.ensure_future(server.drain())
        while not draining.done():
            with contextlib.suppress(grpc.aio.AioRpcError, TimeoutError):
                await asyncio.wait_for(call(channel), 1)
            await asyncio.sleep(0.01)
    assert await draining


async def test_draining_gives_up_on_what_does_not_finish_in_time() -> None:
    held = Held()
    service = ScriptedService(held)
    server = GrpcServer(service, LAST_RESORT, ServerOptions(addresses=ANYWHERE, drain_seconds=0.2))
    (address,) = await server.start()
    async with grpc.aio.insecure_channel(address) as channel:
        pending = asyncio.ensure_future(call(channel))
        await held.begun.wait()
        assert not await server.drain()
        with pytest.raises(grpc.aio.AioRpcError):
            await pending


async def test_a_health_watcher_is_told_and_does_not_hold_the_drain_up() -> None:
    options = ServerOptions(addresses=ANYWHERE, drain_seconds=3_600)
    server = GrpcServer(ScriptedService(), LAST_RESORT, options)
    (address,) = await server.start()
    await server.set_ready(True)
    async with grpc.aio.insecure_channel(address) as channel:
        states = health_changes(channel, SERVICE)
        assert await anext(states) == "SERVING"
        draining = asyncio.ensure_future(server.drain())
        assert await anext(states) == "NOT_SERVING"
        assert await asyncio.wait_for(draining, 10)


async def test_readiness_does_not_come_back_once_draining() -> None:
    server = GrpcServer(ScriptedService(), LAST_RESORT, OPTIONS)
    await server.start()
    assert await server.drain()
    await server.set_ready(True)
    assert await server.drain()


async def test_a_server_that_never_started_has_nothing_to_drain() -> None:
    assert await GrpcServer(ScriptedService(), LAST_RESORT, OPTIONS).drain()


async def test_a_connection_ends_at_its_age_and_the_next_call_finds_a_new_one() -> None:
    options = ServerOptions(addresses=ANYWHERE, max_connection_age_seconds=1)
    async with serving(ScriptedService(), options) as (_, (address,)), grpc.aio.insecure_channel(address) as channel:
        assert await call(channel) == ANSWER
        states = [channel.get_state()]
        while states[-1] is grpc.ChannelConnectivity.READY:
            await channel.wait_for_state_change(states[-1])
            states.append(channel.get_state())
        assert await call(channel) == ANSWER
