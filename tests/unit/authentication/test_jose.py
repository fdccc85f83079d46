"""The compact form, base64url and JSON, read strictly."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.authentication.jose import Compact, decode_base64url, parse_compact, parse_object
from authz_server.core import limits
from tests.unit.authentication.tokens import base64url

HEADER = base64url(b'{"alg":"HS256"}')
PAYLOAD = base64url(b"{}")
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)


def test_the_parts_are_taken_apart_and_the_signing_input_is_kept_as_it_came() -> None:
    assert parse_compact(f"{HEADER}.{PAYLOAD}.AQID") == Compact(
        {"alg": "HS256"}, b"{}", f"{HEADER}.{PAYLOAD}".encode(), b"\x01\x02\x03"
    )


@pytest.mark.parametrize(
    "token",
    [
        "",
        HEADER,
        f"{HEADER}.{PAYLOAD}",
        f"{HEADER}.{PAYLOAD}.AQID.AQID",
        f"{HEADER}.{PAYLOAD}.AQID.AQID.AQID",
        f".{PAYLOAD}.AQID",
        f"{HEADER}={PAYLOAD}.AQID",
        f"{HEADER}.{PAYLOAD}=.AQID",
        f"{HEADER}.{PAYLOAD}.AQI=",
        f"{HEADER}.{PAYLOAD}.AQ==",
        f"{HEADER}.{PAYLOAD}.A",
        f"{HEADER}.{PAYLOAD}AA.AQID",
        f"{HEADER}.e31.AQID",
        f"{HEADER}.{PAYLOAD}.AQI~",
        f"{HEADER}.{PAYLOAD}.+/+/",
        f" {HEADER}.{PAYLOAD}.AQID",
        f"{HEADER}.{PAYLOAD}.AQID\n",
        f"{HEADER}.{PAYLOAD}.\uff21\uff31\uff29\uff24",
    ],
)
def test_anything_but_three_parts_of_base64url_is_malformed(token: str) -> None:
    assert parse_compact(token) is None


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"null",
        b'"alg"',
        b"{",
        b'{"alg":"HS256","alg":"none"}',
        b'{"alg":"HS256","crit":["exp"]}',
        b'{"alg":"HS256","crit":[]}',
        b'{"alg":"HS256","b64":true}',
        b'{"alg":"HS256","b64":false,"crit":["b64"]}',
        b'{"alg":"HS256","x":NaN}',
        b'{"alg":"HS256"}x',
        b'\xef\xbb\xbf{"alg":"HS256"}',
    ],
)
def test_a_header_that_is_no_object_or_has_extensions_is_malformed(header: bytes) -> None:
    assert parse_compact(f"{base64url(header)}.{PAYLOAD}.AQID") is None


def test_an_empty_signature_is_well_formed_and_verifies_nowhere() -> None:
    token = parse_compact(f"{HEADER}.{PAYLOAD}.")
    assert token is not None
    assert token.signature == b""


@given(st.binary(max_size=64))
def test_base64url_reads_what_base64url_writes(data: bytes) -> None:
    assert decode_base64url(base64url(data)) == data


@given(st.text(st.sampled_from("AQgwEM_-+/=. \nzé"), max_size=12))
def test_base64url_reads_no_second_spelling_of_anything(text: str) -> None:
    data = decode_base64url(text)
    if data is not None:
        assert base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text


@pytest.mark.parametrize("text", ["AR", "AAF", "A", "AQ==", "AQ=", "A+", "A/", "A Q"])
def test_bits_beyond_the_last_byte_padding_and_the_other_alphabet_are_refused(text: str) -> None:
    assert decode_base64url(text) is None


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"1",
        b"[]",
        b'"text"',
        b"null",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":[{"b":1,"b":2}]}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":.5}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\\ud800"}',
        b'{"\\udc00":1}',
        b'{"a":"tab\there"}',
        b'{"a":1}{"b":2}',
        b'{"a":1}\x00',
        b"\xff\xfe{\x00}\x00",
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_json_that_two_readers_could_take_differently_is_refused(document: bytes) -> None:
    assert parse_object(document) is None


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse_object(b'{"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def nested(levels: int, opening: bytes, closing: bytes) -> bytes:
    return b'{"a":' + opening * (levels - 1) + b"1" + closing * (levels - 1) + b"}"


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_limited(opening: bytes, closing: bytes) -> None:
    assert parse_object(nested(limits.JSON_DEPTH, opening, closing)) is not None
    assert parse_object(nested(limits.JSON_DEPTH + 1, opening, closing)) is None
    assert parse_object(nested(100_000, opening, closing)) is None


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert parse_object(b'{"a":[' + b"[]," * 1000 + b'"[{[{"]}') is not None


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_an_object_is_read_as_it_was_written(value: dict[str, object]) -> None:
    assert parse_object(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    document = parse_object(data)
    assert document is None or isinstance(document, dict)


@given(st.text(max_size=60))
def test_no_text_makes_the_compact_form_fail(text: str) -> None:
    assert parse_compact(f"{HEADER}.{text}.AQID") is None or decode_base64url(text) is not None
