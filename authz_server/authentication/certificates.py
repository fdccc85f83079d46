"""The client's certificate as Envoy passes it on: the leaf alone, proven in a handshake, but perhaps not verified."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from typing import Final
from urllib.parse import unquote

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from authz_server.authentication.authenticator import Authenticated
from authz_server.authentication.distinguished_names import DistinguishedName, distinguished_name_of
from authz_server.core import limits
from authz_server.core.facts import CertificateForm

_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----\s*").fullmatch
# x-forwarded-client-cert: `key=value` or `key="value"`, joined by semicolons. A comma would begin another element.
_XFCC_PAIR: Final = re.compile(r'([A-Za-z]+)=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^",;\\]*))(;|\Z)')
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What the checks need of a client certificate. Dates are seconds since the Unix epoch, both inclusive.

    `sha256` is the fingerprint of the DER in lower-case hex; `dns_names` are in lower case.
    """

    certificate: x509.Certificate
    sha256: str
    not_before: float
    not_after: float
    uris: tuple[str, ...]
    dns_names: frozenset[str]
    common_names: tuple[str | bytes, ...]
    organizational_units: frozenset[str | bytes]
    issuer: DistinguishedName
    authenticated: Authenticated


def read_leaf(text: str, form: CertificateForm) -> Leaf | None:
    """The certificate in `text`, or None where it is malformed. The same text costs one look-up the next time."""
    if len(text) > limits.CERTIFICATE_CHARACTERS:
        return None
    return _read_peer(text) if form is CertificateForm.PEER else _read_xfcc(text)


@lru_cache(maxsize=limits.CERTIFICATES_HELD)
def _read_peer(text: str) -> Leaf | None:
    """URL-encoded PEM of one certificate (`AttributeContext.Peer.certificate`)."""
    try:
        pem = unquote(text, errors="strict")
        if not _PEM(pem):
            return None
        # `cryptography` warns of odd but readable certificates; a caller must not be able to write to our log.
        with warnings.catch_warnings(action="ignore"):
            return _leaf_of(x509.load_pem_x509_certificate(pem.encode("ascii")))
    except _UNREADABLE:
        return None


@lru_cache(maxsize=limits.CERTIFICATES_HELD)
def _read_xfcc(text: str) -> Leaf | None:
    """The one element of an x-forwarded-client-cert header.

    Envoy does not escape what a certificate's URI SANs hold, so that a SAN can look like further fields. Hence `Cert`
    and `Hash` must be there once each and agree, and nothing else is believed.
    """
    found: dict[str, list[str]] = {"cert": [], "hash": []}
    position, separator = 0, ";"
    while separator:
        pair = _XFCC_PAIR.match(text, position)
        if pair is None:
            return None
        found.get(pair[1].lower(), []).append(pair[2] if pair[2] is not None else pair[3])
        position, separator = pair.end(), pair[4]
    if len(found["cert"]) != 1 or len(found["hash"]) != 1:
        return None
    leaf = _read_peer(found["cert"][0])
    claimed = found["hash"][0].lower().encode()
    return leaf if leaf is not None and compare_digest(leaf.sha256.encode(), claimed) else None


def _leaf_of(certificate: x509.Certificate) -> Leaf:
    # Extensions and names are parsed when asked for: all of it is asked for here, so that nothing fails later.
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    uris = tuple(names.get_values_for_type(x509.UniformResourceIdentifier))
    dns_names = names.get_values_for_type(x509.DNSName)
    subject = certificate.subject
    common_names = tuple(name.value for name in subject.get_attributes_for_oid(NameOID.COMMON_NAME))
    units = subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    return Leaf(
        certificate=certificate,
        sha256=certificate.fingerprint(SHA256()).hex(),
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        uris=uris,
        dns_names=frozenset(map(ascii_lower, dns_names)),
        common_names=common_names,
        organizational_units=frozenset(unit.value for unit in units),
        issuer=distinguished_name_of(certificate.issuer),
        authenticated=Authenticated(_subject(uris, dns_names, common_names)),
    )


def ascii_lower(text: str) -> str:
    """`text` with A-Z in lower case, and no other letter: `str.lower` takes the Kelvin sign for a k."""
    return text.encode().lower().decode()


def _subject(uris: tuple[str, ...], dns_names: list[str], common_names: tuple[str | bytes, ...]) -> str | None:
    """Who the certificate speaks for: its first URI, else its first DNS name, else its one CN."""
    if uris:
        return uris[0]
    if dns_names:
        return dns_names[0]
    name = common_names[0] if len(common_names) == 1 else None
    return name if isinstance(name, str) else None
