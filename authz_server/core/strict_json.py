"""Hooks for Python's JSON decoder, which refuse what it lets pass and other readers take differently (RFC 8259)."""

from typing import Any, NoReturn


def without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """An `object_pairs_hook`. Raises ValueError where a name is there twice (section 4)."""
    mapping = dict(members)
    if len(mapping) != len(members):
        raise ValueError("names a field twice")
    return mapping


def refuse_constant(name: str) -> NoReturn:
    """A `parse_constant`. Raises ValueError: NaN and Infinity are no JSON (section 6)."""
    raise ValueError(f"holds {name}, which is no number in JSON")
