"""What applying a document would change: the records as they are, as they would be, and the differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from authz_server.core.auth import AuthConfig, JwtAuth, TokenAuth
from authz_server.core.profile import Client, Profile
from authz_server.documents.document import Document
from authz_server.managing import diff
from authz_server.managing.errors import IdTaken
from authz_server.managing.issuing import Issuer
from authz_server.managing.ports import UnitOfWork
from authz_server.managing.records import ClientRecord, Credential, Differences, FieldChange, ProfileRecord

BATCH: Final = 1_000
T = TypeVar("T")
Changes = Mapping[str, FieldChange]


@dataclass(slots=True)
class Plan:
    """By id. What is `written` is added or changed; `unchanged` profiles are as they are in the database."""

    clients_before: dict[str, ClientRecord] = field(default_factory=dict)
    profiles_before: dict[str, ProfileRecord] = field(default_factory=dict)
    clients_written: dict[str, ClientRecord] = field(default_factory=dict)
    profiles_written: dict[str, ProfileRecord] = field(default_factory=dict)
    client_changes: dict[str, Changes] = field(default_factory=dict)
    profile_changes: dict[str, Changes] = field(default_factory=dict)
    clients_unchanged: list[str] = field(default_factory=list)
    profiles_unchanged: list[str] = field(default_factory=list)
    clients_gone: list[str] = field(default_factory=list)
    profiles_gone: list[str] = field(default_factory=list)

    def clients(self, *, prune: bool) -> Differences:
        """What happens to the clients."""
        return _differences(
            self.clients_before, self.clients_written, self.clients_unchanged, self.clients_gone, prune=prune
        )

    def profiles(self, *, prune: bool) -> Differences:
        """What happens to the profiles."""
        return _differences(
            self.profiles_before, self.profiles_written, self.profiles_unchanged, self.profiles_gone, prune=prune
        )


def plan(unit: UnitOfWork, document: Document, issuer: Issuer, now: float) -> Plan:
    """Compare the document with the records, and lock those. Raises `IdTaken` for another client's profile."""
    planned = Plan()
    _load(unit, document, planned)
    for client in document.clients:
        before = planned.clients_before.get(client.id)
        changes = diff.client_changes(None if before is None else before.client, client)
        if before is not None and not changes:
            planned.clients_unchanged.append(client.id)
            continue
        planned.client_changes[client.id] = changes
        planned.clients_written[client.id] = ClientRecord(
            client=client, version=0, created_at=before.created_at if before else now, updated_at=now
        )
    for profile in document.profiles:
        _compare(planned, profile, issuer, now)
    return planned


def _load(unit: UnitOfWork, document: Document, planned: Plan) -> None:
    wanted_clients = {client.id for client in document.clients}
    wanted_profiles = {profile.id for profile in document.profiles}
    for client_id in sorted(wanted_clients | {client.id for client in every_client(unit)}):
        record = unit.clients.lock(client_id)
        if record is None:
            continue
        planned.clients_before[client_id] = record
        if client_id not in wanted_clients:
            planned.clients_gone.append(client_id)
        for each in unit.profiles.lock_of_client(client_id):
            planned.profiles_before[each.profile.id] = each
            if each.profile.id not in wanted_profiles:
                planned.profiles_gone.append(each.profile.id)


def every_client(unit: UnitOfWork) -> Iterator[Client]:
    """All clients, by id."""
    after = ""
    while records := unit.clients.batch(after, BATCH):
        yield from (record.client for record in records)
        after = records[-1].client.id


def every_profile(unit: UnitOfWork) -> Iterator[ProfileRecord]:
    """All profiles, by id."""
    after = ""
    while records := unit.profiles.batch(after, BATCH):
        yield from records
        after = records[-1].profile.id


def _compare(planned: Plan, profile: Profile, issuer: Issuer, now: float) -> None:
    before = planned.profiles_before.get(profile.id)
    if before is not None and before.profile.client.id != profile.client.id:
        raise IdTaken(f"profile {profile.id} is that of client {before.profile.client.id}; a profile does not move")
    auth, credential = _credential(profile.auth, before, issuer, now)
    profile = replace(profile, auth=auth)
    changes = diff.profile_changes(None if before is None else before.profile, profile)
    if before is not None and not changes:
        planned.profiles_unchanged.append(profile.id)
        return
    planned.profile_changes[profile.id] = changes
    planned.profiles_written[profile.id] = ProfileRecord(
        profile=profile,
        created_at=before.created_at if before else now,
        updated_at=now,
        credential=credential,
    )


def _credential(
    auth: AuthConfig, before: ProfileRecord | None, issuer: Issuer, now: float
) -> tuple[AuthConfig, Credential | None]:
    """The same credential keeps its id and its dates; another one begins now."""
    value = _value(auth)
    if value is None:
        return auth, None
    if before is not None and before.credential is not None and _value(before.profile.auth) == value:
        credential = before.credential
    else:
        credential = issuer.credential(now, issued=False)
        if isinstance(auth, JwtAuth) and auth.credential_id is not None:
            credential = replace(credential, id=auth.credential_id)
    if isinstance(auth, JwtAuth):
        auth = replace(auth, credential_id=credential.id)
    return auth, credential


def _value(auth: AuthConfig) -> bytes | str | None:
    if isinstance(auth, TokenAuth):
        return auth.token_sha256
    if isinstance(auth, JwtAuth) and auth.secret is not None:
        return auth.secret.reveal()
    return None


def _differences(
    before: Mapping[str, T], written: Mapping[str, T], unchanged: Sequence[str], gone: Sequence[str], *, prune: bool
) -> Differences:
    return Differences(
        added=tuple(each for each in written if each not in before),
        changed=tuple(each for each in written if each in before),
        removed=tuple(gone) if prune else (),
        unchanged=tuple(unchanged),
        kept=() if prune else tuple(gone),
    )
