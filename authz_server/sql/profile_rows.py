"""A profile and its row: what is written is what validators made, and what is read back is compiled anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import RowMapping, Select, select

from authz_server.core.allow_list import AllowList
from authz_server.core.auth import JwtAuth, TokenAuth
from authz_server.core.profile import Client, Profile, Version
from authz_server.core.secret import Secret
from authz_server.managing.errors import DatabaseUnavailable
from authz_server.managing.records import Credential, ProfileRecord
from authz_server.sealing.content import SealMissing, read_auth, write_auth
from authz_server.sealing.seal import Seal
from authz_server.sql.paging import searched
from authz_server.sql.tables import clients, profiles


class ProfileUnreadable(DatabaseUnavailable):
    """A row that cannot be read as a profile: mostly a sealed secret that no key opens."""


_CLIENT: Final = ("name", "description", "active", "labels")

JOINED: Final[Select[Any]] = select(profiles, *(clients.c[name].label(f"client_{name}") for name in _CLIENT)).join_from(
    profiles, clients
)
"""Profiles, each with its client."""


def written(record: ProfileRecord, seal: Seal | None) -> dict[str, Any]:
    """The row of a record. Raises `SealMissing` where a secret is to be kept and there is no key."""
    profile = record.profile
    return {
        "id": profile.id,
        "client_id": profile.client.id,
        "name": profile.name,
        "active": profile.active,
        "allowed_methods": profile.allowed_methods,
        "allowed_ips": profile.allowed_ips.entries,
        "allowed_routes": profile.allowed_routes,
        "labels": dict(profile.labels),
        "auth": write_auth(profile.id, profile.auth, seal).decode(),
        "auth_type": profile.auth.type.value,
        "expires_at": profile.auth.expires_at if isinstance(profile.auth, TokenAuth | JwtAuth) else None,
        "sequence": record.version,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "searched": searched(profile.id, profile.name),
        **_written_credential(profile.id, record.credential, seal),
    }


def _written_credential(profile_id: str, credential: Credential | None, seal: Seal | None) -> dict[str, Any]:
    return {
        "credential_id": credential and credential.id,
        "credential_created_at": credential and credential.created_at,
        "credential_issued": credential and credential.issued,
        "token_sealed": credential and credential.token and _sealed(profile_id, credential.id, credential.token, seal),
    }


def _sealed(profile_id: str, credential_id: str, token: Secret, seal: Seal | None) -> str:
    if seal is None:
        raise SealMissing(f"profile {profile_id} has a token that is to be kept: set AUTHZ_SECRET_KEYS")
    return seal.seal(profile_id, credential_id, token)


def read(rows: Iterable[RowMapping], seal: Seal | None) -> Iterator[ProfileRecord]:
    """The records of joined rows; profiles of one client share it. Raises `ProfileUnreadable`."""
    known: dict[str, Client] = {}
    for row in rows:
        client = known.get(row["client_id"])
        if client is None:
            client = known[row["client_id"]] = Client(
                id=row["client_id"],
                name=row["client_name"],
                description=row["client_description"],
                active=row["client_active"],
                labels=row["client_labels"],
            )
        yield _record(row, client, seal)


@lru_cache(maxsize=1_024)
def _allow_list(entries: tuple[str, ...]) -> AllowList:
    """Many profiles have the same one, and compiling it is a third of reading a row."""
    return AllowList.of(entries)


def _record(row: RowMapping, client: Client, seal: Seal | None) -> ProfileRecord:
    try:
        profile = Profile(
            id=row["id"],
            client=client,
            name=row["name"],
            active=row["active"],
            allowed_methods=tuple(row["allowed_methods"]),
            allowed_ips=_allow_list(tuple(row["allowed_ips"])),
            allowed_routes=tuple(row["allowed_routes"]),
            labels=row["labels"],
            auth=read_auth(row["id"], row["auth"].encode(), seal),
            version=Version("", row["sequence"]),
        )
        credential = _credential(row, seal)
    except ValueError as error:  # its sentence holds no secret
        raise ProfileUnreadable(f"profile {row['id']} {error}") from None
    return ProfileRecord(
        profile=profile, created_at=row["created_at"], updated_at=row["updated_at"], credential=credential
    )


def _credential(row: RowMapping, seal: Seal | None) -> Credential | None:
    if row["credential_id"] is None:
        return None
    return Credential(
        id=row["credential_id"],
        created_at=row["credential_created_at"],
        issued=row["credential_issued"],
        token=None if row["token_sealed"] is None else _token(row, seal),
    )


def _token(row: RowMapping, seal: Seal | None) -> Secret:
    if seal is None:
        raise ValueError("holds a sealed token, and there is no key to open it")
    try:
        credential_id, token = seal.open(row["id"], row["token_sealed"])
    except ValueError as error:
        raise ValueError(f"holds a sealed token that {error}") from None
    if credential_id != row["credential_id"]:
        raise ValueError("holds the sealed token of another credential")
    return token
