"""What of YAML and JSON is accepted, and what a plain scalar means."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.documents import limits
from authz_server.documents.plain import Ambiguous
from authz_server.documents.tree import Unparsable, read_tree
from tests.unit.documents.builders import errors


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("word", "word"),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-7", -7),
        ("+3", 3),
        ("0", 0),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", -math.inf),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("2027-01-01", "2027-01-01"),
        ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("-", [None]),
        ("NaN", "NaN"),
        ("'on'", "on"),
        ('"12"', "12"),
        ("'null'", "null"),
        ('"\\u00e9"', "é"),
    ],
)
def test_scalars_mean_what_the_core_schema_of_yaml_1_2_says(written: str, value: Any) -> None:
    root = read_tree(f"a: {written}\n".encode() if written != "-" else b"a:\n-\n").root
    assert root == {"a": value}
    assert type(root["a"]) is type(value)


@pytest.mark.parametrize("written", ["yes", "No", "ON", "off", "y", "N", "010", "-00", "9" * 41, "1." + "0" * 40])
def test_scalars_on_which_readers_disagree_are_of_no_type(written: str) -> None:
    assert isinstance(read_tree(f"a: {written}".encode()).root["a"], Ambiguous)


def test_not_a_number_is_read_as_such() -> None:
    assert math.isnan(read_tree(b"a: .nan").root["a"])


@pytest.mark.parametrize(
    ("text", "line", "column", "sentence"),
    [
        ("a: &x 1", 1, 4, "a: has an anchor; anchors and aliases are not accepted, write the value out"),
        ("a: &x [1]", 1, 4, "a: has an anchor; anchors and aliases are not accepted, write the value out"),
        ("a: *x", 1, 4, "a: is an alias; anchors and aliases are not accepted, write the value out"),
        ("a: [1, !!str 2]", 1, 8, "a[1]: has a tag; tags are not accepted, quote strings instead"),
        ("a: !x {b: c}", 1, 4, "a: has a tag; tags are not accepted, quote strings instead"),
        ("a: 1\nb: 2\na: 3", 3, 1, "a: is there twice; each field may be given once"),
        ('a: 1\n"a": 3', 2, 1, "a: is there twice; each field may be given once"),
        ('{"b": {"a": 1, "a": 2}}', 1, 16, "b.a: is there twice; each field may be given once"),
        ("x:\n  on: 1", 2, 3, 'x: "on" is no string to every YAML reader; quote this field\'s name'),
        ("1: x", 1, 1, '"1" is no string to every YAML reader; quote this field\'s name'),
        ("? [a]\n: 1", 1, 3, "has a mapping or a list where the name of a field belongs"),
        ("%YAML 1.1\n---\na: 1", 1, 1, "has a directive that is not accepted; only %YAML 1.2 is"),
        ("%TAG ! x:\n---\na: 1", 1, 1, "has a directive that is not accepted; only %YAML 1.2 is"),
    ],
)
def test_what_yaml_has_beyond_plain_values_is_refused(text: str, line: int, column: int, sentence: str) -> None:
    assert f"{line}:{column}: {sentence}" in map(str, read_tree(text.encode()).errors)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"a: 1\n---\nb: 2", "2:1: is a second document; one is accepted"),
        (b"a: [1\nb: 2", "2:2: is not YAML: while parsing a flow sequence, did not find expected ',' or ']'"),
        (
            b"a:\n\t- b",
            "2:1: is not YAML: while scanning for the next token, found character that cannot start any token",
        ),
        (b"a: \xff", "1:4: is not UTF-8"),
        ("a: ü\nb: ü".encode() + b"\xff", "2:5: is not UTF-8"),
        (b"a: \x00", "1:4: is not YAML: control characters are not allowed"),
        (b"[" * 33, "1:33: is nested more than 32 levels deep"),
        (
            b'{"a": "\\ud800"}',
            "1:10: is not YAML: while parsing a quoted scalar, found invalid Unicode character escape code",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_where_reading_stopped(data: bytes, sentence: str) -> None:
    with pytest.raises(Unparsable) as stop:
        read_tree(data)
    assert str(stop.value) == sentence


def test_a_document_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCUMENT_BYTES", 10)
    with pytest.raises(Unparsable, match="is larger than 10 bytes"):
        read_tree(b"a: 12345678")


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_tree(b"\xef\xbb\xbfa: 1").root == {"a": 1}


def test_a_yaml_1_2_directive_is_accepted() -> None:
    assert read_tree(b"%YAML 1.2\n---\na: 1\n...\n").errors == ()


def test_json_writes_what_lies_beyond_the_basic_plane_as_two_escapes() -> None:
    assert read_tree(b'{"a": "\\ud83d\\ude80"}').root == {"a": "🚀"}


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": ' + "1" * 50 + "}"])
def test_what_only_looks_like_json_is_read_as_yaml(text: str) -> None:
    assert not isinstance(read_tree(text.encode()).root["a"], float | int)


def test_deep_json_is_refused_without_a_crash() -> None:
    with pytest.raises(Unparsable, match="nested more than 32 levels"):
        read_tree(b'{"a":' * 100_000)


def test_a_field_whose_name_is_a_list_does_not_shift_the_others() -> None:
    tree = read_tree(b"? [a]\n: 1\nb: 2")
    assert tree.root == {"b": 2}


def test_an_empty_document_is_null() -> None:
    assert [str(error) for error in errors("")] == [
        "1:1: is null, which is not accepted; give a mapping, or leave the field out"
    ]


printable = st.text(st.characters(codec="ascii", min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | printable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(printable, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(printable, plain_values, max_size=4))
def test_json_is_read_alike_by_both_readers(value: dict[str, Any]) -> None:
    text = json.dumps(value).encode()
    # A comment makes it YAML that is no JSON.
    assert read_tree(text).root == read_tree(text + b" # the end").root == value
