"""Where the gRPC server listens: TCP without sharing, Unix sockets without taking over, TLS that follows its files."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc
import grpc.aio

UNIX: Final = "unix:"
_SOCKET_UMASK: Final = 0o117  # leaves 0660
_CONNECT_SECONDS: Final = 1.0


class CannotListen(Exception):
    """An address that cannot be had, or TLS files that cannot be used. Says which, and what to do."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files. With a client CA, whoever connects must hold a certificate of it."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


def open_port(server: grpc.aio.Server, address: str, credentials: grpc.ServerCredentials | None) -> str:
    """Bind `address` (`host:port` or `unix:/path`), and tell where it is. TLS is for TCP; a socket has its mode.

    Raises `CannotListen`.
    """
    if address.startswith(UNIX):
        return _open_socket(server, address)
    try:
        port = (
            server.add_insecure_port(address) if credentials is None else server.add_secure_port(address, credentials)
        )
    except RuntimeError:
        raise CannotListen(f"cannot listen on {address}: {_why(address)}") from None
    return f"{address.rpartition(':')[0]}:{port}"


def _open_socket(server: grpc.aio.Server, address: str) -> str:
    path = Path(address.removeprefix(UNIX))
    _make_room(path)
    with _umask(_SOCKET_UMASK):
        try:
            server.add_insecure_port(address)
        except RuntimeError:
            raise CannotListen(
                f"cannot listen on {address}: its folder must be there, and this user must be allowed to write to it"
            ) from None
    return address


def _make_room(path: Path) -> None:
    """Remove what a dead process left. gRPC itself would remove a live socket as well, and silently take its calls."""
    try:
        kind = path.stat().st_mode
    except OSError:  # nothing there, or nothing to be seen: the bind tells
        return
    if not stat.S_ISSOCK(kind):
        raise CannotListen(f"cannot listen on {UNIX}{path}: there is a file of that name that is no socket")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(_CONNECT_SECONDS)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise CannotListen(f"cannot listen on {UNIX}{path}: {error.strerror or error}") from None
    raise CannotListen(f"cannot listen on {UNIX}{path}: another process is listening there")


@contextlib.contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def _why(address: str) -> str:
    """What the system says to such a bind, since gRPC keeps it to itself."""
    host, _, port = address.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, where in found:
            with contextlib.closing(socket.socket(family, kind, protocol)) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(where)
                probe.listen()
    except OSError as error:
        return "another process is listening there" if error.errno == errno.EADDRINUSE else str(error.strerror or error)
    return "the system refused it"


def read_tls(files: TlsFiles) -> tuple[bytes, bytes, bytes | None]:
    """Key, certificate chain and client CA, tried out. Raises `CannotListen`."""
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
        if files.client_ca is not None:
            context.load_verify_locations(files.client_ca)
        return (
            files.key.read_bytes(),
            files.certificate.read_bytes(),
            None if files.client_ca is None else files.client_ca.read_bytes(),
        )
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        named = ", ".join(str(path) for path in (files.certificate, files.key, files.client_ca) if path is not None)
        raise CannotListen(f"cannot use the TLS files {named}: {error}") from None


def credentials(files: TlsFiles, on_fault: Callable[[str], None]) -> grpc.ServerCredentials:
    """TLS by these files, read again when they change; `on_fault` hears when the new ones cannot be used.

    Raises `CannotListen` where the first ones cannot.
    """
    changes = TlsChanges(files, on_fault)
    return grpc.dynamic_ssl_server_credentials(
        changes.first,
        changes,  # type: ignore[arg-type] # None is "no change", which the stubs do not know
        require_client_authentication=files.client_ca is not None,
    )


class TlsChanges:
    """Asked by gRPC at each handshake, on a thread of its own, for what is to be used from now on."""

    def __init__(self, files: TlsFiles, on_fault: Callable[[str], None]) -> None:
        """Read the files. Raises `CannotListen`."""
        self._files = files
        self._on_fault = on_fault
        self._seen = _state(files)
        self.first = _configuration(files)

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        """What the files hold, if that has changed; None where it has not, or cannot be used."""
        now = _state(self._files)
        if now == self._seen:
            return None
        self._seen = now
        try:
            return _configuration(self._files)
        except CannotListen as error:
            self._on_fault(f"{error}; the ones read before stay in use")
            return None


def _configuration(files: TlsFiles) -> grpc.ServerCertificateConfiguration:
    key, chain, client_ca = read_tls(files)
    return grpc.ssl_server_certificate_configuration([(key, chain)], root_certificates=client_ca)


def _state(files: TlsFiles) -> tuple[tuple[int, int] | None, ...]:
    return tuple(_state_of(path) for path in (files.certificate, files.key, files.client_ca))


def _state_of(path: Path | None) -> tuple[int, int] | None:
    try:
        return None if path is None else ((found := path.stat()).st_mtime_ns, found.st_ino)
    except OSError:
        return None


def _no_password() -> str:
    raise ValueError("the key is encrypted, and nobody is there to type its password")
