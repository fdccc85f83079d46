"""Certificates for these tests, with whatever a test wants in them, valid around NOW."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from authz_server.core.facts import CertificateForm, CheckFacts
from tests.unit.authentication.tokens import NOW

HOUR: Final = 3600
CLIENT: Final = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER: Final = ExtendedKeyUsageOID.SERVER_AUTH
ANY_PURPOSE: Final = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_KEY_USES: Final = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and the key it is about."""

    certificate: x509.Certificate
    key: SigningKey

    @property
    def pem(self) -> str:
        """As text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER, lower-case hex."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def facts(self) -> CheckFacts:
        """A call whose peer has shown this certificate."""
        return CheckFacts(certificate=quote(self.pem, safe=""))

    @property
    def xfcc(self) -> str:
        """The element that Envoy writes about it."""
        return f'Hash={self.fingerprint};Cert="{quote(self.pem, safe="")}"'


def forwarded(header: str) -> CheckFacts:
    """A call with this x-forwarded-client-cert header."""
    return CheckFacts(certificate=header, certificate_form=CertificateForm.XFCC)


def a_name(common_name: str | None = "client", **parts: str | Sequence[str]) -> x509.Name:
    """A name of one RDN for each part, and the CN last; `ou` and `cn` may hold several."""
    oids = {"o": NameOID.ORGANIZATION_NAME, "c": NameOID.COUNTRY_NAME, "ou": NameOID.ORGANIZATIONAL_UNIT_NAME}
    attributes = [
        x509.NameAttribute(oids[part], value)
        for part, values in parts.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    if common_name is not None:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def key_usage(*uses: str) -> x509.KeyUsage:
    """Nothing but `uses`."""
    return x509.KeyUsage(**{use: use in uses for use in _KEY_USES})


def a_certificate(
    subject: x509.Name | None = None,
    issuer: Issued | None = None,
    *,
    key: SigningKey | None = None,
    starts: int = NOW - HOUR,
    ends: int = NOW + HOUR,
    uris: Sequence[str] = (),
    dns: Sequence[str] = (),
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> Issued:
    """A certificate, self-signed unless an issuer is given."""
    subject = subject or a_name()
    key = key or ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri) for uri in uris]
    names += [x509.DNSName(name) for name in dns]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime.fromtimestamp(starts, dt.UTC))
        .not_valid_after(dt.datetime.fromtimestamp(ends, dt.UTC))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    signer = issuer.key if issuer else key
    is_ed25519 = isinstance(signer, ed25519.Ed25519PrivateKey)
    return Issued(builder.sign(signer, None if is_ed25519 else hashes.SHA256()), key)


def an_authority(
    common_name: str = "Root", issuer: Issued | None = None, *, path_length: int | None = None, **changed: Any
) -> Issued:
    """A certificate that may issue others, a root unless an issuer is given."""
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    extensions = [(constraints, True), *changed.pop("extensions", ())]
    return a_certificate(a_name(common_name), issuer, extensions=extensions, **changed)
