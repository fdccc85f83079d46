"""Does a client certificate lead to a profile's own authorities? (RFC 5280 section 6)

Every certificate that the bundle does not itself lead further up from is trusted: a self-signed root, or an issuing
authority on its own. The rest are intermediates. Paths, dates, constraints and signatures are verified by
`cryptography`, under a policy that takes any client certificate that Envoy takes; what that policy leaves open (uses
of keys, the leaf's key size) is checked here.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from authz_server.authentication.certificates import Leaf
from authz_server.core import limits

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)

_BEGIN: Final = "-----BEGIN "
_BEGIN_CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_UNREADABLE: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion)
_LEAF_POLICY: Final = ExtensionPolicy.permit_all()
_CA_POLICY: Final = _LEAF_POLICY.require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)


class CertificateBundle:
    """A profile's own authorities, and which client certificates were found to lead to them.

    A verdict can change only when a certificate of the bundle begins or ceases to be valid (the leaf's own dates are
    checked on every call, before this), so verdicts are kept until the next such moment.
    """

    __slots__ = ("_intermediates", "_moments", "_policy", "_verdicts", "_window")

    def __init__(self, pem: str) -> None:
        """Raises ValueError as `check_ca_bundle` does."""
        authorities = _parse(pem)
        anchors = [authority for authority in authorities if not _is_issued_within(authority, authorities)]
        if not anchors:
            raise ValueError("has no certificate at the top: each one is issued by another of the bundle")
        self._intermediates = [authority for authority in authorities if authority not in anchors]
        self._policy = (
            PolicyBuilder()
            .store(Store(anchors))
            .max_chain_depth(limits.CHAIN_DEPTH - 2)  # counts neither the leaf nor the anchor
            .extension_policies(ca_policy=_CA_POLICY, ee_policy=_LEAF_POLICY)
        )
        self._moments = _moments_of_change(authorities)
        self._window = (math.inf, -math.inf)
        self._verdicts: dict[str, bool] = {}

    def admits(self, leaf: Leaf, now: float) -> bool:
        """Whether `leaf`, valid at `now` by its own dates, leads to an authority of the bundle."""
        starts_at, ends_at = self._window
        if not starts_at <= now < ends_at:
            self._verdicts.clear()
            self._window = self._window_around(now)
        verdict = self._verdicts.get(leaf.sha256)
        if verdict is None:
            if len(self._verdicts) >= limits.CHAIN_VERDICTS_HELD:
                self._verdicts.clear()
            verdict = self._verdicts[leaf.sha256] = self._leads_up(leaf.certificate, now)
        return verdict

    def _window_around(self, now: float) -> tuple[float, float]:
        starts_at = max((moment for moment in self._moments if moment <= now), default=-math.inf)
        return starts_at, min((moment for moment in self._moments if moment > now), default=math.inf)

    def _leads_up(self, certificate: x509.Certificate, now: float) -> bool:
        verifier = self._policy.time(dt.datetime.fromtimestamp(math.floor(now), dt.UTC)).build_client_verifier()
        try:
            if not _is_for_clients(certificate):
                return False
            verifier.verify(certificate, self._intermediates)
        except (VerificationError, *_UNREADABLE):
            return False
        return True


def check_ca_bundle(pem: str) -> None:
    """Raises ValueError unless `pem` holds certificates of authorities, one at least, all fit to issue for clients."""
    CertificateBundle(pem)


def _parse(pem: str) -> list[x509.Certificate]:
    if "PRIVATE KEY" in pem:
        raise ValueError("holds a private key; give certificates alone, and treat this key as leaked")
    count = pem.count(_BEGIN)
    if count == 0 or count != pem.count(_BEGIN_CERTIFICATE):
        raise ValueError(f"is not a list of certificates in PEM form ({_BEGIN_CERTIFICATE})")
    if count > limits.CERTIFICATES_IN_A_BUNDLE:
        raise ValueError(f"has more than {limits.CERTIFICATES_IN_A_BUNDLE} certificates")
    try:
        authorities = x509.load_pem_x509_certificates(pem.encode())
    except _UNREADABLE:
        raise ValueError("has a certificate that cannot be read") from None
    if len(authorities) != count:
        raise ValueError("has a certificate that does not end")
    for position, authority in enumerate(authorities):
        try:
            _require_authority(authority)
        except _UNREADABLE as problem:
            raise ValueError(f"has a certificate that cannot be used: number {position + 1} {problem}") from None
    return list(dict.fromkeys(authorities))


def _require_authority(certificate: x509.Certificate) -> None:
    """Raises ValueError with what keeps `certificate` from issuing client certificates."""
    constraints = _extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise ValueError("is not one of an authority (its basicConstraints do not say CA)")
    usage = _extension(certificate, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("may not sign certificates (keyCertSign is not among its key usages)")
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    any_purpose = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
    if purposes is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in purposes and any_purpose not in purposes:
        raise ValueError("may not issue for clients (clientAuth is not among its extended key usages)")
    # The verifier knows no other keys of authorities.
    key = certificate.public_key()
    if not (_is_strong_rsa(key) or _is_on_a_usual_curve(key)):
        raise ValueError(f"needs an RSA key of {limits.RSA_BITS} bits or more, or an EC key on P-256, P-384 or P-521")


def _is_for_clients(certificate: x509.Certificate) -> bool:
    """Whether a leaf is an end entity, its key strong enough and meant for TLS clients where it says what it is for."""
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    key = certificate.public_key()
    return (
        (constraints is None or not constraints.ca)
        and (usage is None or usage.digital_signature or usage.key_agreement)
        and (purposes is None or ExtendedKeyUsageOID.CLIENT_AUTH in purposes)
        and (
            _is_strong_rsa(key)
            or _is_on_a_usual_curve(key)
            or isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey)
        )
    )


def _is_strong_rsa(key: object) -> bool:
    return isinstance(key, rsa.RSAPublicKey) and key.key_size >= limits.RSA_BITS


def _is_on_a_usual_curve(key: object) -> bool:
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _is_issued_within(certificate: x509.Certificate, bundle: list[x509.Certificate]) -> bool:
    """Whether another authority of the bundle, of another name, has issued `certificate`."""
    return any(issuer.subject != certificate.subject and _has_issued(issuer, certificate) for issuer in bundle)


def _has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *_UNREADABLE):
        return False
    return True


def _moments_of_change(bundle: list[x509.Certificate]) -> tuple[float, ...]:
    """When the validity of any changes. A certificate is valid through the whole second that ends it."""
    starts = {certificate.not_valid_before_utc.timestamp() for certificate in bundle}
    ends = {certificate.not_valid_after_utc.timestamp() + 1 for certificate in bundle}
    return tuple(sorted(starts | ends))
