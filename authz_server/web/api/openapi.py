"""The description of the API, OpenAPI 3.1, made from the operations that are served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from authz_server import __version__
from authz_server.documents import schema
from authz_server.managing.credential_state import State
from authz_server.web import limits
from authz_server.web.api import problems, schemas
from authz_server.web.api.operations import Operation, Resource, Returned
from authz_server.web.api.paths import PREFIX

_COMMON_ERRORS: Final = (
    *("unauthenticated", "forbidden", "method_not_allowed", "too_many_attempts"),
    *("validation_failed", "internal_error", "database_unavailable"),
)
_OF_BODIES: Final = ("malformed_json", "content_too_large", "unsupported_media_type")
_DESCRIPTION: Final = (
    "Clients, their profiles and credentials. Every error is a problem document (RFC 9457). An edit answers after it "
    "has been published, or says `pending` after a second. Roles: viewer, operator, admin; each may do what the ones "
    "before it may."
)

_TAGS: Final = {"clients": "Clients", "profiles": "Profiles", "api-keys": "API keys", "accounts": "Accounts"}


def describe(resources: Iterable[Resource]) -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "authz-server", "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "jsonSchemaDialect": schema.DIALECT,
        "security": [{"apiKey": []}],
        "paths": {f"{PREFIX}{each.path}": _path(each) for each in resources},
        "components": {
            "schemas": schemas.components(),
            "headers": _headers(),
            "responses": {str(status): _problem(status) for status in _statuses(problems.KINDS)},
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key (`aza_…`); `authz-server apikey create` makes the first one.",
                }
            },
        },
    }


def _path(resource: Resource) -> dict[str, Any]:
    parameters = [_path_parameter(name) for name in _names(resource.path)]
    shared = {"parameters": parameters} if parameters else {}
    tag = _TAGS.get(resource.path.split("/")[1], "All records")
    operations = {method.lower(): _operation(each, tag) for method, each in resource.operations.items()}
    return {**shared, **operations}


def _operation(operation: Operation, tag: str) -> dict[str, Any]:
    parameters = [*(_query_parameter(name) for name in operation.query), *_header_parameters(operation)]
    return {
        "operationId": operation.id,
        "tags": [tag],
        "summary": operation.summary,
        "description": f"Needs the role {operation.role.value}.",
        **({"parameters": parameters} if parameters else {}),
        **({} if operation.body is None else {"requestBody": _body(operation)}),
        "responses": {str(operation.returns.status): _returned(operation.returns), **_errors(operation)},
    }


def _body(operation: Operation) -> dict[str, Any]:
    content = {"schema": operation.body, "example": operation.body_example}
    return {
        "required": operation.body_required,
        "content": dict.fromkeys(operation.media_types, content),
        "description": f"At most {operation.most_bytes} bytes of UTF-8.",
    }


def _returned(returned: Returned) -> dict[str, Any]:
    content = {"schema": returned.schema, "example": returned.example}
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in returned.headers}
    return {
        "description": returned.description,
        **({"headers": headers} if headers else {}),
        "content": dict.fromkeys(returned.media_types, content),
    }


def _errors(operation: Operation) -> dict[str, Any]:
    codes = {*_COMMON_ERRORS, *operation.errors}
    if operation.body is not None:
        codes.update(_OF_BODIES)
    if operation.conditional:
        codes.add("version_mismatch")
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in _statuses(codes)}


def _statuses(codes: Iterable[str]) -> list[int]:
    return sorted({problems.KINDS[code].status for code in codes})


def _problem(status: int) -> dict[str, Any]:
    kinds = {str(code): kind for code, kind in problems.KINDS.items() if kind.status == status}
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS_OF_ERRORS.get(status, ())}
    return {
        "description": "; ".join(f"`{code}`: {kind.title}" for code, kind in kinds.items()),
        **({"headers": headers} if headers else {}),
        "content": {
            problems.MEDIA_TYPE: {
                "schema": schemas.ref("Problem"),
                "examples": {code: {"value": _example(code, kind)} for code, kind in kinds.items()},
            }
        },
    }


def _example(code: str, kind: problems.Kind) -> dict[str, Any]:
    invalid = {"pointer": "/allowed_ips/0", "code": "invalid", "detail": "is not an IPv4 or IPv6 address"}
    return {
        "type": f"{problems.TYPE_PREFIX}{code}",
        "title": kind.title,
        "status": kind.status,
        "code": code,
        "detail": f"{kind.title}.",
        "request_id": "7c0b8b3e-5a55-4a0e-9d2f-1f0f6b1f0c55",
        **({"errors": [invalid]} if code == "validation_failed" else {}),
    }


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema.IDENTIFIER, "example": _IDS[name]}


def _query_parameter(name: str) -> dict[str, Any]:
    kind, description, example = _QUERY[name]
    return {"name": name, "in": "query", "description": description, "schema": kind, "example": example}


def _header_parameters(operation: Operation) -> list[dict[str, Any]]:
    found = []
    if operation.conditional:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "description": "The ETag of what was read; 412 where it has changed since.",
                "schema": {"type": "string", "pattern": r'^(\*|"[0-9]{1,19}")$'},
                "example": "*",
            }
        )
    if operation.idempotent:
        most = limits.IDEMPOTENCY_KEY_CHARACTERS
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key and request within 24 hours are answered alike, without the value.",
                "schema": {"type": "string", "minLength": 1, "maxLength": most, "pattern": "^[!-~]+$"},
                "example": "b6a1f6de-3c2f-4a7e-8c56-3f8e6f1d2a90",
            }
        )
    return found


def _headers() -> dict[str, Any]:
    return {
        "ETag": {
            "description": "The version, for If-Match.",
            "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
        },
        "Location": {"description": "Where it is.", "required": True, "schema": {"type": "string"}},
        "Idempotency-Replayed": {
            "description": "`true` where this is the answer of before.",
            "schema": {"type": "string", "enum": ["true"]},
        },
        "WWW-Authenticate": {"required": True, "schema": {"type": "string"}},
        "Allow": {"description": "What the path takes.", "required": True, "schema": {"type": "string"}},
        "Accept": {"description": "The media types that are taken.", "schema": {"type": "string"}},
        "Retry-After": {
            "description": "Seconds to wait.",
            "required": True,
            "schema": {"type": "integer", "minimum": 0},
        },
    }


_HEADERS_OF_ERRORS: Final[Mapping[int, tuple[str, ...]]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    415: ("Accept",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
_IDS: Final = {"client_id": "cl_acme", "profile_id": "pr_production", "api_key_id": "ak_deploy", "account_id": "ac_ada"}
_SWITCH: Final = {"type": "boolean"}
_A_TEXT: Final = schema.a_text(limits.QUERY_CHARACTERS)
_SEARCH: Final = {key: value for key, value in _A_TEXT.items() if key != "minLength"} | {
    "pattern": _A_TEXT["pattern"].replace("+$", "*$")
}
_QUERY: Final[Mapping[str, tuple[Mapping[str, Any], str, Any]]] = {
    "q": (_SEARCH, "A part of id, name or description, in either case.", "acme"),
    "active": (_SWITCH, "Only those that are switched on, or off.", True),
    "state": ({"enum": list(map(str, State))}, "Only those whose credential is in this state.", "valid"),
    "cursor": ({"type": "string", "format": "cursor"}, "The `next_cursor` of the page before.", "WzAuMCwiMTciXQ"),
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": limits.MOST_PAGE_ITEMS, "default": limits.PAGE_ITEMS},
        "How many items at most.",
        limits.PAGE_ITEMS,
    ),
    "client_id": (_A_TEXT, "Only of this client.", "cl_acme"),
    "profile_id": (_A_TEXT, "Only of this profile.", "pr_production"),
    "account_id": (_A_TEXT, "Only of this account.", "ac_ada"),
    "actor_id": (_A_TEXT, "Only what this API key or account did.", "ak_deploy"),
    "action": (_A_TEXT, "Only this action.", "credential.rotate"),
    "since": (schema.TIME, "Only what was done at this time, or later.", "2026-01-01T00:00:00Z"),
    "until": (schema.TIME, "Only what was done before this time.", "2027-01-01T00:00:00Z"),
    "dry_run": (_SWITCH, "Only tell what would change.", True),
    "prune": (_SWITCH, "Remove what is not in the document.", False),
}
