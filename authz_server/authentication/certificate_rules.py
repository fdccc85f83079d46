"""What a profile may demand of a client certificate, and the certificates that satisfy it.

Each kind is compiled once. The `check_…` functions raise ValueError with a sentence that goes on from the field's
name; what they accept is what is compiled here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from authz_server.authentication.certificate_chain import CertificateBundle
from authz_server.authentication.certificates import Leaf, ascii_lower
from authz_server.authentication.distinguished_names import parse_distinguished_name
from authz_server.core.auth import MtlsAuth

Constraint = Callable[[Leaf, float], bool]
"""Whether a certificate satisfies one kind of constraint at a time in seconds since the Unix epoch."""

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}|(?:[0-9a-f]{2}:){31}[0-9a-f]{2}")
# SPIFFE-ID, section 2: a trust domain in lower case, then segments of which none is empty, `.` or `..`; no `%`.
_SEGMENTS: Final = r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._-]+)*"
_SPIFFE: Final = "spiffe:"
_SPIFFE_ID: Final = re.compile(rf"spiffe://[a-z0-9._-]{{1,255}}{_SEGMENTS}").fullmatch
_SPIFFE_ID_CHARACTERS: Final = 2_048
_PREFIX_MARK: Final = "/*"
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x29\x2b-\x7e]+").fullmatch  # any but `*`
_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DNS_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*").fullmatch
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]").search


def check_fingerprint(text: str) -> None:
    """A SHA-256 of a DER certificate: 64 hex digits, in either case, with or without colons."""
    _fingerprint(text)


def check_san_uri(text: str) -> None:
    """A URI, compared exactly; or a SPIFFE id of which a trailing `/*` leaves the rest open."""
    if text.lower().startswith(_SPIFFE):
        if len(text) > _SPIFFE_ID_CHARACTERS or not _SPIFFE_ID(text.removesuffix(_PREFIX_MARK)):
            raise ValueError(
                "is not a SPIFFE id such as spiffe://example.org/ns/prod/sa/web or spiffe://example.org/ns/*"
            )
    elif text.endswith(_PREFIX_MARK):
        raise ValueError("ends in /*, which only a SPIFFE id may; other URIs are compared exactly")
    elif not _URI(text):
        raise ValueError("is not a URI such as https://example.org/client; wildcards are not accepted")


def check_san_dns(text: str) -> None:
    """A host name, compared without case."""
    if not _DNS_NAME(text):
        raise ValueError("is not a host name such as client.example.org; wildcards are not accepted")


def check_common_name(text: str) -> None:
    """The certificate's only CN, compared exactly."""
    _check_name(text)


def check_organizational_unit(text: str) -> None:
    """One of the certificate's OUs, compared exactly."""
    _check_name(text)


def check_issuer_dn(text: str) -> None:
    """The issuer's distinguished name (RFC 4514), compared parsed."""
    parse_distinguished_name(text)


def compiled_constraints(auth: MtlsAuth) -> tuple[Constraint, ...]:
    """The constraints that must all hold, the cheapest first. Raises ValueError as the `check_…` functions do."""
    kinds: tuple[tuple[Callable[[Sequence[str]], Constraint], Sequence[str]], ...] = (
        (_fingerprints, auth.fingerprints_sha256),
        (_SanUris, auth.san_uris),
        (_san_dns, auth.san_dns),
        (_subject_cn, auth.subject_cn),
        (_subject_ou, auth.subject_ou),
        (_issuer_dn, auth.issuer_dn),
    )
    constraints = [compile_kind(entries) for compile_kind, entries in kinds if entries]
    if auth.ca_bundle is not None:
        constraints.append(CertificateBundle(auth.ca_bundle).admits)
    return tuple(constraints)


class _SanUris:
    """Exact URIs and SPIFFE ids. A SPIFFE rule needs exactly one URI in the certificate (X509-SVID, section 2)."""

    __slots__ = ("_exact", "_prefixes", "_spiffe_ids")

    def __init__(self, entries: Sequence[str]) -> None:
        for entry in entries:
            check_san_uri(entry)
        spiffe = {entry for entry in entries if entry.startswith(_SPIFFE)}
        prefixes = {entry for entry in spiffe if entry.endswith(_PREFIX_MARK)}
        self._exact = frozenset(entries).difference(spiffe)
        self._spiffe_ids = frozenset(spiffe - prefixes)
        self._prefixes = tuple(entry.removesuffix("*") for entry in sorted(prefixes))

    def __call__(self, leaf: Leaf, now: float) -> bool:  # noqa: ARG002 - a Constraint's arguments
        uris = leaf.uris
        if not self._exact.isdisjoint(uris):
            return True
        if len(uris) != 1:
            return False
        uri = uris[0]
        return uri in self._spiffe_ids or (uri.startswith(self._prefixes) and _SPIFFE_ID(uri) is not None)


def _fingerprints(entries: Sequence[str]) -> Constraint:
    allowed = frozenset(map(_fingerprint, entries))
    return lambda leaf, _: leaf.sha256 in allowed


def _san_dns(entries: Sequence[str]) -> Constraint:
    for entry in entries:
        check_san_dns(entry)
    allowed = frozenset(map(ascii_lower, entries))
    return lambda leaf, _: not allowed.isdisjoint(leaf.dns_names)


def _subject_cn(entries: Sequence[str]) -> Constraint:
    for entry in entries:
        check_common_name(entry)
    allowed = frozenset(entries)
    # Of several CNs nobody could say which one counts.
    return lambda leaf, _: len(leaf.common_names) == 1 and leaf.common_names[0] in allowed


def _subject_ou(entries: Sequence[str]) -> Constraint:
    for entry in entries:
        check_organizational_unit(entry)
    allowed = frozenset(entries)
    return lambda leaf, _: not allowed.isdisjoint(leaf.organizational_units)


def _issuer_dn(entries: Sequence[str]) -> Constraint:
    allowed = frozenset(map(parse_distinguished_name, entries))
    return lambda leaf, _: leaf.issuer in allowed


def _fingerprint(text: str) -> str:
    lowered = text.lower()
    if not _FINGERPRINT.fullmatch(lowered):
        raise ValueError("is not a SHA-256 fingerprint: 64 hex digits, with or without colons")
    return lowered.replace(":", "")


def _check_name(text: str) -> None:
    if not text.strip() or text != text.strip():
        raise ValueError("is empty, or begins or ends with white space; it is compared exactly")
    if _CONTROL(text):
        raise ValueError("has a control character")
