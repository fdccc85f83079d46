"""One command per edit: what is wanted, who asks, and what has to be true for it to be done.

`fields` and `auth` are plain values as they came, still to be checked: strings, numbers, booleans, lists, mappings,
None. `expected_version` is that of If-Match; None where any version will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authz_server.managing.records import Actor

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Idempotency:
    """An Idempotency-Key, and the SHA-256 of the request that it came with (method, path and body)."""

    key: str
    request: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateClient:
    """`fields`: name; optional id, description, active, labels."""

    actor: Actor
    fields: Fields
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateClient:
    """`fields`: any of name, description, active, labels. What is not named stays."""

    actor: Actor
    client_id: str
    fields: Fields
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteClient:
    """The client goes, and all its profiles."""

    actor: Actor
    client_id: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateProfile:
    """`fields` are a document's profile's, with `id` optional, and expires_in_hours.

    `auth` is the document's, but a token without `token_sha256`, and an HMAC algorithm without `secret`, are made here.
    """

    actor: Actor
    client_id: str
    fields: Fields
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateProfile:
    """`fields`: any of name, active, allowed_methods, allowed_ips, allowed_routes, labels. What is not named stays."""

    actor: Actor
    profile_id: str
    fields: Fields
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteProfile:
    """The profile goes."""

    actor: Actor
    profile_id: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateCredential:
    """`fields`: optional expires_in_hours, grace_seconds."""

    actor: Actor
    profile_id: str
    fields: Fields = field(default_factory=dict)
    expected_version: int | None = None
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAuth:
    """`fields`: auth; optional expires_in_hours. The old credential is gone; a new one is made as for a new profile."""

    actor: Actor
    profile_id: str
    fields: Fields
    expected_version: int | None = None
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAuth:
    """The profile's auth becomes `none`."""

    actor: Actor
    profile_id: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireCredential:
    """The credential, and its predecessor, stop working now."""

    actor: Actor
    profile_id: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndGrace:
    """The credential before the last rotation stops working now; the one that took its place works on."""

    actor: Actor
    profile_id: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealCredential:
    """The credential is shown again, where it is kept for that."""

    actor: Actor
    profile_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKey:
    """`fields`: name, role; optional expires_in_hours."""

    actor: Actor
    fields: Fields
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKey:
    """The key stops working now; it stays on the list."""

    actor: Actor
    api_key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount:
    """`fields`: name, role, password.

    There is no idempotency: a digest of the request would be a quick way to try passwords; the name is unique.
    """

    actor: Actor
    fields: Fields = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAccount:
    """`fields`: any of role, active, password. What is not named stays."""

    actor: Actor
    account_id: str
    fields: Fields = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAccount:
    """The account goes, and all its sessions."""

    actor: Actor
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessions:
    """Wherever this account has signed in, it is signed out."""

    actor: Actor
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    """Somebody's own. `fields`: current_password, new_password."""

    account_id: str
    fields: Fields = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyDocument:
    """All of a document in one unit of work. `prune` removes what is not in it; a dry run only tells."""

    actor: Actor
    document: bytes
    prune: bool = False
    dry_run: bool = False
