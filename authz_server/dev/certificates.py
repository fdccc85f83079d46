"""A certificate authority of the laptop's own, and what it signs."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from authz_server.dev.state import write_private

CLIENT_NAME: Final = "partner.example"  # RFC 2606: resolves nowhere

_VALID_FOR: Final = dt.timedelta(days=3_650)
_CLOCK_SKEW: Final = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where the files are: the authority, Envoy's server certificate, and a caller's client certificate."""

    directory: Path

    @property
    def authority(self) -> Path:
        """The authority's certificate."""
        return self.directory / "ca.pem"

    def certificate(self, name: str) -> Path:
        """The certificate of `server` or `client`."""
        return self.directory / f"{name}.pem"

    def key(self, name: str) -> Path:
        """The private key of `server` or `client`."""
        return self.directory / f"{name}.key"

    def files(self) -> Iterable[Path]:
        """All of them."""
        yield self.authority
        for name in ("server", "client"):
            yield self.certificate(name)
            yield self.key(name)


def make_certificates(directory: Path, now: dt.datetime) -> Certificates:
    """Make an authority and both certificates in `directory`. The authority's own key is not kept."""
    made = Certificates(directory)
    authority = _Authority(now)
    made.authority.write_bytes(_pem(authority.certificate))
    local = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    authority.issue(made, "server", local, ExtendedKeyUsageOID.SERVER_AUTH)
    authority.issue(made, "client", [x509.DNSName(CLIENT_NAME)], ExtendedKeyUsageOID.CLIENT_AUTH)
    return made


class _Authority:
    """Signs for as long as it is in memory."""

    def __init__(self, now: dt.datetime) -> None:
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Laptop CA")])
        self.certificate = (
            _builder(name, name, self._key, now)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def issue(
        self, made: Certificates, name: str, names: Sequence[x509.GeneralName], usage: x509.ObjectIdentifier
    ) -> None:
        """Write the key and the certificate of `name` for the subject alternative names `names`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(names[0].value))])
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            _builder(subject, self.certificate.subject, key, self._now)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(issuer_id, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        made.certificate(name).write_bytes(_pem(certificate))
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(made.key(name), pem)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _VALID_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
