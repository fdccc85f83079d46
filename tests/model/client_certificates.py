"""Client certificates that are good at the models' time, and what can be wrong with one."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.checks import NOW

_NOW: Final = dt.datetime.fromtimestamp(NOW, dt.UTC)
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as Envoy passes it on, and what its holder is called."""

    text: str
    fingerprint: str
    subject: str | None


@cache
def _authority(name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, name, key, -30 * _DAY, 30 * _DAY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()), key


def authority_pem(name: str) -> str:
    """A certificate authority's own certificate."""
    return _authority(name)[0].public_bytes(Encoding.PEM).decode()


@cache
def issued(
    name: str,
    *,
    uris: tuple[str, ...] = (),
    dns: tuple[str, ...] = (),
    unit: str | None = None,
    start: int = -10,
    end: int = 10,
    authority: str = "clients",
) -> Issued:
    """A leaf with these names, valid from `start` to `end` days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, authority, key, start * _DAY, end * _DAY, unit=unit)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri) for uri in uris]
    names += [x509.DNSName(host) for host in dns]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(_authority(authority)[1], hashes.SHA256())
    pem = certificate.public_bytes(Encoding.PEM).decode()
    return Issued(quote(pem, safe=""), certificate.fingerprint(hashes.SHA256()).hex(), [*uris, *dns, name][0])


GOOD: Final[dict[str, Any]] = {
    "name": "orders",
    "uris": ("spiffe://acme.example/ns/orders",),
    "dns": ("orders.acme.example",),
    "unit": "Sales",
}


def good() -> Issued:
    """What the profiles accept."""
    return issued(**GOOD)


def leaf(defects: frozenset[str]) -> Issued:
    """The good certificate but for its defects."""
    if "absent" in defects:
        return Issued("", "", None)
    found = good()
    if "expired" in defects:
        found = issued(**GOOD, start=-10, end=-1)
    elif "not yet" in defects:
        found = issued(**GOOD, start=1, end=10)
    text = found.text
    if "garbage" in defects:
        text = quote("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", safe="")
    if "truncated" in defects:
        text = text[: len(text) // 2]
    if "two certificates" in defects:
        text += text
    return Issued(text, found.fingerprint, found.subject)


def constraints(kind: str, *, met: bool) -> dict[str, Any]:
    """Settings of an mtls profile that the good certificate, and its expired twins' names, meet or do not."""
    other = issued("other", uris=("spiffe://other.example/x",))
    chosen: dict[str, tuple[list[str], list[str]]] = {
        "fingerprints": (
            [other.fingerprint, ":".join(good().fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()],
            [other.fingerprint],
        ),
        "uris": (
            ["https://other.example/", "spiffe://acme.example/ns/*"],
            ["spiffe://acme.example/ns/orders/*", "spiffe://acme.example/n/*", "spiffe://acme.example/ns/order"],
        ),
        "dns": (["Orders.ACME.example"], ["acme.example", "xorders.acme.example"]),
        "cn": (["billing", "orders"], ["Orders"]),
        "ou": (["Sales"], ["sales", "Sales "[:4]]),
        "issuer": (["CN=other", "CN=clients"], ["CN=Clients", "CN=other"]),
        "bundle": ([authority_pem("others"), authority_pem("clients")], [authority_pem("others")]),
    }
    return {kind: chosen[kind][0 if met else 1]}


KINDS: Final = ("fingerprints", "uris", "dns", "cn", "ou", "issuer", "bundle")


def _builder(
    name: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    start: dt.timedelta,
    end: dt.timedelta,
    *,
    unit: str | None = None,
) -> x509.CertificateBuilder:
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if unit is not None:
        subject.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOW + start)
        .not_valid_after(_NOW + end)
    )
