"""The shapes of REST as JSON Schema. The fields of clients, profiles and auth are the document's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from authz_server.documents import schema
from authz_server.documents.schema import Schema, an_object
from authz_server.managing.accounts import LEAST_CHARACTERS, MOST_CHARACTERS
from authz_server.managing.records import Role
from authz_server.web.api.answer_schemas import answers
from authz_server.web.api.schema_parts import ANY_TEXT, BOOLEAN, page, ref

__all__ = ["components", "page", "ref"]

_HOURS: Final[Schema] = {
    "type": "integer",
    "minimum": 1,
    "maximum": 87_600,
    "description": "Absent: it never expires.",
}
_ROLE: Final[Schema] = {"enum": list(map(str, Role))}
_PASSWORD: Final[Schema] = {
    "type": "string",
    "minLength": LEAST_CHARACTERS,
    "maxLength": MOST_CHARACTERS,
    "writeOnly": True,
    "description": "Any characters; not the account's name.",
}


def _expiring_auth() -> list[dict[str, Any]]:
    """Auth whose credential `expires_in_hours` speaks of."""
    return [_without_time(each) for each in _secret_auth()]


def _without_time(of: dict[str, Any]) -> dict[str, Any]:
    return {**of, "properties": {name: kind for name, kind in of["properties"].items() if name != "expires_at"}}


def _secret_auth() -> list[dict[str, Any]]:
    """A token or an HMAC secret; either is made here unless it is given."""
    return [schema.token_auth(), schema.secret_auth({"secret": schema.SECRET})]


def _changes(fields: Mapping[str, Schema], *fixed: str) -> dict[str, Any]:
    return an_object({name: kind for name, kind in fields.items() if name not in fixed})


def _new_profile() -> dict[str, Any]:
    fields = schema.profile_fields()
    plain = an_object({**fields, "auth": ref("Auth")}, required=("name", "auth"))
    expiring = an_object(
        {**fields, "auth": ref("ExpiringAuth"), "expires_in_hours": _HOURS},
        required=("name", "auth", "expires_in_hours"),
    )
    return {"anyOf": [plain, expiring]}


def _auth_change() -> dict[str, Any]:
    plain = an_object({"auth": ref("Auth")}, required=("auth",))
    expiring = an_object(
        {"auth": ref("ExpiringAuth"), "expires_in_hours": _HOURS}, required=("auth", "expires_in_hours")
    )
    return {"anyOf": [plain, expiring]}


def _dry_run() -> dict[str, Any]:
    return an_object(
        {
            "client_id": {**ANY_TEXT, "description": "Stands for the header X-Client-ID."},
            "profile_id": {**ANY_TEXT, "description": "Stands for the header X-Profile-ID."},
            "method": {**ANY_TEXT, "default": "GET"},
            "path": {**ANY_TEXT, "description": "No step reads it."},
            "route": {**ANY_TEXT, "description": "The route's label, from Envoy's context_extensions."},
            "client_ip": ANY_TEXT,
            "headers": {"type": "object", "additionalProperties": ANY_TEXT},
            "certificate": {"type": "string", "maxLength": 1_048_576, "description": "The client's, in PEM form."},
            "assume_credential": {
                **BOOLEAN,
                "default": False,
                "description": "Take the credential for valid: nobody can read a token back to try it.",
            },
        }
    )


def components() -> dict[str, Any]:
    """All schemas, by name."""
    return {
        "Auth": {"anyOf": [*_secret_auth(), *schema.other_auth()]},
        "ExpiringAuth": {"anyOf": _expiring_auth()},
        "NewClient": an_object(schema.client_fields(), required=("name",)),
        "ClientChanges": _changes(schema.client_fields(), "id"),
        "NewProfile": _new_profile(),
        "ProfileChanges": _changes(schema.profile_fields(), "id"),
        "AuthChange": _auth_change(),
        "Rotation": an_object(
            {
                "expires_in_hours": _HOURS,
                "grace_seconds": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": 86_400,
                    "default": 0,
                    "description": "How long the old one still works.",
                },
            }
        ),
        "NewApiKey": an_object(
            {"name": schema.NAME, "role": _ROLE, "expires_in_hours": _HOURS},
            required=("name", "role"),
        ),
        "NewAccount": an_object(
            {"name": schema.NAME, "role": _ROLE, "password": _PASSWORD}, required=("name", "role", "password")
        ),
        "AccountChanges": an_object({"role": _ROLE, "active": BOOLEAN, "password": _PASSWORD}),
        "DryRun": _dry_run(),
        "Document": schema.document(),
        **answers(),
    }
