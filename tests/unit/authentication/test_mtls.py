"""Client certificates: what fails first, and with which code."""

from typing import Any

import pytest

from authz_server.authentication.authenticator import Authenticated
from authz_server.authentication.build import authenticator_for
from authz_server.core.auth import MtlsAuth
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.errors import ProfileUnusable
from authz_server.core.facts import CertificateForm, CheckFacts
from tests.unit.authentication.issued import HOUR, a_certificate, a_name, an_authority, forwarded
from tests.unit.authentication.tokens import NOW

ROOT = an_authority()
CLIENT = a_certificate(a_name("client"), ROOT, uris=["spiffe://example.org/web"])
OTHER = a_certificate(a_name("other"), ROOT)
ADMITTED = Authenticated("spiffe://example.org/web")


def judged(facts: CheckFacts, now: float = NOW, **auth: Any) -> Authenticated | DenialReason:
    return authenticator_for(MtlsAuth(**auth or {"subject_cn": ("client",)})).authenticate(facts, now)


def test_a_certificate_that_satisfies_the_profile_is_admitted_under_its_subject() -> None:
    assert judged(CLIENT.facts) == ADMITTED
    assert judged(forwarded(CLIENT.xfcc)) == ADMITTED


@pytest.mark.parametrize("form", CertificateForm)
@pytest.mark.parametrize("certificate", [None, ""])
def test_no_certificate_is_missing(certificate: str | None, form: CertificateForm) -> None:
    facts = CheckFacts(certificate=certificate, certificate_form=form, authorization="Bearer x")
    assert judged(facts) is DenialReason.CERTIFICATE_MISSING


def test_the_forms_do_not_mix() -> None:
    """A caller's own header must not be read where Envoy's peer certificate is expected, nor the other way round."""
    assert judged(CheckFacts(certificate=CLIENT.xfcc)) is DenialReason.CERTIFICATE_MALFORMED
    assert judged(forwarded(CLIENT.facts.certificate or "")) is DenialReason.CERTIFICATE_MALFORMED


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (-HOUR - 1, DenialReason.CERTIFICATE_EXPIRED),
        (-HOUR, ADMITTED),
        (HOUR, ADMITTED),
        (HOUR + 1, DenialReason.CERTIFICATE_EXPIRED),
    ],
)
@pytest.mark.parametrize(
    "auth", [{"subject_cn": ("client",)}, {"ca_bundle": ROOT.pem}, {"any_verified": True}], ids=["cn", "bundle", "any"]
)
def test_dates_count_on_every_call(auth: dict[str, Any], after: int, expected: object) -> None:
    """Envoy keeps connections and sessions that outlive the certificate."""
    authenticator = authenticator_for(MtlsAuth(**auth))
    assert authenticator.authenticate(CLIENT.facts, NOW) == ADMITTED
    assert authenticator.authenticate(CLIENT.facts, NOW + after) == expected
    assert authenticator.authenticate(CLIENT.facts, NOW) == ADMITTED


def test_dates_come_before_constraints() -> None:
    assert judged(OTHER.facts, NOW + 2 * HOUR) is DenialReason.CERTIFICATE_EXPIRED
    assert judged(OTHER.facts) is DenialReason.CERTIFICATE_NOT_ALLOWED


def test_any_verified_admits_whoever_envoy_let_in_and_lifts_no_constraint() -> None:
    assert judged(OTHER.facts, any_verified=True) == Authenticated("other")
    assert judged(OTHER.facts, any_verified=True, subject_cn=("client",)) is DenialReason.CERTIFICATE_NOT_ALLOWED


def test_a_bundle_refuses_a_certificate_of_the_same_names_by_another_authority() -> None:
    forged = a_certificate(a_name("client"), an_authority(), uris=["spiffe://example.org/web"])
    assert judged(forged.facts) == ADMITTED
    assert judged(forged.facts, subject_cn=("client",), ca_bundle=ROOT.pem) is DenialReason.CERTIFICATE_NOT_ALLOWED


@pytest.mark.parametrize(
    "auth", [MtlsAuth(), MtlsAuth(any_verified=False), MtlsAuth(ca_bundle=""), MtlsAuth(san_dns=("*",))]
)
def test_a_profile_without_a_constraint_that_can_be_enforced_is_unusable(auth: MtlsAuth) -> None:
    with pytest.raises(ProfileUnusable):
        authenticator_for(auth)
