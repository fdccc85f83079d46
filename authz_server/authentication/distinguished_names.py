"""Distinguished names, parsed so that two of them compare however they are written (RFC 4514).

Two names are equal where their relative names are, in their order; within one (`CN=a+OU=b`) order means nothing. The
types and values of attributes are compared exactly, case included, whatever their ASN.1 string type.
"""

from __future__ import annotations

import re
from typing import Final

from cryptography import x509

Attribute = tuple[str, str | bytes]
"""An attribute's type as a dotted OID, and its value."""

DistinguishedName = tuple[frozenset[Attribute], ...]
"""The relative names in the order of the certificate, which is the reverse of how they are written."""

_TYPES: Final = {  # RFC 4514 section 3 and RFC 4519, in lower case, with what openssl and Envoy write
    "cn": "2.5.4.3",
    "sn": "2.5.4.4",
    "surname": "2.5.4.4",
    "serialnumber": "2.5.4.5",
    "c": "2.5.4.6",
    "l": "2.5.4.7",
    "st": "2.5.4.8",
    "street": "2.5.4.9",
    "o": "2.5.4.10",
    "ou": "2.5.4.11",
    "title": "2.5.4.12",
    "gn": "2.5.4.42",
    "givenname": "2.5.4.42",
    "dnqualifier": "2.5.4.46",
    "organizationidentifier": "2.5.4.97",
    "uid": "0.9.2342.19200300.100.1.1",
    "dc": "0.9.2342.19200300.100.1.25",
    "emailaddress": "1.2.840.113549.1.9.1",
}
_CHARACTER: Final = r'(?:\\(?:[ "#+,;<=>\\]|[0-9A-Fa-f]{2})|[^ \\"+,;<>\x00])'
_ATTRIBUTE: Final = re.compile(
    rf" *([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+) *= *((?!#){_CHARACTER}(?: *{_CHARACTER})*) *([,+]|\Z)"
)
_ESCAPE: Final = re.compile(rb"\\([0-9A-Fa-f]{2}|.)")


def parse_distinguished_name(text: str) -> DistinguishedName:
    """Read RFC 4514 text such as `CN=Acme CA,O=Acme,C=DE`; spaces after a comma are tolerated.

    Raises ValueError with a sentence that goes on from the field's name.
    """
    names: list[frozenset[Attribute]] = []
    attributes: set[Attribute] = set()
    position, separator = 0, ","
    while separator:
        match = _ATTRIBUTE.match(text, position)
        if match is None:
            raise ValueError(
                "is not a distinguished name such as CN=Acme CA,O=Acme,C=DE (RFC 4514), most specific first"
            )
        attributes.add((_type_of(match[1]), _unescape(match[2])))
        position, separator = match.end(), match[3]
        if separator != "+":
            names.append(frozenset(attributes))
            attributes = set()
    return tuple(reversed(names))


def distinguished_name_of(name: x509.Name) -> DistinguishedName:
    """The name as a certificate holds it."""
    return tuple(frozenset((part.oid.dotted_string, part.value) for part in rdn) for rdn in name.rdns)


def _type_of(written: str) -> str:
    oid = written if written[0].isdigit() else _TYPES.get(written.lower())
    if oid is None:
        raise ValueError(f"has an attribute type that is not known, {written}; write it as its dotted OID")
    return oid


def _unescape(written: str) -> str:
    data = _ESCAPE.sub(
        lambda found: bytes.fromhex(found[1].decode()) if len(found[1]) > 1 else found[1], written.encode()
    )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("has an escaped value that is not UTF-8") from None
