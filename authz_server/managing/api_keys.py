"""API keys: made, revoked, and recognised."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Final

from authz_server.core import token
from authz_server.documents import values
from authz_server.managing import shown
from authz_server.managing.commands import CreateApiKey, RevokeApiKey
from authz_server.managing.editing import Edit, Editor
from authz_server.managing.errors import DatabaseUnavailable, NotFound, Unauthenticated
from authz_server.managing.fields import EXPIRES_IN_HOURS, checked
from authz_server.managing.issuing import HOUR_SECONDS, Issuer
from authz_server.managing.ports import Database
from authz_server.managing.records import API_KEY, ApiKey, Edited, FieldChange, IssuedCredential, Role

LAST_USE_SECONDS: Final = 60  # how exactly the last use is known: not every call should write
_FIELDS: Final = frozenset(("name", "role", "expires_in_hours"))
_role: Final = values.one_of(tuple(map(str, Role)))


class ApiKeyEdits:
    """Create and revoke API keys, and tell whose a key is."""

    def __init__(self, editor: Editor, issuer: Issuer, database: Database) -> None:
        self._editor = editor
        self._issuer = issuer
        self._database = database
        self._noted: dict[str, float] = {}  # by id, when this process last tried to note its use

    def create(self, command: CreateApiKey) -> Edited:
        """A new key, shown once. Raises `ValidationFailed`."""
        with checked(command.fields) as fields:
            fields.know(_FIELDS, "an API key")
            name = fields.required("name", values.name)
            role = fields.required("role", _role)
            hours = fields.optional("expires_in_hours", EXPIRES_IN_HOURS, None)
        value = self._issuer.api_key()

        def work(edit: Edit) -> Edited:
            key = ApiKey(
                id=self._issuer.new_id("ak_"),
                name=name or "",
                role=Role(role or ""),
                digest=token.digest(value.reveal()),
                created_at=edit.now,
                expires_at=None if hours is None else edit.now + hours * HOUR_SECONDS,
            )
            edit.unit.api_keys.add(key)
            changes = {"name": FieldChange(None, key.name), "role": FieldChange(None, key.role.value)}
            edit.record(edit.entry("api_key.create", changes, api_key_id=key.id))
            issued = IssuedCredential(API_KEY, value, key.expires_at)
            return Edited(shape=shown.api_key(key, edit.now), version=None, sequence=None, credential=issued)

        return self._editor.run(command.actor, work, command.idempotency)

    def revoke(self, command: RevokeApiKey) -> Edited:
        """The key stops working; once more changes nothing. Raises `NotFound`."""

        def work(edit: Edit) -> Edited:
            key = edit.unit.api_keys.lock(command.api_key_id)
            if key is None:
                raise NotFound
            if key.revoked_at is None:
                key = replace(key, revoked_at=edit.now)
                edit.unit.api_keys.save(key)
                edit.record(edit.entry("api_key.revoke", {}, api_key_id=key.id))
            return Edited(shape=shown.api_key(key, edit.now), version=None, sequence=None)

        return self._editor.run(command.actor, work)

    def authenticate(self, secret: str) -> ApiKey:
        """The key that this secret is, noting its use. Raises `Unauthenticated`, whatever is wrong with it."""
        if not token.is_well_formed(secret, token.Prefix.API_KEY):
            raise Unauthenticated
        now = self._editor.now()
        with self._database.read() as unit:
            key = unit.api_keys.by_digest(token.digest(secret))  # of 256 random bits: no timing tells a digest
        if key is None or not key.works_at(now):
            raise Unauthenticated
        if _is_old(key.last_used_at, now) and _is_old(self._noted.get(key.id), now):
            self._noted[key.id] = now  # before it is done: while the database is locked, only one call waits for it
            self._note_use(key.id, now)
        return key

    def _note_use(self, api_key_id: str, now: float) -> None:
        # A database that only reads for now is no reason to turn anybody away.
        with contextlib.suppress(DatabaseUnavailable), self._database.edit() as unit:
            unit.api_keys.note_use(api_key_id, now)


def _is_old(noted_at: float | None, now: float) -> bool:
    return noted_at is None or now - noted_at >= LAST_USE_SECONDS
