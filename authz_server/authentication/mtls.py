"""Client certificates of the TLS handshake with Envoy."""

from __future__ import annotations

from collections.abc import Sequence

from authz_server.authentication.authenticator import Authenticated
from authz_server.authentication.certificate_rules import Constraint, compiled_constraints
from authz_server.authentication.certificates import read_leaf
from authz_server.core.auth import MtlsAuth
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.errors import ProfileUnusable
from authz_server.core.facts import CheckFacts


class MtlsAuthenticator:
    """Admits who holds a certificate that is valid now and satisfies every kind of constraint of the profile.

    Whether Envoy verified the certificate cannot be seen here: SAN, CN, OU and issuer are the holder's own word unless
    it did, or the profile has a `ca_bundle`.
    """

    __slots__ = ("_constraints",)

    def __init__(self, constraints: Sequence[Constraint]) -> None:
        self._constraints = tuple(constraints)

    def authenticate(self, facts: CheckFacts, now: float) -> Authenticated | DenialReason:
        """Presence, form, dates, constraints. Dates count on every call: Envoy keeps connections that outlive them."""
        text = facts.certificate
        if not text:
            return DenialReason.CERTIFICATE_MISSING
        leaf = read_leaf(text, facts.certificate_form)
        if leaf is None:
            return DenialReason.CERTIFICATE_MALFORMED
        if not leaf.not_before <= now <= leaf.not_after:
            return DenialReason.CERTIFICATE_EXPIRED
        for satisfies in self._constraints:
            if not satisfies(leaf, now):
                return DenialReason.CERTIFICATE_NOT_ALLOWED
        return leaf.authenticated


def mtls_authenticator(auth: MtlsAuth) -> MtlsAuthenticator:
    """The authenticator of an `mtls` profile. Raises `ProfileUnusable`.

    `any_verified` stands in for having no constraint at all; it lifts none.
    """
    try:
        constraints = compiled_constraints(auth)
    except ValueError as problem:
        raise ProfileUnusable(f"a constraint of an mtls profile {problem}") from problem
    if not constraints and not auth.any_verified:
        raise ProfileUnusable("an mtls profile needs a constraint, or any_verified")
    return MtlsAuthenticator(constraints)
