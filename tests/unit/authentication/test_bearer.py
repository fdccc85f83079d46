"""The bearer credential of an Authorization header, and the bare one of any other."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.authentication.bearer import bare_credential, bearer_credential
from authz_server.core import limits
from authz_server.core.denial_reasons import DenialReason

MISSING = DenialReason.CREDENTIAL_MISSING
MALFORMED = DenialReason.CREDENTIAL_MALFORMED


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_has_no_case(scheme: str) -> None:
    assert bearer_credential(f"{scheme} abc.DEF-123_~+/==") == "abc.DEF-123_~+/=="


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "Basic dXNlcjpwYXNz",
        "Basic a, Bearer b",
        "BearerToken abc",
        "Bearers abc",
        "Bearer-abc",
        " Bearer abc",
        "Bear",
        "\uff22earer abc",
        "x" * (limits.AUTHORIZATION_BYTES + 1),
    ],
)
def test_absent_or_of_another_scheme_is_missing(value: str | None) -> None:
    assert bearer_credential(value) is MISSING


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer\tabc",
        "Bearer,abc",
        "bearer  abc",
        "Bearer abc ",
        "Bearer abc def",
        "Bearer abc,Bearer def",
        "Bearer abc, Basic def",
        "Bearer =",
        "Bearer a=b",
        "Bearer abc!",
        "Bearer abc\n",
        "Bearer \tabc",
        "Bearer äbc",
        "Bearer abc\x00",
        'Bearer "abc"',
    ],
)
def test_a_bearer_that_is_not_one_b64token_is_malformed(value: str) -> None:
    assert bearer_credential(value) is MALFORMED


def test_the_ceiling_counts_the_whole_value() -> None:
    longest = "Bearer " + "a" * (limits.AUTHORIZATION_BYTES - len("Bearer "))
    assert bearer_credential(longest) == longest[7:]
    assert bearer_credential(longest + "a") is MALFORMED


@pytest.mark.parametrize("fill", ["=", "a", " ", ",", "a=", "é"])
def test_a_mebibyte_is_malformed_whatever_it_holds(fill: str) -> None:
    assert bearer_credential("Bearer " + fill * (2**20 // len(fill))) is MALFORMED


@given(st.one_of(st.text(), st.text().map("Bearer ".__add__), st.from_regex(r"(?i:bearer) [ -~]*", fullmatch=True)))
def test_a_credential_is_what_follows_bearer_and_one_space_or_there_is_none(value: str) -> None:
    credential = bearer_credential(value)
    if type(credential) is str:
        assert value[:7].lower() == "bearer "
        assert value[7:] == credential
        assert re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", credential)
    else:
        scheme = re.match(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]*", value)  # RFC 9110 section 5.6.2: a token
        is_bearer = scheme is not None and scheme[0].lower() == "bearer"
        assert credential is (MALFORMED if is_bearer else MISSING)


@pytest.mark.parametrize("value", [None, ""])
def test_an_absent_or_empty_bare_credential_is_missing(value: str | None) -> None:
    assert bare_credential(value) is MISSING


@pytest.mark.parametrize("value", ["a,b", "a, b", ",", "Bearer a", " a", "a ", "a\n", "a=b", "=", "é", "a!", " "])
def test_a_bare_value_that_is_not_one_b64token_is_malformed(value: str) -> None:
    assert bare_credential(value) is MALFORMED


def test_the_ceiling_holds_for_a_bare_value() -> None:
    longest = "a" * limits.AUTHORIZATION_BYTES
    assert bare_credential(longest) == longest
    assert bare_credential(longest + "a") is MALFORMED


@given(st.one_of(st.text(), st.from_regex(r"[A-Za-z0-9._~+/-]+=*", fullmatch=True)))
def test_a_bare_credential_is_the_whole_value_or_there_is_none(value: str) -> None:
    is_one = re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", value) is not None
    assert bare_credential(value) == (value if is_one else MALFORMED if value else MISSING)
