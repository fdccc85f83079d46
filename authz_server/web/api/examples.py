"""Examples for the description of the API. Its credentials are made up: their checksums are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_THEN: Final = "2027-01-01T00:00:00Z"
_STAMPS: Final = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z"}
_TOKEN: Final = "azt_0000000000000000000000000000000000000000000000000"  # noqa: S105 - no token: its checksum is wrong
_API_KEY: Final = "aza_0000000000000000000000000000000000000000000000000"

NEW_CLIENT: Final = {"id": "cl_acme", "name": "Acme mobile", "labels": {"tier": "gold"}}
CLIENT: Final = {
    "id": "cl_acme",
    "name": "Acme mobile",
    "description": "",
    "active": True,
    "labels": {"tier": "gold"},
    "version": 1,
    **_STAMPS,
}
CLIENT_CHANGES: Final = {"active": False}

NEW_PROFILE: Final = {
    "name": "production",
    "allowed_methods": ["GET", "POST"],
    "allowed_ips": ["10.0.0.0/8", "2001:db8::/32"],
    "auth": {"type": "token"},
    "expires_in_hours": 720,
}
PROFILE: Final = {
    "id": "pr_production",
    "client_id": "cl_acme",
    "name": "production",
    "active": True,
    "allowed_methods": ["GET", "POST"],
    "allowed_ips": ["10.0.0.0/8", "2001:db8::/32"],
    "allowed_routes": [],
    "labels": {},
    "auth": {
        "type": "token",
        "token_sha256": "********",
        "header": None,
        "expires_at": _THEN,
        "forward_authorization": False,
        "previous": None,
    },
    "version": 2,
    "credential_state": {"state": "valid", "expires_at": _THEN, "created_at": "2026-01-01T00:00:00Z"},
    **_STAMPS,
}
PROFILE_CHANGES: Final = {"allowed_ips": ["10.0.0.0/8", "192.168.1.7"]}
ROTATION: Final = {"expires_in_hours": 720, "grace_seconds": 0}
AUTH_CHANGE: Final = {"auth": {"type": "mtls", "san_dns": ["client.example.org"]}}
CREDENTIAL: Final = {
    "type": "token",
    "value": _TOKEN,
    "expires_at": _THEN,
    "headers": {"X-Client-ID": "cl_acme", "X-Profile-ID": "pr_production", "Authorization": f"Bearer {_TOKEN}"},
}

NEW_API_KEY: Final = {"name": "deploy", "role": "operator", "expires_in_hours": 720}
API_KEY: Final = {
    "id": "ak_deploy",
    "name": "deploy",
    "role": "operator",
    "active": True,
    "created_at": "2026-01-01T00:00:00Z",
    "expires_at": _THEN,
    "last_used_at": None,
    "revoked_at": None,
}
REVOKED_API_KEY: Final = {**API_KEY, "active": False, "revoked_at": "2026-01-03T00:00:00Z"}
API_KEY_CREDENTIAL: Final = {
    "type": "api_key",
    "value": _API_KEY,
    "expires_at": _THEN,
    "headers": {"Authorization": f"Bearer {_API_KEY}"},
}

NEW_ACCOUNT: Final = {"name": "Ada Lovelace", "role": "operator", "password": "correct horse battery staple"}
ACCOUNT: Final = {
    "id": "ac_ada",
    "name": "Ada Lovelace",
    "role": "operator",
    "active": True,
    **_STAMPS,
    "last_signed_in_at": None,
}
ACCOUNT_CHANGES: Final = {"active": False}
CHANGED_ACCOUNT: Final = {**ACCOUNT, "active": False}

AUDIT_ENTRY: Final = {
    "id": 17,
    "at": "2026-01-02T00:00:00Z",
    "actor": {"id": "ak_deploy", "name": "deploy"},
    "action": "profile.update",
    "client_id": "cl_acme",
    "profile_id": "pr_production",
    "api_key_id": None,
    "account_id": None,
    "changes": {"active": {"from": True, "to": False}},
}

DOCUMENT: Final = {
    "clients": [
        {
            "id": "cl_acme",
            "name": "Acme mobile",
            "profiles": [
                {
                    "id": "pr_internal",
                    "name": "internal",
                    "allowed_ips": ["10.0.0.0/8"],
                    "auth": {"type": "token", "token_sha256": "0" * 64},
                }
            ],
        }
    ]
}
_NOTHING: Final[Mapping[str, Any]] = {
    "added": [],
    "changed": [],
    "removed": [],
    "unchanged": [],
    "kept": [],
    "changes": {},
}
APPLIED: Final = {
    "clients": {**_NOTHING, "unchanged": ["cl_acme"]},
    "profiles": {
        **_NOTHING,
        "changed": ["pr_internal"],
        "changes": {"pr_internal": {"allowed_ips": {"from": [], "to": ["10.0.0.0/8"]}}},
    },
    "warnings": [],
    "dry_run": True,
}

DRY_RUN: Final = {
    "client_id": "cl_acme",
    "profile_id": "pr_production",
    "method": "DELETE",
    "client_ip": "10.1.2.3",
    "assume_credential": True,
}
DRY_RUN_RESULT: Final = {
    "outcome": "denied",
    "status": 405,
    "code": "method_not_allowed",
    "headers": {"content-type": "application/problem+json", "cache-control": "no-store", "allow": "GET, POST"},
    "body": '{"type":"urn:authz:problem:method_not_allowed","title":"Method not allowed","status":405}',
    "upstream_headers": None,
    "steps": [
        {"step": "identity", "verdict": "passed", "detail": "X-Client-ID and X-Profile-ID are there."},
        {"step": "profile", "verdict": "passed", "detail": "The profile exists and is this client's."},
        {"step": "active", "verdict": "passed", "detail": "The client and the profile are switched on."},
        {"step": "client_ip", "verdict": "passed", "detail": "The address is on the profile's list."},
        {"step": "method", "verdict": "refused", "detail": "The profile may not use this method."},
        {"step": "route", "verdict": "not_reached", "detail": "An earlier step decided."},
        {"step": "credential", "verdict": "not_reached", "detail": "An earlier step decided."},
    ],
}


def page(item: Mapping[str, Any]) -> dict[str, Any]:
    """A page with this one item."""
    return {"items": [item], "next_cursor": None}


def edited(shape: Mapping[str, Any], credential: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The answer to an edit."""
    shown = {} if credential is None else {"credential": credential}
    return {**shape, **shown, "propagation": "published"}
