"""Distinguished names, compared parsed."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from authz_server.authentication.distinguished_names import distinguished_name_of, parse_distinguished_name

ACME = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme, Inc."),
        x509.NameAttribute(NameOID.COMMON_NAME, "Acme CA"),
    ]
)
MULTIVALUED = x509.Name(
    [
        x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme")]),
        x509.RelativeDistinguishedName(
            [x509.NameAttribute(NameOID.COMMON_NAME, "a"), x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "b")]
        ),
    ]
)


@pytest.mark.parametrize(
    "text",
    [
        r"CN=Acme CA,O=Acme\, Inc.,C=DE",
        r"CN=Acme CA, O=Acme\, Inc., C=DE",
        r"cn=Acme CA,o=Acme\2c Inc.,c=DE",
        r"CN = Acme\20CA , O=Acme\2C\20Inc. , C=\44\45",
        r"2.5.4.3=Acme CA,2.5.4.10=Acme\, Inc.,2.5.4.6=DE",
    ],
)
def test_spellings_of_one_name_are_equal(text: str) -> None:
    """The country is a PrintableString in the certificate, the others are UTF8Strings: that does not count."""
    assert parse_distinguished_name(text) == distinguished_name_of(ACME)


@pytest.mark.parametrize(
    "text",
    [
        r"C=DE,O=Acme\, Inc.,CN=Acme CA",
        r"CN=Acme CA,O=Acme\, Inc.",
        r"CN=acme ca,O=Acme\, Inc.,C=DE",
        r"CN=Acme  CA,O=Acme\, Inc.,C=DE",
        r"CN=Acme CA+O=Acme\, Inc.,C=DE",
        r"OU=Acme CA,O=Acme\, Inc.,C=DE",
        r"CN=Acme CA\ ,O=Acme\, Inc.,C=DE",
    ],
)
def test_order_case_spaces_and_types_count(text: str) -> None:
    assert parse_distinguished_name(text) != distinguished_name_of(ACME)


@pytest.mark.parametrize(
    ("text", "is_equal"), [("CN=a+OU=b,O=Acme", True), ("OU=b + CN=a,O=Acme", True), ("CN=a,OU=b,O=Acme", False)]
)
def test_within_a_multivalued_rdn_order_means_nothing(text: str, *, is_equal: bool) -> None:
    assert (parse_distinguished_name(text) == distinguished_name_of(MULTIVALUED)) is is_equal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CN=a=b", "a=b"),
        (r"CN=\#a", "#a"),
        ("CN=a#b", "a#b"),
        (r"CN=\ a\ ", " a "),
        (r"CN=a\\", "a\\"),
        (r"CN=\"a\"\+\<\>\;\=", '"a"+<>;='),
        (r"CN=Lu\C4\8Di\C4\87", "Lučić"),
        ("CN=Lučić", "Lučić"),
    ],
)
def test_escapes_are_those_of_rfc_4514(text: str, value: str) -> None:
    assert parse_distinguished_name(text) == (frozenset({("2.5.4.3", value)}),)


@pytest.mark.parametrize(
    "name", ["emailAddress", "serialNumber", "ST", "L", "STREET", "DC", "UID", "OU", "GN", "title"]
)
def test_usual_attribute_types_are_known_by_name(name: str) -> None:
    assert parse_distinguished_name(f"{name}=a")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ",",
        "CN",
        "CN=",
        "=a",
        "CN=a,",
        "CN=a,,O=b",
        "CN=a+",
        "CN=a;O=b",
        "CN=#0c0161",
        'CN="a"',
        "CN=a\\",
        r"CN=a\z",
        "CN=a\x00b",
        "CN=<a>",
        "/CN=a/O=b",
        "1=a",
        ".1=a",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a distinguished name such as CN=Acme CA,O=Acme,C=DE"):
        parse_distinguished_name(text)


def test_an_unknown_attribute_type_is_named() -> None:
    with pytest.raises(ValueError, match="has an attribute type that is not known, XYZ; write it as its dotted OID"):
        parse_distinguished_name("XYZ=a")


def test_an_escaped_value_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(ValueError, match="has an escaped value that is not UTF-8"):
        parse_distinguished_name(r"CN=\e9")


VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
NAMES = st.lists(st.tuples(st.sampled_from([NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME]), VALUES), min_size=1)


@given(NAMES)
def test_what_cryptography_writes_is_read_as_the_same_name(parts: list[tuple[x509.ObjectIdentifier, str]]) -> None:
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
    assert parse_distinguished_name(name.rfc4514_string()) == distinguished_name_of(name)


@given(st.text(st.sampled_from('CNOU=,+\\ "#;<>a2c\x00é'), max_size=30))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    try:
        name = parse_distinguished_name(text)
    except ValueError as refusal:
        sentence = str(refusal)
    else:
        sentence = "is a name" if name else ""
    assert sentence.startswith(("is ", "has "))
