"""Builders of records, with everything that a test does not care about filled in."""

from dataclasses import replace
from typing import Any

from authz_server.core.auth import JwtAuth, TokenAuth
from authz_server.core.profile import Profile, Version
from authz_server.managing.records import (
    Account,
    Actor,
    ApiKey,
    AuditEntry,
    ClientRecord,
    Credential,
    OutboxEvent,
    ProfileRecord,
    Role,
    Session,
)
from tests.support.profiles import a_client, a_profile

NOW = 1_700_000_000.0
AN_ACTOR = Actor("ak_1", "deploy")


def a_client_record(client_id: str = "cl_acme", **fields: Any) -> ClientRecord:
    """A client as it is kept; fields of the record's own, or the client's."""
    own = {name: fields.pop(name) for name in ("version", "created_at", "updated_at") if name in fields}
    defaults: dict[str, Any] = {"version": 1, "created_at": NOW, "updated_at": NOW}
    return ClientRecord(client=a_client(client_id, **fields), **(defaults | own))


def a_profile_record(profile_id: str = "pr_1", client_id: str = "cl_acme", **fields: Any) -> ProfileRecord:
    """A profile as it is kept; fields of the record's own, or the profile's."""
    names = ("version", "created_at", "updated_at", "credential")
    own = {name: fields.pop(name) for name in names if name in fields}
    version = own.pop("version", 1)
    profile = a_profile(profile_id, client=a_client(client_id), version=Version("", version), **fields)
    defaults: dict[str, Any] = {"created_at": NOW, "updated_at": NOW, "credential": _credential(profile)}
    return ProfileRecord(profile=profile, **(defaults | own))


def _credential(profile: Profile) -> Credential | None:
    if isinstance(profile.auth, TokenAuth) or (isinstance(profile.auth, JwtAuth) and profile.auth.secret):
        return Credential(id="cr_1", created_at=NOW, issued=True)
    return None


def an_api_key(api_key_id: str = "ak_1", **fields: Any) -> ApiKey:
    """An API key."""
    defaults: dict[str, Any] = {"name": "deploy", "role": Role.OPERATOR, "digest": b"d" * 32, "created_at": NOW}
    return ApiKey(id=api_key_id, **(defaults | fields))


def an_account(account_id: str = "ac_1", **fields: Any) -> Account:
    """An account whose password is no password."""
    defaults: dict[str, Any] = {"name": f"name of {account_id}", "role": Role.ADMIN, "password": "-", "active": True}
    return Account(id=account_id, **(defaults | {"created_at": NOW, "updated_at": NOW} | fields))


def a_session(digest: bytes = b"s" * 32, account_id: str = "ac_1", **fields: Any) -> Session:
    """A session."""
    return Session(digest=digest, account_id=account_id, **({"created_at": NOW, "last_seen_at": NOW} | fields))


def an_entry(action: str = "client.create", **fields: Any) -> AuditEntry:
    """An audit entry that is still to be recorded."""
    defaults: dict[str, Any] = {"at": NOW, "actor": AN_ACTOR}
    return AuditEntry(action=action, **(defaults | fields))


def an_event(sequence: int, profile_id: str = "pr_1", **fields: Any) -> OutboxEvent:
    """An event that is still to be published."""
    defaults: dict[str, Any] = {"edit": sequence, "recorded_at": NOW}
    return OutboxEvent(sequence=sequence, profile_id=profile_id, **(defaults | fields))


def at_version(record: ProfileRecord, sequence: int) -> ProfileRecord:
    """The record as of another sequence."""
    return replace(record, profile=replace(record.profile, version=Version("", sequence)))
