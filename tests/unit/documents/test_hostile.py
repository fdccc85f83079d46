"""Documents by mistake or malice: nothing but `DocumentInvalid` comes of them, and never a profile that allows more."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz_server.documents.document import Document, read_document
from authz_server.documents.errors import DocumentInvalid
from tests.unit.documents.builders import HMAC_SECRET, as_bytes, open_sealed, read
from tests.unit.documents.strategies import documents, plain_values

many = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
RESTRICTING = ("allowed_methods", "allowed_ips", "allowed_routes", "active", "auth")


def read_or_refuse(data: bytes) -> Document | None:
    """The document, or None where it is refused, with errors that have a place."""
    try:
        return read_document(data, resolve_env={"HMAC": HMAC_SECRET}.get, open_sealed=open_sealed)
    except DocumentInvalid as invalid:
        errors = invalid.errors
    assert errors
    assert all(error.line >= 1 and error.column >= 1 and error.detail for error in errors)
    return None


@many
@given(st.binary(max_size=200) | st.text(alphabet="{}[]:,&*!|>'\"%@`#-?~ \n\tab0\\u", max_size=60).map(str.encode))
def test_garbage_is_refused_and_nothing_else(data: bytes) -> None:
    read_or_refuse(data)


@many
@given(documents(), st.data())
def test_damaged_bytes_are_refused_or_harmless(document: dict[str, Any], data: st.DataObject) -> None:
    text = bytearray(as_bytes(document))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(text) - 1))
        text[position : position + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    read_or_refuse(bytes(text))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values in it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for step, each in inner for place in places(each, (*path, step)))]


@many
@given(documents(), plain_values, st.data())
def test_a_value_of_any_other_kind_is_refused_or_harmless(
    document: dict[str, Any], value: Any, data: st.DataObject
) -> None:
    *way, last = data.draw(st.sampled_from(places(document)[1:]))
    holder: Any = document
    for step in way:
        holder = holder[step]
    holder[last] = value
    read_or_refuse(json.dumps(document).encode())


@many
@given(documents(), st.data())
def test_a_misspelt_field_is_always_refused(document: dict[str, Any], data: st.DataObject) -> None:
    """Or else a restriction would be lost: `allowed_ip` must never come to mean "from anywhere"."""
    named = [path for path in places(document) if path and isinstance(path[-1], str)]
    # The names in these are the author's own.
    own = ("labels", "required_claims", "jwks")
    *way, name = data.draw(st.sampled_from([path for path in named if not set(own) & set(path[:-1])]))
    holder: Any = document
    for step in way:
        holder = holder[step]
    misspelt = data.draw(
        st.sampled_from([name + "s", name[:-1], name.upper(), name.replace("_", "-") + "_", f" {name}", "x"])
    )
    holder[misspelt] = holder.pop(name)
    assert read_or_refuse(json.dumps(document).encode()) is None


@many
@given(documents().filter(lambda document: document["clients"][0]["profiles"]), st.sampled_from(RESTRICTING), st.data())
def test_a_restriction_without_a_value_is_always_refused(
    document: dict[str, Any], field: str, data: st.DataObject
) -> None:
    document["clients"][0]["profiles"][0][field] = data.draw(st.sampled_from([None, "", 0, {}, "x"]))
    assert read_or_refuse(json.dumps(document).encode()) is None


@many
@given(documents())
def test_what_is_written_is_what_is_enforced(document: dict[str, Any]) -> None:
    for written, profile in zip(document["clients"][0]["profiles"], read(document).profiles, strict=True):
        assert profile.active is written.get("active", True)
        assert set(profile.allowed_methods) == set(written.get("allowed_methods", ()))
        assert set(profile.allowed_routes) == set(written.get("allowed_routes", ()))
        assert bool(profile.allowed_ips) is bool(written.get("allowed_ips"))
        assert profile.auth.type == written["auth"]["type"]
