"""Paths of claims, and the equality of JSON values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.authentication.claims import compiled, parse_path, write_path
from authz_server.core.auth import ClaimValue, RequiredClaim


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("tier", ("tier",)),
        ("realm_access.roles", ("realm_access", "roles")),
        (r"https://example\.org/roles", ("https://example.org/roles",)),
        (r"a.b\.c.d", ("a", "b.c", "d")),
        (r"a\\b", ("a\\b",)),
        (r"a\\.b", ("a\\", "b")),
        (" ", (" ",)),
        ("ä.\n", ("ä", "\n")),
    ],
)
def test_a_dot_leads_deeper_and_an_escaped_one_is_part_of_a_name(text: str, path: tuple[str, ...]) -> None:
    assert parse_path(text) == path
    assert write_path(path) == text


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a\\", "a\\b", "a.b\\", "\\"])
def test_a_path_with_an_empty_name_or_a_lone_backslash_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a path of claims"):
        parse_path(text)


@given(st.lists(st.text(min_size=1), min_size=1))
def test_every_path_can_be_written_and_read_back(path: list[str]) -> None:
    assert parse_path(write_path(path)) == tuple(path)


def holds(allowed: ClaimValue, claims: dict[str, Any], *path: str) -> bool:
    (claim,) = compiled([RequiredClaim(path=path or ("claim",), allowed=(allowed,))])
    return claim.holds(claims)


@pytest.mark.parametrize("value", [1, 1.5, True, False, "1", "", None, 0, "true", "null"], ids=repr)
@pytest.mark.parametrize("allowed", [1, 1.5, True, False, "1", "", None, 0, "true", "null"], ids=repr)
def test_values_of_different_types_are_never_equal(allowed: ClaimValue, value: ClaimValue) -> None:
    """`1`, `true` and `"1"` are three values, though Python takes 1 for True and 0 for False."""
    is_same = type(allowed) is type(value) and allowed == value
    assert holds(allowed, {"claim": value}) is is_same
    assert holds(allowed, {"claim": [value]}) is is_same


def test_numbers_go_by_their_value_since_json_has_one_type_of_them() -> None:
    assert holds(1, {"claim": 1.0})
    assert holds(1.0, {"claim": 1})
    assert not holds(2**53 + 1, {"claim": float(2**53)})


@pytest.mark.parametrize("value", [[], {}, {"a": 1}, [["a"]], [{"a": 1}], "b", ["b", "c"], None])
def test_a_claim_without_an_allowed_value_does_not_hold(value: object) -> None:
    assert not holds("a", {"claim": value})


def test_a_list_holds_where_one_of_its_own_values_is_allowed() -> None:
    assert holds("a", {"claim": ["b", {}, [], "a"]})


@pytest.mark.parametrize("claims", [{}, {"a": 1}, {"a": {}}, {"a": ["b"]}, {"a": [{"b": 1}]}, {"a.b": 1}, {"b": 1}])
def test_a_claim_that_is_not_at_its_path_does_not_hold(claims: dict[str, Any]) -> None:
    assert not holds(1, claims, "a", "b")


def test_a_claim_is_found_at_its_path() -> None:
    assert holds(1, {"a": {"b": 1}}, "a", "b")
    assert holds(1, {"a.b": 1}, "a.b")


def test_null_is_a_value_and_absence_is_none() -> None:
    assert holds(None, {"claim": None})
    assert not holds(None, {})
