"""What the schemas of requests and of answers are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from authz_server.documents.schema import Schema, a_list, an_object
from authz_server.web import limits

ANY_TEXT: Final[Schema] = {"type": "string"}
BOOLEAN: Final[Schema] = {"type": "boolean"}


def ref(name: str) -> dict[str, Any]:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def page(name: str) -> dict[str, Any]:
    """A page of a list of such things."""
    return shown({"items": a_list(ref(name), most=limits.MOST_PAGE_ITEMS), "next_cursor": or_null(ANY_TEXT)})


def shown(fields: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> dict[str, Any]:
    """What we answer with: every field is there, but for the optional ones."""
    return an_object({**fields, **(optional or {})}, required=tuple(fields))


def or_null(of: Schema) -> dict[str, Any]:
    return {"anyOf": [of, {"type": "null"}]}
