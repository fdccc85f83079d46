"""JSON that two readers would take differently."""

import json

import pytest

from authz_server.core.strict_json import refuse_constant, without_duplicates

DECODER = json.JSONDecoder(object_pairs_hook=without_duplicates, parse_constant=refuse_constant)


def test_an_object_is_read_as_it_stands() -> None:
    assert DECODER.decode('{"b": [1], "a": {"b": 2}}') == {"b": [1], "a": {"b": 2}}


@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "a": 1}', '{"a": {"b": 1, "b": 2}}', '{"a": 1, "\\u0061": 2}', "NaN", "[Infinity]", "[-Infinity]"],
)
def test_a_name_twice_and_a_number_that_is_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"twice|NaN|Infinity"):
        DECODER.decode(text)
