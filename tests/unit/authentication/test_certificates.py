"""The client's certificate as Envoy passes it on."""

from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from authz_server.authentication.certificates import read_leaf
from authz_server.core import limits
from authz_server.core.facts import CertificateForm
from tests.unit.authentication.issued import HOUR, a_certificate, a_name
from tests.unit.authentication.tokens import NOW, a_key, private_pem, public_pem

PEER, XFCC = CertificateForm.PEER, CertificateForm.XFCC
LEAF = a_certificate(
    a_name("client", o="Acme", ou=["Sales", "Support"]),
    uris=["spiffe://example.org/web", "https://example.org/web"],
    dns=["Web.Example.org", "web"],
)
OTHER = a_certificate()


def encoded(pem: str) -> str:
    return quote(pem, safe="")


def test_what_the_checks_need_is_read_from_the_leaf() -> None:
    leaf = read_leaf(encoded(LEAF.pem), PEER)
    assert leaf is not None
    assert leaf.sha256 == LEAF.fingerprint
    assert (leaf.not_before, leaf.not_after) == (NOW - HOUR, NOW + HOUR)
    assert leaf.uris == ("spiffe://example.org/web", "https://example.org/web")
    assert leaf.dns_names == {"web.example.org", "web"}
    assert leaf.common_names == ("client",)
    assert leaf.organizational_units == {"Sales", "Support"}


@pytest.mark.parametrize("pem", [LEAF.pem, LEAF.pem.replace("\n", "\r\n"), LEAF.pem.rstrip(), LEAF.pem + "\n"])
def test_pem_may_end_its_lines_either_way_and_be_url_encoded_or_not(pem: str) -> None:
    for text in (pem, encoded(pem), quote(pem)):
        leaf = read_leaf(text, PEER)
        assert leaf is not None
        assert leaf.sha256 == LEAF.fingerprint


@pytest.mark.parametrize(
    "pem",
    [
        "nonsense",
        " ",
        LEAF.pem * 2,
        LEAF.pem + OTHER.pem,
        "x" + LEAF.pem,
        LEAF.pem + "x",
        LEAF.pem[: len(LEAF.pem) // 2],
        LEAF.pem.replace("MII", "AAA", 1),
        LEAF.pem.replace("-----BEGIN CERTIFICATE-----\n", ""),
        LEAF.pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n",
        "\xff" + LEAF.pem,
        private_pem(a_key("ES256")),
        public_pem(a_key("ES256")),
    ],
    ids=range(16),
)
def test_anything_but_one_certificate_is_malformed(pem: str) -> None:
    assert read_leaf(encoded(pem), PEER) is None
    assert read_leaf(pem, PEER) is None


@pytest.mark.parametrize("ending", ["%", "%2", "%zz", "%ff", "%00", "%C3%A4"])
def test_a_wrong_url_encoding_is_malformed(ending: str) -> None:
    assert read_leaf(encoded(LEAF.pem) + ending, PEER) is None


def test_a_text_over_the_ceiling_is_malformed() -> None:
    padding = "\n" * (limits.CERTIFICATE_CHARACTERS - len(LEAF.pem))
    assert read_leaf(LEAF.pem + padding, PEER) is not None
    assert read_leaf(LEAF.pem + padding + "\n", PEER) is None


@pytest.mark.parametrize(
    "extension",
    [
        x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x03\x82\x01"),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x03\x86\x01\xff"),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x03\xa9\x01\x00"),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.19"), b"nonsense"),
    ],
    ids=["cut off", "not ASCII", "unknown kind of name", "no DER"],
)
def test_an_extension_that_cannot_be_read_is_malformed_now_and_fails_nowhere_later(
    extension: x509.UnrecognizedExtension,
) -> None:
    assert read_leaf(a_certificate(extensions=[(extension, False)]).pem, PEER) is None


@pytest.mark.parametrize(
    ("uris", "dns", "common_name", "subject"),
    [
        (["spiffe://a/b", "https://c"], ["d"], "e", "spiffe://a/b"),
        ([], ["D.example", "f"], "e", "D.example"),
        ([], [], "e", "e"),
        ([], [], None, None),
    ],
)
def test_the_subject_is_the_first_uri_else_the_first_dns_name_else_the_cn(
    uris: list[str], dns: list[str], common_name: str | None, subject: str | None
) -> None:
    leaf = read_leaf(a_certificate(a_name(common_name, o="Acme"), uris=uris, dns=dns).pem, PEER)
    assert leaf is not None
    assert leaf.authenticated.subject == subject


def test_two_common_names_name_nobody() -> None:
    names = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in ("a", "b")])
    leaf = read_leaf(a_certificate(names).pem, PEER)
    assert leaf is not None
    assert leaf.common_names == ("a", "b")
    assert leaf.authenticated.subject is None


def test_a_name_longer_than_x_520_allows_is_read_without_a_warning() -> None:
    with pytest.warns(UserWarning, match="length"):
        names = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ä" * 200, _validate=False)])
    leaf = read_leaf(a_certificate(names).pem, PEER)
    assert leaf is not None
    assert leaf.common_names == ("ä" * 200,)


def test_the_same_text_is_parsed_once() -> None:
    assert read_leaf(LEAF.pem, PEER) is read_leaf(str(LEAF.pem), PEER)


@pytest.mark.parametrize(
    "header",
    [
        LEAF.xfcc,
        f"By=spiffe://server;{LEAF.xfcc}",
        f'{LEAF.xfcc};Subject="CN=client,O=\\"Acme\\", Inc";URI=spiffe://example.org/web;DNS=a;DNS=b',
        LEAF.xfcc.replace('"', ""),
        LEAF.xfcc.replace("Hash", "hash").replace("Cert", "CERT"),
        LEAF.xfcc.replace(LEAF.fingerprint, LEAF.fingerprint.upper()),
        f"{LEAF.xfcc};URI=",
    ],
    ids=range(7),
)
def test_the_certificate_of_one_forwarded_element_is_read(header: str) -> None:
    leaf = read_leaf(header, XFCC)
    assert leaf is not None
    assert leaf.sha256 == LEAF.fingerprint


CERT = f'Cert="{encoded(LEAF.pem)}"'
OTHER_CERT = f'Cert="{encoded(OTHER.pem)}"'
HASH, OTHER_HASH = f"Hash={LEAF.fingerprint}", f"Hash={OTHER.fingerprint}"


@pytest.mark.parametrize(
    "header",
    [
        "nonsense",
        ";",
        "=",
        HASH,
        CERT,
        f"{HASH};URI=spiffe://example.org/web",
        f"{LEAF.xfcc},{LEAF.xfcc}",
        f"{LEAF.xfcc},{OTHER.xfcc}",
        f"{LEAF.xfcc},",
        f"{LEAF.xfcc};",
        f";{LEAF.xfcc}",
        f"{LEAF.xfcc} ",
        f"{HASH};{OTHER_CERT}",
        f"{OTHER_HASH};{CERT}",
        f"Hash=;{CERT}",
        f"Hash={LEAF.fingerprint[:-1]};{CERT}",
        f"Hash=ä;{CERT}",
        f"{HASH};{HASH};{CERT}",
        f"{HASH};{CERT};{CERT}",
        f'{HASH};Cert="nonsense"',
        f"{HASH};Cert",
        f'{HASH};{CERT};Subject="CN=a',
        f"{HASH};{CERT};URI=a\\",
    ],
    ids=range(23),
)
def test_any_other_forwarded_header_is_malformed(header: str) -> None:
    assert read_leaf(header, XFCC) is None


@pytest.mark.parametrize(
    "uri",
    [
        f"x;{OTHER_HASH};{OTHER_CERT}",
        f"x;{OTHER_CERT}",
        f"x;{OTHER_HASH}",
        f"x,{OTHER_HASH};{OTHER_CERT}",
        f'x";{OTHER_HASH};{OTHER_CERT}',
        f'x;Subject="{HASH};{CERT}',
    ],
    ids=range(6),
)
@pytest.mark.parametrize("shown", [f"{HASH};{CERT}", HASH, CERT], ids=["hash and cert", "hash", "cert"])
def test_a_uri_san_that_looks_like_further_fields_forges_nothing(shown: str, uri: str) -> None:
    """Envoy does not escape it: whoever gets such a certificate must not become somebody else."""
    leaf = read_leaf(f"{shown};URI={uri}", XFCC)
    assert leaf is None


@given(st.text(max_size=80))
def test_no_text_makes_the_readers_fail(text: str) -> None:
    assert read_leaf(text, PEER) is None
    assert read_leaf(text, XFCC) is None
    assert read_leaf(f"{LEAF.xfcc}{text}", XFCC) is None or text == "" or text.startswith(";")
