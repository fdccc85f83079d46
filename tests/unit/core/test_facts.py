"""What may be an id."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authz_server.core.facts import is_identifier, is_request_id
from authz_server.core.profile import is_method

LETTERS_AND_DIGITS = string.ascii_letters + string.digits


@given(st.one_of(st.text(LETTERS_AND_DIGITS + "._~-!,% \n", max_size=70), st.text()))
@example("a" * 64)
@example("a" * 65)
@example("abc\n")
def test_identifier_is_1_to_64_letters_digits_and_four_marks_the_first_no_mark(text: str) -> None:
    expected = (
        1 <= len(text) <= 64
        and text[0] in LETTERS_AND_DIGITS
        and all(character in LETTERS_AND_DIGITS + "._~-" for character in text)
    )
    assert is_identifier(text) is expected


@given(st.one_of(st.text(LETTERS_AND_DIGITS + "-_\n", max_size=70), st.text()))
@example("a" * 64)
@example("a" * 65)
@example("abc\n")
def test_request_id_is_1_to_64_letters_digits_and_hyphens(text: str) -> None:
    expected = 1 <= len(text) <= 64 and all(character in LETTERS_AND_DIGITS + "-" for character in text)
    assert is_request_id(text) is expected


@pytest.mark.parametrize("method", ["GET", "FOOBAR", "M-SEARCH", "X_1", "!#$%&'*+-.^_`|~0"])
def test_method_is_a_token_in_capitals(method: str) -> None:
    assert is_method(method)


@pytest.mark.parametrize("method", ["", "get", "Get", "GET ", "GET\n", "GET,POST", "GÉT", "G" * 65, "A/B", 'A"'])
def test_what_is_no_token_in_capitals_is_no_method(method: str) -> None:
    assert not is_method(method)
