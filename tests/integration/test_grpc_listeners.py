"""Unix sockets and TLS of the gRPC server."""

import datetime as dt
import os
import shutil
import socket
import stat
from pathlib import Path

import grpc
import grpc.aio
import pytest
from cryptography.hazmat.primitives import serialization

from authz_server.ext_authz.listeners import CannotListen, TlsChanges, TlsFiles
from authz_server.ext_authz.server import GrpcServer, ServerOptions
from tests.support.certificates import CertificateAuthority, IssuedCertificate
from tests.support.grpc_calls import ANSWER, LAST_RESORT, ScriptedService, call, serving


def on(*addresses: str, tls: TlsFiles | None = None) -> ServerOptions:
    """Options that listen there."""
    return ServerOptions(addresses=addresses, tls=tls, drain_seconds=1.0)


async def refused(options: ServerOptions) -> str:
    """Why a server with these options does not start."""
    with pytest.raises(CannotListen) as error:
        await GrpcServer(ScriptedService(), LAST_RESORT, options).start()
    return str(error.value)


async def test_a_unix_socket_is_for_owner_and_group_and_goes_with_the_server(tmp_path: Path) -> None:
    path = tmp_path / "check.sock"
    async with serving(ScriptedService(), on(f"unix:{path}")) as (_, addresses):
        assert addresses == (f"unix:{path}",)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        async with grpc.aio.insecure_channel(f"unix:{path}") as channel:
            assert await call(channel) == ANSWER
    assert not path.exists()


async def test_the_mode_of_other_files_is_left_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    os.umask(before)
    async with serving(ScriptedService(), on(f"unix:{tmp_path}/check.sock")):
        now = os.umask(0o022)
        os.umask(now)
    assert now == before


async def test_a_live_socket_is_not_taken_over(tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/check.sock"
    async with serving(ScriptedService(), on(address)):
        assert await refused(on(address)) == f"cannot listen on {address}: another process is listening there"
        async with grpc.aio.insecure_channel(address) as channel:
            assert await call(channel) == ANSWER


async def test_what_a_dead_process_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "check.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with serving(ScriptedService(), on(f"unix:{path}")), grpc.aio.insecure_channel(f"unix:{path}") as channel:
        assert await call(channel) == ANSWER


async def test_a_file_that_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "check.sock"
    path.write_text("precious")
    assert "no socket" in await refused(on(f"unix:{path}"))
    assert path.read_text() == "precious"


async def test_a_socket_that_does_not_answer_is_left_alone(tmp_path: Path) -> None:
    """A datagram socket of that name cannot be connected to as a stream."""
    path = tmp_path / "check.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        assert f"cannot listen on unix:{path}" in await refused(on(f"unix:{path}"))
        assert path.exists()


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "its folder must be there" in await refused(on(f"unix:{tmp_path}/none/check.sock"))


async def test_an_address_of_another_machine_is_told() -> None:
    assert await refused(on("192.0.2.1:0")) == "cannot listen on 192.0.2.1:0: Cannot assign requested address"


async def test_a_name_that_is_nobodys_is_told() -> None:
    assert (await refused(on("nobody.invalid:0"))).startswith("cannot listen on nobody.invalid:0: ")


@pytest.fixture(name="authority", scope="module")
def an_authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    """Issues the server's certificate and Envoy's."""
    return CertificateAuthority("authority", tmp_path_factory.mktemp("authority"))


@pytest.fixture(name="server_certificate", scope="module")
def a_server_certificate(authority: CertificateAuthority) -> IssuedCertificate:
    """For 127.0.0.1."""
    return authority.issue("server", ips=["127.0.0.1"])


@pytest.fixture(name="files")
def tls_files(authority: CertificateAuthority, server_certificate: IssuedCertificate, tmp_path: Path) -> TlsFiles:
    """Copies that a test may change."""
    files = TlsFiles(tmp_path / "tls.pem", tmp_path / "tls.key", tmp_path / "ca.pem")
    put(files, server_certificate, authority)
    return files


def put(files: TlsFiles, certificate: IssuedCertificate, authority: CertificateAuthority) -> None:
    """Write the files anew, as a rotation does."""
    for source, target in (
        (certificate.certificate_path, files.certificate),
        (certificate.key_path, files.key),
        (authority.certificate_path, files.client_ca),
    ):
        assert target is not None
        shutil.copy(source, target.with_suffix(".new"))
        target.with_suffix(".new").rename(target)


async def call_over_tls(
    address: str, authority: CertificateAuthority, client: IssuedCertificate | None = None
) -> bytes:
    """One Check call over TLS, with or without a client certificate, on a connection of its own."""
    credentials = grpc.ssl_channel_credentials(
        authority.certificate_pem,
        *((client.key_pem, client.certificate_pem) if client is not None else ()),
    )
    async with grpc.aio.secure_channel(address, credentials) as channel:
        return await call(channel)


async def test_tls_without_a_client_ca_lets_anybody_connect(authority: CertificateAuthority, files: TlsFiles) -> None:
    tls = TlsFiles(files.certificate, files.key)
    async with serving(ScriptedService(), on("127.0.0.1:0", tls=tls)) as (_, (address,)):
        assert await call_over_tls(address, authority) == ANSWER
        async with grpc.aio.insecure_channel(address) as channel:
            with pytest.raises(grpc.aio.AioRpcError):
                await call(channel)


async def test_with_a_client_ca_only_its_certificates_connect(
    authority: CertificateAuthority, files: TlsFiles, tmp_path: Path
) -> None:
    other = CertificateAuthority("other", tmp_path)
    yesterday = authority.issue("expired", starts_in=-dt.timedelta(days=2), ends_in=-dt.timedelta(days=1))
    async with serving(ScriptedService(), on("127.0.0.1:0", tls=files)) as (_, (address,)):
        assert await call_over_tls(address, authority, authority.issue("envoy")) == ANSWER
        for wrong in (None, other.issue("stranger"), yesterday):
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await call_over_tls(address, authority, wrong)
            assert failed.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_unix_socket_beside_tls_stays_plain(files: TlsFiles, tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/check.sock"
    async with (
        serving(ScriptedService(), on("127.0.0.1:0", address, tls=files)),
        grpc.aio.insecure_channel(address) as channel,
    ):
        assert await call(channel) == ANSWER


async def test_new_tls_files_are_taken_for_the_next_connection(
    authority: CertificateAuthority, files: TlsFiles, tmp_path: Path
) -> None:
    renewed = CertificateAuthority("renewed", tmp_path)
    async with serving(ScriptedService(), on("127.0.0.1:0", tls=files)) as (_, (address,)):
        assert await call_over_tls(address, authority, authority.issue("envoy")) == ANSWER
        put(files, renewed.issue("server2", ips=["127.0.0.1"]), renewed)
        assert await call_over_tls(address, renewed, renewed.issue("envoy2")) == ANSWER
        with pytest.raises(grpc.aio.AioRpcError):
            await call_over_tls(address, authority, authority.issue("envoy"))


async def test_new_tls_files_that_cannot_be_used_leave_the_old_ones_in_use(
    authority: CertificateAuthority, files: TlsFiles
) -> None:
    told: list[str] = []
    server = GrpcServer(ScriptedService(), LAST_RESORT, on("127.0.0.1:0", tls=files), told.append)
    (address,) = await server.start()
    envoy = authority.issue("envoy")
    files.key.write_text("nonsense")
    assert await call_over_tls(address, authority, envoy) == ANSWER
    files.key.unlink()
    assert await call_over_tls(address, authority, envoy) == ANSWER
    await server.drain()
    assert len(told) == 2
    assert all("the ones read before stay in use" in sentence for sentence in told)


def test_only_a_change_is_handed_on(files: TlsFiles, authority: CertificateAuthority) -> None:
    told: list[str] = []
    changes = TlsChanges(files, told.append)
    assert changes() is None
    put(files, authority.issue("again", ips=["127.0.0.1"]), authority)
    assert changes() is not None
    assert changes() is None
    files.certificate.write_text("nonsense")
    assert changes() is None
    assert len(told) == 1


async def test_tls_files_that_cannot_be_used_refuse_the_start(
    authority: CertificateAuthority, server_certificate: IssuedCertificate, files: TlsFiles
) -> None:
    assert str(files.certificate) in await refused(
        on("127.0.0.1:0", tls=TlsFiles(files.certificate, files.certificate))
    )
    another = authority.issue("another")
    assert "mismatch" in (await refused(on("127.0.0.1:0", tls=TlsFiles(files.certificate, another.key_path)))).lower()
    assert "No such file" in await refused(on("127.0.0.1:0", tls=TlsFiles(Path("/none.pem"), files.key)))


async def test_an_encrypted_key_is_refused_rather_than_asked_for(files: TlsFiles) -> None:
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"hunter2"),
        )
    )
    assert "the key is encrypted" in await refused(on("127.0.0.1:0", tls=files))
