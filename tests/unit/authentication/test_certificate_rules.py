"""What a profile may demand of a certificate."""

from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from authz_server.authentication.certificate_rules import (
    check_common_name,
    check_fingerprint,
    check_issuer_dn,
    check_organizational_unit,
    check_san_dns,
    check_san_uri,
    compiled_constraints,
)
from authz_server.authentication.certificates import read_leaf
from authz_server.core.auth import MtlsAuth
from authz_server.core.facts import CertificateForm
from tests.unit.authentication.issued import Issued, a_certificate, a_name, an_authority
from tests.unit.authentication.tokens import NOW

CLIENT = a_certificate()


def satisfies(issued: Issued, **auth: Any) -> bool:
    leaf = read_leaf(issued.pem, CertificateForm.PEER)
    assert leaf is not None
    return all(constraint(leaf, NOW) for constraint in compiled_constraints(MtlsAuth(**auth)))


def with_uris(*uris: str) -> Issued:
    return a_certificate(uris=uris)


COLONS = ":".join(CLIENT.fingerprint[at : at + 2] for at in range(0, 64, 2))


@pytest.mark.parametrize(
    "write", [str, str.upper, lambda _: COLONS, lambda _: COLONS.upper()], ids=["plain", "upper", "colons", "both"]
)
def test_fingerprints_ignore_case_and_colons(write: Any) -> None:
    assert satisfies(CLIENT, fingerprints_sha256=("0" * 64, write(CLIENT.fingerprint)))
    assert not satisfies(a_certificate(), fingerprints_sha256=(write(CLIENT.fingerprint),))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 63,
        "0" * 65,
        "g" * 64,
        "0" * 40,
        COLONS[:-1],
        COLONS.replace(":", "::", 1),
        f"{COLONS}:",
        "\uff10" * 64,
    ],
    ids=range(9),
)
def test_a_fingerprint_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a SHA-256 fingerprint"):
        check_fingerprint(text)


@pytest.mark.parametrize(
    ("rule", "uri", "expected"),
    [
        ("spiffe://a.example/web", "spiffe://a.example/web", True),
        ("spiffe://a.example/web", "spiffe://a.example/web/", False),
        ("spiffe://a.example/web", "spiffe://a.example/Web", False),
        ("spiffe://a.example/web", "spiffe://a.example/web2", False),
        ("spiffe://a.example/web", "SPIFFE://a.example/web", False),
        ("spiffe://a.example", "spiffe://a.example", True),
        ("https://a.example/web", "https://a.example/web", True),
        ("https://a.example/web", "https://A.example/web", False),
        ("urn:uuid:1", "urn:uuid:1", True),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/prod", True),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/prod/sa/web", True),
        ("spiffe://a.example/*", "spiffe://a.example/x", True),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/nsx/prod", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/*", False),
        ("spiffe://a.example/*", "spiffe://a.example.evil/x", False),
        ("spiffe://a.example/*", "spiffe://A.example/x", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/%2e%2e/x", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/a%2fb", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/../x", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/./x", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/x/..", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/x/.", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/...", True),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/.x", True),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns//x", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/x/", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/x?y", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/x#y", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/x\n", False),
        ("spiffe://a.example/ns/*", "spiffe://a.example/ns/x\x00", False),
    ],
    ids=range(32),
)
def test_a_uri_is_matched_exactly_or_by_a_spiffe_prefix_that_ends_at_a_slash(
    rule: str, uri: str, *, expected: bool
) -> None:
    assert satisfies(with_uris(uri), san_uris=("https://other.example", rule)) is expected


def test_a_spiffe_rule_needs_exactly_one_uri_and_another_does_not() -> None:
    two = with_uris("spiffe://a.example/web", "https://a.example")
    assert not satisfies(two, san_uris=("spiffe://a.example/web",))
    assert not satisfies(two, san_uris=("spiffe://a.example/*",))
    assert not satisfies(
        with_uris("spiffe://a.example/web", "spiffe://a.example/web"), san_uris=("spiffe://a.example/*",)
    )
    assert satisfies(two, san_uris=("https://a.example",))
    assert satisfies(two, san_uris=("spiffe://a.example/web", "https://a.example"))


def test_a_certificate_without_uris_satisfies_no_uri_rule() -> None:
    assert not satisfies(CLIENT, san_uris=("spiffe://a.example/*", "https://a.example"))


@pytest.mark.parametrize(
    "text",
    [
        *("", "spiffe://", "spiffe:///a", "spiffe://A.example/a", "SPIFFE://a.example/a", "spiffe://a.example/a/"),
        *("spiffe://a.example//a", "spiffe://a.example/../a", "spiffe://a.example/%61", "spiffe://a.example/a*"),
        *("spiffe://a.example/*/a", "spiffe://*/a", "spiffe://a.example/**", "spiffe://a.example:1/a", "spiffe:a"),
        "spiffe://a.example/" + "a" * 2048,
        *(
            "https://a.example/*",
            "https://*.example/a",
            "a.example",
            "/a",
            "https:",
            "https://a b",
            "https://ä.example",
        ),
    ],
    ids=range(23),
)
def test_a_uri_rule_that_could_match_more_or_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(is not a|ends in /\*)"):
        check_san_uri(text)


def test_a_spiffe_id_has_at_most_2048_characters() -> None:
    longest = "spiffe://a.example/" + "a" * 2029
    assert len(longest) == 2048
    check_san_uri(longest)
    with pytest.raises(ValueError, match="is not a SPIFFE id"):
        check_san_uri(longest + "a")


@given(st.text(st.sampled_from("ab./%*:-\x00"), max_size=20))
def test_a_prefix_matches_whole_plain_segments_only(rest: str) -> None:
    uri = f"spiffe://a.example/ns/{rest}"
    segments = rest.split("/")
    plain = all(segment not in ("", ".", "..") and set(segment) <= set("ab.-") for segment in segments)
    assert satisfies(with_uris(uri), san_uris=("spiffe://a.example/ns/*",)) is plain


@pytest.mark.parametrize(
    ("rule", "name", "expected"),
    [
        ("a.example", "a.example", True),
        ("A.Example", "a.eXAMPLE", True),
        ("a.example", "b.a.example", False),
        ("a.example", "a.example.", False),
        ("a.example", "*.example", False),
        ("a.example", "a.example\x00.evil", False),
        ("localhost", "localhost", True),
    ],
    ids=range(7),
)
def test_dns_names_compare_without_case_and_without_wildcards(rule: str, name: str, *, expected: bool) -> None:
    assert satisfies(a_certificate(dns=["other", name]), san_dns=("x.example", rule)) is expected
    assert not satisfies(CLIENT, san_dns=(rule,))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "*.example",
        "*",
        "-a.b",
        "a-.b",
        "a b",
        "ä.example",
        "a" * 64,
        "a." * 127 + "ab",
        "a/b",
        "a:1",
        "\u212a.example",
    ],
    ids=range(16),
)
def test_a_dns_rule_is_a_plain_host_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a host name such as .*; wildcards are not accepted"):
        check_san_dns(text)


def named(*attributes: tuple[x509.ObjectIdentifier, str]) -> Issued:
    return a_certificate(x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes]))


CN, OU = NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME


def test_a_cn_rule_needs_exactly_one_cn() -> None:
    assert satisfies(named((CN, "a")), subject_cn=("b", "a"))
    assert not satisfies(named((CN, "A")), subject_cn=("a",))
    assert not satisfies(named((CN, "a"), (CN, "b")), subject_cn=("a", "b"))
    assert not satisfies(named((CN, "a"), (CN, "a")), subject_cn=("a",))
    assert not satisfies(named((OU, "a")), subject_cn=("a",))


def test_an_ou_rule_needs_one_of_the_ous() -> None:
    assert satisfies(named((OU, "b"), (OU, "a"), (CN, "c")), subject_ou=("x", "a"))
    assert not satisfies(named((OU, "A"), (CN, "a")), subject_ou=("a",))


@pytest.mark.parametrize("check", [check_common_name, check_organizational_unit])
def test_an_empty_or_odd_name_is_refused(check: Any) -> None:
    check("Acme: Sales, \u00e4")
    for text in ("", " ", " a", "a ", "\t"):
        with pytest.raises(ValueError, match="is empty, or begins or ends with white space"):
            check(text)
    for text in ("a\x00b", "a\nb", "a\x85b"):
        with pytest.raises(ValueError, match="has a control character"):
            check(text)


def test_the_issuer_is_compared_parsed() -> None:
    authority = a_certificate(a_name("Acme CA", c="DE", o="Acme, Inc."))
    leaf = a_certificate(issuer=authority)
    assert satisfies(leaf, issuer_dn=("CN=x", r"cn=Acme CA, O=Acme\2C Inc., C=DE"))
    assert not satisfies(leaf, issuer_dn=(r"C=DE,O=Acme\, Inc.,CN=Acme CA",))
    assert not satisfies(leaf, issuer_dn=("CN=Acme CA",))
    check_issuer_dn("CN=Acme CA")
    with pytest.raises(ValueError, match="is not a distinguished name"):
        check_issuer_dn("")


def test_kinds_combine_with_and_and_entries_with_or() -> None:
    authority = an_authority()
    good = a_certificate(a_name("a", ou="o"), authority, uris=["urn:a:b"], dns=["d"])
    rules: dict[str, Any] = {
        "fingerprints_sha256": (good.fingerprint, "0" * 64),
        "san_uris": ("urn:a:b", "urn:x:y"),
        "san_dns": ("d", "x"),
        "subject_cn": ("a", "x"),
        "subject_ou": ("o", "x"),
        "issuer_dn": ("CN=Root", "CN=x"),
        "ca_bundle": authority.pem,
    }
    wrong: dict[str, Any] = {
        "fingerprints_sha256": ("0" * 64,),
        "san_uris": ("urn:x:y",),
        "san_dns": ("x",),
        "subject_cn": ("x",),
        "subject_ou": ("x",),
        "issuer_dn": ("CN=x",),
        "ca_bundle": an_authority().pem,
    }
    assert satisfies(good, **rules)
    for kind, entries in wrong.items():
        assert satisfies(good, **{kind: rules[kind]})
        assert not satisfies(good, **rules | {kind: entries})


@pytest.mark.parametrize(
    "auth",
    [
        {"fingerprints_sha256": ("x",)},
        {"san_uris": ("x",)},
        {"san_dns": ("*",)},
        {"subject_cn": ("",)},
        {"subject_ou": ("",)},
        {"issuer_dn": ("x",)},
        {"ca_bundle": ""},
    ],
    ids=str,
)
def test_what_is_checked_is_what_is_compiled(auth: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^(is|holds|has) "):
        compiled_constraints(MtlsAuth(**auth))
