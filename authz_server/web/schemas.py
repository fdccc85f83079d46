"""The shapes of REST as JSON Schema. The fields of clients, profiles and auth are the document's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from authz_server.core.denial_reasons import DENIALS, Step
from authz_server.documents import schema
from authz_server.documents.errors import Code
from authz_server.documents.schema import Schema, a_list, an_object
from authz_server.managing.credential_state import State
from authz_server.managing.records import Role
from authz_server.managing.relay import Propagation
from authz_server.web import limits, problems
from authz_server.web.dry_run import Verdict

_ANY_TEXT: Final[Schema] = {"type": "string"}
_BOOLEAN: Final[Schema] = {"type": "boolean"}
_HOURS: Final[Schema] = {
    "type": "integer",
    "minimum": 1,
    "maximum": 87_600,
    "description": "Absent: it never expires.",
}
_VERSION: Final[Schema] = {
    "type": "integer",
    "minimum": 0,
    "description": "Of the last change of the record; the ETag, without its quotes.",
}
_STAMPS: Final[Mapping[str, Schema]] = {"created_at": schema.TIME, "updated_at": schema.TIME}


def ref(name: str) -> dict[str, Any]:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def page(name: str) -> dict[str, Any]:
    """A page of a list of such things."""
    return _shown({"items": a_list(ref(name), most=limits.MOST_PAGE_ITEMS), "next_cursor": _or_null(_ANY_TEXT)})


def _shown(fields: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> dict[str, Any]:
    """What we answer with: every field is there, but for the optional ones."""
    return an_object({**fields, **(optional or {})}, required=tuple(fields))


def _or_null(of: Schema) -> dict[str, Any]:
    return {"anyOf": [of, {"type": "null"}]}


def _edited(fields: Mapping[str, Schema]) -> dict[str, Any]:
    return _shown({**fields, "propagation": ref("Propagation")}, {"credential": ref("Credential")})


def _shown_auth() -> dict[str, Any]:
    """Auth as it is shown: every field of its type, null where there is nothing, what is secret hidden."""
    time, text = _or_null(schema.TIME), _or_null(_ANY_TEXT)
    texts, claims = a_list(_ANY_TEXT), schema.REQUIRED_CLAIMS
    key_set = _or_null({"type": "object"})
    previous_token = _or_null(_shown({"token_sha256": _ANY_TEXT, "until": schema.TIME, "expires_at": time}))
    previous_secret = _or_null(_shown({"secret_sealed": _ANY_TEXT, "until": schema.TIME, "expires_at": time}))
    by_type: dict[str, dict[str, Schema]] = {
        "token": {
            "token_sha256": _ANY_TEXT,
            "header": text,
            "expires_at": time,
            "forward_authorization": _BOOLEAN,
            "previous": previous_token,
        },
        "jwt": {
            "algorithm": _ANY_TEXT,
            "secret_sealed": text,
            "public_key": text,
            "jwks": key_set,
            "issuer": text,
            "audience": texts,
            "subject": text,
            "required_claims": claims,
            "leeway_seconds": {"type": "integer"},
            "max_lifetime_seconds": _or_null({"type": "integer"}),
            "expires_at": time,
            "previous": previous_secret,
        },
        "oidc": {
            "issuer": _ANY_TEXT,
            "audience": texts,
            "jwks_uri": text,
            "jwks": key_set,
            "algorithms": texts,
            "token_use": {"enum": ["access", "id"]},
            "required_claims": claims,
            "required_scopes": texts,
            "leeway_seconds": {"type": "integer"},
        },
        "mtls": {**dict.fromkeys(schema.MTLS_KINDS, texts), "ca_bundle": text, "any_verified": _BOOLEAN},
        "none": {},
    }
    return {"oneOf": [_shown({"type": {"const": name}, **fields}) for name, fields in by_type.items()]}


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


def _client() -> dict[str, Schema]:
    return {**schema.client_fields(), "version": _VERSION, **_STAMPS}


def _profile() -> dict[str, Schema]:
    state = _shown(
        {
            "state": {"enum": list(map(str, State))},
            "expires_at": _or_null(schema.TIME),
            "created_at": _or_null(schema.TIME),
        }
    )
    fields = schema.profile_fields()
    return {
        "id": fields.pop("id"),
        "client_id": schema.IDENTIFIER,
        **fields,
        "auth": ref("ShownAuth"),
        "version": _VERSION,
        "credential_state": state,
        **_STAMPS,
    }


def _api_key() -> dict[str, Schema]:
    return {
        "id": schema.IDENTIFIER,
        "name": schema.NAME,
        "role": {"enum": list(map(str, Role))},
        "active": {**_BOOLEAN, "description": "Neither revoked nor expired."},
        "created_at": schema.TIME,
        "expires_at": _or_null(schema.TIME),
        "last_used_at": _or_null(schema.TIME),
        "revoked_at": _or_null(schema.TIME),
    }


def _audit_entry() -> dict[str, Schema]:
    return {
        "id": {"type": "integer"},
        "at": schema.TIME,
        "actor": _shown({"id": _ANY_TEXT, "name": _ANY_TEXT}),
        "action": _ANY_TEXT,
        "client_id": _or_null(_ANY_TEXT),
        "profile_id": _or_null(_ANY_TEXT),
        "api_key_id": _or_null(_ANY_TEXT),
        "changes": ref("Changes"),
    }


def _credential() -> dict[str, Any]:
    headers = dict.fromkeys(("X-Client-ID", "X-Profile-ID", "Authorization"), _ANY_TEXT)
    return _shown(
        {
            "type": {"enum": ["token", "jwt", "api_key"]},
            "expires_at": _or_null(schema.TIME),
            "headers": {
                "type": "object",
                "properties": headers,
                "additionalProperties": _ANY_TEXT,
                "description": "What a caller sends; a token is in the header that its profile names, if it names one.",
            },
        },
        {"value": {**_ANY_TEXT, "description": "Shown this once; absent from a replayed answer."}},
    )


def _dry_run() -> dict[str, Any]:
    return an_object(
        {
            "client_id": {**_ANY_TEXT, "description": "Stands for the header X-Client-ID."},
            "profile_id": {**_ANY_TEXT, "description": "Stands for the header X-Profile-ID."},
            "method": {**_ANY_TEXT, "default": "GET"},
            "path": {**_ANY_TEXT, "description": "No step reads it."},
            "route": {**_ANY_TEXT, "description": "The route's label, from Envoy's context_extensions."},
            "client_ip": _ANY_TEXT,
            "headers": {"type": "object", "additionalProperties": _ANY_TEXT},
            "certificate": {"type": "string", "maxLength": 1_048_576, "description": "The client's, in PEM form."},
            "assume_credential": {
                **_BOOLEAN,
                "default": False,
                "description": "Take the credential for valid: nobody can read a token back to try it.",
            },
        }
    )


def _dry_run_result() -> dict[str, Any]:
    step = _shown(
        {
            "step": {"enum": list(map(str, Step))},
            "verdict": {"enum": list(map(str, Verdict))},
            "detail": _ANY_TEXT,
        }
    )
    texts = {"type": "object", "additionalProperties": _ANY_TEXT}
    return _shown(
        {
            "outcome": {"enum": ["allowed", "denied"]},
            "status": {"enum": sorted({200, *(each.status for each in DENIALS.values())})},
            "code": {"enum": ["allowed", *map(str, DENIALS)]},
            "headers": {**texts, "description": "What a refused caller would get."},
            "body": {**_or_null(_ANY_TEXT), "description": "What a refused caller would get."},
            "upstream_headers": {
                **_or_null(_shown({"set": texts, "remove": a_list(_ANY_TEXT)})),
                "description": "What an allowed request would gain and lose on its way.",
            },
            "steps": {**a_list(step, least=len(Step), most=len(Step))},
        }
    )


def _applied() -> dict[str, Any]:
    ids = a_list(schema.IDENTIFIER)
    differences = _shown(
        {
            **dict.fromkeys(("added", "changed", "removed", "unchanged", "kept"), ids),
            "changes": {"type": "object", "additionalProperties": ref("Changes")},
        }
    )
    return _shown(
        {
            "clients": differences,
            "profiles": differences,
            "warnings": a_list(ref("FieldError")),
            "dry_run": _BOOLEAN,
        },
        {"propagation": ref("Propagation")},
    )


def _problem() -> dict[str, Any]:
    return _shown(
        {
            "type": {"type": "string", "format": "uri"},
            "title": _ANY_TEXT,
            "status": {"type": "integer"},
            "code": {"enum": list(map(str, problems.KINDS))},
            "detail": _ANY_TEXT,
            "request_id": _ANY_TEXT,
        },
        {"errors": {**a_list(ref("FieldError")), "description": "All that is wrong with the fields."}},
    )


def components() -> dict[str, Any]:
    """All schemas, by name."""
    new_client = an_object(schema.client_fields(), required=("name",))
    anything: Schema = {}
    return {
        "Auth": {"anyOf": [*_secret_auth(), *schema.other_auth()]},
        "ExpiringAuth": {"anyOf": _expiring_auth()},
        "ShownAuth": _shown_auth(),
        "Propagation": {
            "enum": list(map(str, Propagation)),
            "description": "`pending`: Redis has not taken it within a second; it is retried until it does.",
        },
        "Credential": _credential(),
        "Changes": {
            "type": "object",
            "additionalProperties": _shown({"from": anything, "to": anything}),
            "description": "By the field's name: what it was and what it became.",
        },
        "Client": _shown(_client()),
        "NewClient": new_client,
        "ClientChanges": _changes(schema.client_fields(), "id"),
        "EditedClient": _edited(_client()),
        "Profile": _shown(_profile()),
        "NewProfile": _new_profile(),
        "ProfileChanges": _changes(schema.profile_fields(), "id"),
        "EditedProfile": _edited(_profile()),
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
        "Deleted": _shown({"id": schema.IDENTIFIER, "propagation": ref("Propagation")}),
        "ApiKey": _shown(_api_key()),
        "NewApiKey": an_object(
            {"name": schema.NAME, "role": {"enum": list(map(str, Role))}, "expires_in_hours": _HOURS},
            required=("name", "role"),
        ),
        "EditedApiKey": _edited(_api_key()),
        "AuditEntry": _shown(_audit_entry()),
        "DryRun": _dry_run(),
        "DryRunResult": _dry_run_result(),
        "Document": schema.document(),
        "Applied": _applied(),
        "FieldError": _shown(
            {
                "pointer": {**_ANY_TEXT, "description": "A JSON pointer into the body; of a parameter, its name."},
                "code": {"enum": list(map(str, Code))},
                "detail": _ANY_TEXT,
            }
        ),
        "Problem": _problem(),
    }
