"""A client certificate leads to the profile's own authorities, or it does not."""

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from authz_server.authentication import certificate_chain
from authz_server.authentication.certificate_chain import CertificateBundle, check_ca_bundle
from authz_server.authentication.certificates import Leaf, read_leaf
from authz_server.core import limits
from authz_server.core.facts import CertificateForm
from tests.unit.authentication.issued import (
    ANY_PURPOSE,
    CLIENT,
    HOUR,
    SERVER,
    Issued,
    SigningKey,
    a_certificate,
    a_name,
    an_authority,
    key_usage,
)
from tests.unit.authentication.tokens import NOW, a_key, an_rsa_key, private_pem

ROOT = an_authority("Root")
ISSUING = an_authority("Issuing", ROOT, path_length=0)
STRANGE_ROOT = an_authority("Root")


def a_leaf(issued: Issued) -> Leaf:
    leaf = read_leaf(issued.pem, CertificateForm.PEER)
    assert leaf is not None
    return leaf


def admits(bundle: list[Issued], issued: Issued, now: float = NOW) -> bool:
    return CertificateBundle("".join(authority.pem for authority in bundle)).admits(a_leaf(issued), now)


def a_client(issuer: Issued | None = ROOT, **changed: Any) -> Issued:
    return a_certificate(a_name("client"), issuer, **changed)


def purposes(*oids: x509.ObjectIdentifier) -> tuple[x509.ExtensionType, bool]:
    return x509.ExtendedKeyUsage(oids), False


def test_a_leaf_issued_by_the_root_leads_up() -> None:
    assert admits([ROOT], a_client())
    assert admits([STRANGE_ROOT, ROOT], a_client())


def test_a_leaf_without_key_identifiers_and_names_leads_up_as_it_does_in_envoy() -> None:
    """The verifier's own policy would refuse it: it has neither an AuthorityKeyIdentifier nor a SAN."""
    leaf = a_client()
    assert len(leaf.certificate.extensions) == 0
    assert admits([ROOT], leaf)


def test_a_leaf_of_another_authority_of_the_same_name_does_not() -> None:
    assert not admits([STRANGE_ROOT], a_client())
    assert not admits([ROOT], a_client(STRANGE_ROOT))


def test_a_leaf_that_signed_itself_does_not() -> None:
    assert not admits([ROOT], a_client(None))
    assert not admits([ROOT], a_certificate(a_name("Root")))


def test_intermediates_come_from_the_bundle_in_any_order() -> None:
    leaf = a_client(ISSUING)
    assert admits([ROOT, ISSUING], leaf)
    assert admits([ISSUING, ROOT], leaf)
    assert admits([ISSUING, ISSUING, ROOT, ROOT], leaf)
    assert not admits([ROOT], leaf)


def test_an_issuing_authority_on_its_own_is_trusted_and_its_root_is_not() -> None:
    assert admits([ISSUING], a_client(ISSUING))
    assert not admits([ISSUING], a_client(ROOT))


def test_an_intermediate_is_no_anchor_where_its_root_is_there() -> None:
    """An expired root takes its intermediates with it."""
    old_root = an_authority("Old", ends=NOW - 1)
    issuing = an_authority("Issuing", old_root)
    assert not admits([old_root, issuing], a_client(issuing))
    assert admits([issuing], a_client(issuing))


def test_a_path_longer_than_an_authority_allows_is_refused() -> None:
    below = an_authority("Below", ISSUING)
    assert not admits([ROOT, ISSUING, below], a_client(below))


def test_a_chain_has_a_ceiling() -> None:
    path = [an_authority("0")]
    while len(path) < limits.CHAIN_DEPTH:
        path.append(an_authority(str(len(path)), path[-1]))
    assert admits(path, a_client(path[-2]))
    assert not admits(path, a_client(path[-1]))


def test_name_constraints_of_an_authority_hold() -> None:
    constraints = x509.NameConstraints([x509.DNSName("good.example")], None)
    authority = an_authority(extensions=[(constraints, True)])
    assert admits([authority], a_client(authority, dns=["a.good.example"]))
    assert not admits([authority], a_client(authority, dns=["a.evil.example"]))


def test_an_unknown_critical_extension_is_refused() -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert not admits([ROOT], a_client(extensions=[(unknown, True)]))
    assert admits([ROOT], a_client(extensions=[(unknown, False)]))


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ([], True),
        ([purposes(CLIENT)], True),
        ([purposes(SERVER, CLIENT)], True),
        ([purposes(SERVER)], False),
        ([purposes(ANY_PURPOSE)], False),
        ([(key_usage("digital_signature"), True)], True),
        ([(key_usage("key_agreement"), True)], True),
        ([(key_usage("key_encipherment"), True)], False),
        ([(key_usage("key_cert_sign"), False)], False),
        ([(x509.BasicConstraints(ca=False, path_length=None), True)], True),
        ([(x509.BasicConstraints(ca=True, path_length=None), True)], False),
    ],
    ids=[
        *("bare", "client", "server and client", "server", "any", "signs", "agrees", "enciphers", "signs certificates"),
        *("no authority", "an authority"),
    ],
)
def test_a_leaf_is_an_end_entity_for_tls_clients_where_it_says_what_it_is(
    extensions: list[tuple[x509.ExtensionType, bool]], *, expected: bool
) -> None:
    assert admits([ROOT], a_client(extensions=extensions)) is expected


def test_a_leaf_needs_a_strong_key() -> None:
    assert admits([ROOT], a_client(key=an_rsa_key(2048)))
    assert admits([ROOT], a_client(key=ec.generate_private_key(ec.SECP384R1())))
    assert admits([ROOT], a_client(key=ed25519.Ed25519PrivateKey.generate()))
    assert not admits([ROOT], a_client(key=an_rsa_key(1024)))
    assert not admits([ROOT], a_client(key=ec.generate_private_key(ec.SECP256K1())))


@pytest.mark.parametrize(
    "key",
    [an_rsa_key(2048), ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1())],
    ids=range(3),
)
def test_an_authority_may_have_an_rsa_key_or_a_larger_curve(key: SigningKey) -> None:
    authority = an_authority(key=key)
    assert admits([authority], a_client(authority))


def test_a_leaf_whose_key_or_extensions_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(_: x509.Certificate) -> bool:
        raise ValueError

    monkeypatch.setattr(certificate_chain, "_is_for_clients", unreadable)
    assert not admits([ROOT], a_client())


class CountedBundle(CertificateBundle):
    """Counts how often a chain is built."""

    built = 0

    def _leads_up(self, certificate: x509.Certificate, now: float) -> bool:
        self.built += 1
        return super()._leads_up(certificate, now)


def test_a_verdict_is_kept_while_no_authority_begins_or_ends() -> None:
    bundle = CountedBundle(ROOT.pem)
    good, bad = a_leaf(a_client()), a_leaf(a_client(STRANGE_ROOT))
    for now in (NOW, NOW + 0.5, NOW + HOUR - 1, NOW - HOUR):
        assert bundle.admits(good, now)
        assert not bundle.admits(bad, now)
    assert bundle.built == 2


@pytest.mark.parametrize(
    ("authority", "expected"),
    [(an_authority(ends=NOW), True), (an_authority(starts=NOW), False)],
    ids=["ends", "begins"],
)
def test_a_verdict_ends_when_an_authority_begins_or_ends(authority: Issued, *, expected: bool) -> None:
    """A kept "yes" must not outlive the authority, and a kept "no" must not outlive its reason."""
    bundle, leaf = CountedBundle(authority.pem), a_leaf(a_client(authority))
    assert bundle.admits(leaf, NOW - 0.1) is expected
    assert bundle.admits(leaf, NOW - 2) is expected
    assert bundle.built == 1
    assert bundle.admits(leaf, NOW + 1) is not expected
    assert bundle.admits(leaf, NOW + 9) is not expected
    assert bundle.built == 2
    assert bundle.admits(leaf, NOW - 2) is expected
    assert bundle.built == 3


def test_an_authority_is_valid_through_the_second_that_ends_it() -> None:
    authority = an_authority(ends=NOW)
    leaf = a_client(authority)
    assert admits([authority], leaf, NOW)
    assert admits([authority], leaf, NOW + 0.9)
    assert not admits([authority], leaf, NOW + 1)


def test_the_verdicts_kept_have_a_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHAIN_VERDICTS_HELD", 2)
    bundle = CountedBundle(ROOT.pem)
    leaves = [a_leaf(a_client()) for _ in range(3)]
    assert all(bundle.admits(leaf, NOW) for leaf in leaves)
    assert bundle.built == 3
    assert bundle.admits(leaves[2], NOW)
    assert bundle.built == 3
    assert bundle.admits(leaves[0], NOW)
    assert bundle.built == 4


NO_AUTHORITY = (x509.BasicConstraints(ca=False, path_length=None), True)
ROOT_WITHOUT_CONSTRAINTS = a_certificate(a_name("Root"))


@pytest.mark.parametrize(
    ("pem", "problem"),
    [
        ("", "is not a list of certificates in PEM form"),
        ("text", "is not a list of certificates in PEM form"),
        (private_pem(a_key("ES256")), "holds a private key"),
        (ROOT.pem + private_pem(a_key("ES256")), "holds a private key"),
        (ROOT.pem.replace("CERTIFICATE", "X509 CRL"), "is not a list of certificates in PEM form"),
        (ROOT.pem + ROOT.pem.replace("CERTIFICATE", "PUBLIC KEY"), "is not a list of certificates in PEM form"),
        (ROOT.pem + ROOT.pem.replace("MII", "AAA", 1), "has a certificate that cannot be read"),
        (ROOT.pem * (limits.CERTIFICATES_IN_A_BUNDLE + 1), "has more than 100 certificates"),
        (ROOT.pem + a_client().pem, "number 2 is not one of an authority"),
        (ROOT_WITHOUT_CONSTRAINTS.pem, "number 1 is not one of an authority"),
        (a_client(extensions=[NO_AUTHORITY]).pem, "number 1 is not one of an authority"),
        (an_authority(extensions=[(key_usage("crl_sign"), True)]).pem, "number 1 may not sign certificates"),
        (an_authority(extensions=[purposes(SERVER)]).pem, "number 1 may not issue for clients"),
        (an_authority(key=an_rsa_key(1024)).pem, "number 1 needs an RSA key of 2048 bits or more, or an EC key"),
        (an_authority(key=ed25519.Ed25519PrivateKey.generate()).pem, "number 1 needs an RSA key of 2048 bits or more"),
        (an_authority(key=ec.generate_private_key(ec.SECP256K1())).pem, "number 1 needs an RSA key"),
    ],
    ids=[
        *("empty", "text", "private key", "private key too", "another kind", "another kind too", "damaged", "too many"),
        *(
            "a client",
            "no constraints",
            "no authority",
            "may not sign",
            "for servers",
            "RSA 1024",
            "Ed25519",
            "secp256k1",
        ),
    ],
)
def test_a_bundle_that_could_not_be_enforced_is_refused(pem: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        check_ca_bundle(pem)


def test_a_bundle_may_hold_as_many_certificates_as_the_ceiling_says() -> None:
    check_ca_bundle(ROOT.pem * limits.CERTIFICATES_IN_A_BUNDLE)


def test_a_certificate_that_does_not_end_is_refused() -> None:
    with pytest.raises(ValueError, match="has a certificate that"):
        check_ca_bundle(ROOT.pem + ROOT.pem[: len(ROOT.pem) // 2])


@pytest.mark.parametrize(
    "extension", [(key_usage("key_cert_sign"), True), purposes(CLIENT), purposes(ANY_PURPOSE)], ids=range(3)
)
def test_an_authority_may_say_that_it_issues_for_clients(extension: tuple[x509.ExtensionType, bool]) -> None:
    authority = an_authority(extensions=[extension])
    check_ca_bundle(f"# Our root\n{authority.pem}")
    assert admits([authority], a_client(authority))


def test_authorities_that_issue_each_other_have_no_top() -> None:
    one = an_authority("One")
    two = an_authority("Two", one)
    one_by_two = an_authority("One", two, key=one.key)
    with pytest.raises(ValueError, match="has no certificate at the top"):
        check_ca_bundle(two.pem + one_by_two.pem)


def test_a_renewed_root_of_the_same_name_and_key_is_trusted_beside_the_old_one() -> None:
    renewed = an_authority("Root", key=ROOT.key, ends=NOW + 9 * HOUR)
    leaf = a_client(ROOT, ends=NOW + 9 * HOUR)
    assert admits([ROOT, renewed], leaf, NOW + 2 * HOUR)
    assert not admits([ROOT], leaf, NOW + 2 * HOUR)
