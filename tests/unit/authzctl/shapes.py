"""What the API answers, as its shapes are."""

from typing import Any

TOKEN = "azt_" + "t" * 43 + "000000"

Shape = dict[str, Any]


def a_client(client_id: str = "cl_acme", **changes: Any) -> Shape:
    """A client."""
    shape: Shape = {
        "id": client_id,
        "name": "Acme mobile",
        "description": "",
        "active": True,
        "labels": {"team": "mobile"},
        "version": 7,
        "created_at": "2026-11-01T00:00:00Z",
        "updated_at": "2026-11-02T03:04:05.678901Z",
    }
    return shape | changes


def a_profile(profile_id: str = "pr_production", **changes: Any) -> Shape:
    """A profile with a token."""
    shape: Shape = {
        "id": profile_id,
        "client_id": "cl_acme",
        "name": "production",
        "active": True,
        "allowed_methods": ["GET", "POST"],
        "allowed_ips": [],
        "allowed_routes": [],
        "labels": {},
        "auth": {
            "type": "token",
            "token_sha256": "********",
            "header": None,
            "expires_at": None,
            "forward_authorization": False,
            "previous": None,
        },
        "version": 12,
        "credential_state": {"state": "valid", "expires_at": None, "created_at": "2026-11-02T03:04:05.678901Z"},
        "created_at": "2026-11-01T00:00:00Z",
        "updated_at": "2026-11-02T03:04:05.678901Z",
    }
    return shape | changes


def issued(shape: Shape, propagation: str = "published", **changes: Any) -> Shape:
    """The answer to an edit that made a token."""
    credential: Shape = {
        "type": "token",
        "value": TOKEN,
        "expires_at": "2027-01-01T00:00:00Z",
        "headers": {
            "X-Client-ID": shape.get("client_id"),
            "X-Profile-ID": shape["id"],
            "Authorization": f"Bearer {TOKEN}",
        },
    }
    return shape | {"credential": credential | changes, "propagation": propagation}


def edited(shape: Shape, propagation: str = "published") -> Shape:
    """The answer to an edit that made no credential."""
    return shape | {"propagation": propagation}


def an_api_key(**changes: Any) -> Shape:
    """An API key."""
    shape: Shape = {
        "id": "ak_1",
        "name": "deploy",
        "role": "operator",
        "active": True,
        "created_at": "2026-11-01T00:00:00Z",
        "expires_at": None,
        "last_used_at": None,
        "revoked_at": None,
    }
    return shape | changes


def an_account(**changes: Any) -> Shape:
    """An account."""
    shape: Shape = {
        "id": "ac_1",
        "name": "Ada",
        "role": "operator",
        "active": True,
        "created_at": "2026-11-01T00:00:00Z",
        "updated_at": "2026-11-02T03:04:05.678901Z",
        "last_signed_in_at": None,
    }
    return shape | changes


def an_audit_entry(**changes: Any) -> Shape:
    """Somebody disabled a profile."""
    shape: Shape = {
        "id": 3,
        "at": "2026-11-02T03:04:05.678901Z",
        "actor": {"id": "ak_1", "name": "deploy"},
        "action": "profile.update",
        "client_id": "cl_acme",
        "profile_id": "pr_production",
        "api_key_id": None,
        "account_id": None,
        "changes": {"active": {"from": True, "to": False}},
    }
    return shape | changes


def a_page(*items: Shape, cursor: str | None = None) -> Shape:
    """A page of a list."""
    return {"items": list(items), "next_cursor": cursor}
