"""What is recorded, as people and programs see it: the shapes of REST. Times are RFC 3339 in UTC."""

from __future__ import annotations

from typing import Any

from authz_server.core.auth import AuthType
from authz_server.documents.shapes import shown_client, shown_profile, written_time
from authz_server.managing.credential_state import credential_state
from authz_server.managing.records import (
    API_KEY,
    Account,
    ApiKey,
    AuditEntry,
    ClientRecord,
    Edited,
    IssuedCredential,
    ProfileRecord,
    Shape,
)
from authz_server.managing.relay import Propagation


def client(record: ClientRecord) -> Shape:
    """A client."""
    return {
        **shown_client(record.client),
        "version": record.version,
        "created_at": written_time(record.created_at),
        "updated_at": written_time(record.updated_at),
    }


def profile(record: ProfileRecord, now: float) -> Shape:
    """A profile, its secrets hidden, and the state that its credential is in at `now`."""
    state = credential_state(record, now)
    return {
        **shown_profile(record.profile),
        "credential_state": {
            "state": state.state.value,
            "expires_at": written_time(state.expires_at),
            "created_at": written_time(state.created_at),
        },
        "created_at": written_time(record.created_at),
        "updated_at": written_time(record.updated_at),
    }


def api_key(record: ApiKey, now: float) -> Shape:
    """An API key, without anything that it could be used or told by."""
    return {
        "id": record.id,
        "name": record.name,
        "role": record.role.value,
        "active": record.works_at(now),
        "created_at": written_time(record.created_at),
        "expires_at": written_time(record.expires_at),
        "last_used_at": written_time(record.last_used_at),
        "revoked_at": written_time(record.revoked_at),
    }


def account(record: Account) -> Shape:
    """An account, without anything of its password."""
    return {
        "id": record.id,
        "name": record.name,
        "role": record.role.value,
        "active": record.active,
        "created_at": written_time(record.created_at),
        "updated_at": written_time(record.updated_at),
        "last_signed_in_at": written_time(record.last_signed_in_at),
    }


def audit_entry(entry: AuditEntry) -> Shape:
    """Who did what, when, and what it changed."""
    return {
        "id": entry.id,
        "at": written_time(entry.at),
        "actor": {"id": entry.actor.id, "name": entry.actor.name},
        "action": entry.action,
        "client_id": entry.client_id,
        "profile_id": entry.profile_id,
        "api_key_id": entry.api_key_id,
        "account_id": entry.account_id,
        "changes": {name: {"from": change.before, "to": change.after} for name, change in entry.changes.items()},
    }


def answer(edited: Edited, propagation: Propagation) -> dict[str, Any]:
    """The answer to an edit: its object, what became of it, and the credential, whose value is shown here only."""
    shape = dict(edited.shape)
    if edited.credential is not None:
        shape["credential"] = _credential(edited.credential, shape)
    shape["propagation"] = propagation.value
    return shape


def _credential(issued: IssuedCredential, shape: Shape) -> Shape:
    value = None if issued.value is None else issued.value.reveal()
    headers = {}
    if issued.type != API_KEY:
        headers = {"X-Client-ID": shape["client_id"], "X-Profile-ID": shape["id"]}
    if value is not None and issued.type != AuthType.JWT:
        headers |= _carrying(value, None if issued.type == API_KEY else shape["auth"]["header"])
    shown = {} if value is None else {"value": value}
    return {"type": issued.type, **shown, "expires_at": written_time(issued.expires_at), "headers": headers}


def _carrying(value: str, header: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"} if header is None else {header: value}
