"""What the API answers with, as JSON Schema: every field is always there, null where there is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from authz_server.core.denial_reasons import DENIALS, Step
from authz_server.documents import schema
from authz_server.documents.errors import Code
from authz_server.documents.schema import Schema, a_list
from authz_server.managing.credential_state import State
from authz_server.managing.records import Role
from authz_server.managing.relay import Propagation
from authz_server.web.api import problems
from authz_server.web.api.schema_parts import ANY_TEXT, BOOLEAN, or_null, ref, shown
from authz_server.web.dry_run import Verdict

_VERSION: Final[Schema] = {
    "type": "integer",
    "minimum": 0,
    "description": "Of the last change of the record; the ETag, without its quotes.",
}
_STAMPS: Final[Mapping[str, Schema]] = {"created_at": schema.TIME, "updated_at": schema.TIME}


def _edited(fields: Mapping[str, Schema]) -> dict[str, Any]:
    return shown({**fields, "propagation": ref("Propagation")}, {"credential": ref("Credential")})


def _shown_auth() -> dict[str, Any]:
    """Auth as it is shown: every field of its type, null where there is nothing, what is secret hidden."""
    time, text = or_null(schema.TIME), or_null(ANY_TEXT)
    texts, claims = a_list(ANY_TEXT), schema.REQUIRED_CLAIMS
    key_set = or_null({"type": "object"})
    previous_token = or_null(shown({"token_sha256": ANY_TEXT, "until": schema.TIME, "expires_at": time}))
    previous_secret = or_null(shown({"secret_sealed": ANY_TEXT, "until": schema.TIME, "expires_at": time}))
    by_type: dict[str, dict[str, Schema]] = {
        "token": {
            "token_sha256": ANY_TEXT,
            "header": text,
            "expires_at": time,
            "forward_authorization": BOOLEAN,
            "previous": previous_token,
        },
        "jwt": {
            "algorithm": ANY_TEXT,
            "secret_sealed": text,
            "public_key": text,
            "jwks": key_set,
            "issuer": text,
            "audience": texts,
            "subject": text,
            "required_claims": claims,
            "leeway_seconds": {"type": "integer"},
            "max_lifetime_seconds": or_null({"type": "integer"}),
            "expires_at": time,
            "previous": previous_secret,
        },
        "oidc": {
            "issuer": ANY_TEXT,
            "audience": texts,
            "jwks_uri": text,
            "jwks": key_set,
            "algorithms": texts,
            "token_use": {"enum": ["access", "id"]},
            "required_claims": claims,
            "required_scopes": texts,
            "leeway_seconds": {"type": "integer"},
        },
        "mtls": {**dict.fromkeys(schema.MTLS_KINDS, texts), "ca_bundle": text, "any_verified": BOOLEAN},
        "none": {},
    }
    return {"oneOf": [shown({"type": {"const": name}, **fields}) for name, fields in by_type.items()]}


def _client() -> dict[str, Schema]:
    return {**schema.client_fields(), "version": _VERSION, **_STAMPS}


def _profile() -> dict[str, Schema]:
    state = shown(
        {
            "state": {"enum": list(map(str, State))},
            "expires_at": or_null(schema.TIME),
            "created_at": or_null(schema.TIME),
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
        "active": {**BOOLEAN, "description": "Neither revoked nor expired."},
        "created_at": schema.TIME,
        "expires_at": or_null(schema.TIME),
        "last_used_at": or_null(schema.TIME),
        "revoked_at": or_null(schema.TIME),
    }


def _account() -> dict[str, Schema]:
    return {
        "id": schema.IDENTIFIER,
        "name": schema.NAME,
        "role": {"enum": list(map(str, Role))},
        "active": BOOLEAN,
        **_STAMPS,
        "last_signed_in_at": or_null(schema.TIME),
    }


def _audit_entry() -> dict[str, Schema]:
    return {
        "id": {"type": "integer"},
        "at": schema.TIME,
        "actor": shown({"id": ANY_TEXT, "name": ANY_TEXT}),
        "action": ANY_TEXT,
        "client_id": or_null(ANY_TEXT),
        "profile_id": or_null(ANY_TEXT),
        "api_key_id": or_null(ANY_TEXT),
        "account_id": or_null(ANY_TEXT),
        "changes": ref("Changes"),
    }


def _credential() -> dict[str, Any]:
    headers = dict.fromkeys(("X-Client-ID", "X-Profile-ID", "Authorization"), ANY_TEXT)
    return shown(
        {
            "type": {"enum": ["token", "jwt", "api_key"]},
            "expires_at": or_null(schema.TIME),
            "headers": {
                "type": "object",
                "properties": headers,
                "additionalProperties": ANY_TEXT,
                "description": "What a caller sends; a token is in the header that its profile names, if it names one.",
            },
        },
        {"value": {**ANY_TEXT, "description": "Shown this once; absent from a replayed answer."}},
    )


def _dry_run_result() -> dict[str, Any]:
    step = shown(
        {
            "step": {"enum": list(map(str, Step))},
            "verdict": {"enum": list(map(str, Verdict))},
            "detail": ANY_TEXT,
        }
    )
    texts = {"type": "object", "additionalProperties": ANY_TEXT}
    return shown(
        {
            "outcome": {"enum": ["allowed", "denied"]},
            "status": {"enum": sorted({200, *(each.status for each in DENIALS.values())})},
            "code": {"enum": ["allowed", *map(str, DENIALS)]},
            "headers": {**texts, "description": "What a refused caller would get."},
            "body": {**or_null(ANY_TEXT), "description": "What a refused caller would get."},
            "upstream_headers": {
                **or_null(shown({"set": texts, "remove": a_list(ANY_TEXT)})),
                "description": "What an allowed request would gain and lose on its way.",
            },
            "steps": {**a_list(step, least=len(Step), most=len(Step))},
        }
    )


def _applied() -> dict[str, Any]:
    ids = a_list(schema.IDENTIFIER)
    differences = shown(
        {
            **dict.fromkeys(("added", "changed", "removed", "unchanged", "kept"), ids),
            "changes": {"type": "object", "additionalProperties": ref("Changes")},
        }
    )
    return shown(
        {
            "clients": differences,
            "profiles": differences,
            "warnings": a_list(ref("FieldError")),
            "dry_run": BOOLEAN,
        },
        {"propagation": ref("Propagation")},
    )


def _problem() -> dict[str, Any]:
    return shown(
        {
            "type": {"type": "string", "format": "uri"},
            "title": ANY_TEXT,
            "status": {"type": "integer"},
            "code": {"enum": list(map(str, problems.KINDS))},
            "detail": ANY_TEXT,
            "request_id": ANY_TEXT,
        },
        {"errors": {**a_list(ref("FieldError")), "description": "All that is wrong with the fields."}},
    )


def answers() -> dict[str, Any]:
    """The schemas of answers, by name."""
    anything: Schema = {}
    return {
        "ShownAuth": _shown_auth(),
        "Propagation": {
            "enum": list(map(str, Propagation)),
            "description": "`pending`: Redis has not taken it within a second; it is retried until it does.",
        },
        "Credential": _credential(),
        "Changes": {
            "type": "object",
            "additionalProperties": shown({"from": anything, "to": anything}),
            "description": "By the field's name: what it was and what it became.",
        },
        "Client": shown(_client()),
        "EditedClient": _edited(_client()),
        "Profile": shown(_profile()),
        "EditedProfile": _edited(_profile()),
        "Deleted": shown({"id": schema.IDENTIFIER, "propagation": ref("Propagation")}),
        "ApiKey": shown(_api_key()),
        "EditedApiKey": _edited(_api_key()),
        "Account": shown(_account()),
        "EditedAccount": shown({**_account(), "propagation": ref("Propagation")}),
        "AuditEntry": shown(_audit_entry()),
        "DryRunResult": _dry_run_result(),
        "Applied": _applied(),
        "FieldError": shown(
            {
                "pointer": {**ANY_TEXT, "description": "A JSON pointer into the body; of a parameter, its name."},
                "code": {"enum": list(map(str, Code))},
                "detail": ANY_TEXT,
            }
        ),
        "Problem": _problem(),
    }
