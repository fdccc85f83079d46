"""Edits of profiles, their credentials aside."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from authz_server.core.profile import Client
from authz_server.documents.fields import Fields
from authz_server.managing import diff, shown
from authz_server.managing.commands import CreateProfile, DeleteProfile, UpdateProfile
from authz_server.managing.editing import Edit, Editor
from authz_server.managing.errors import TooManyProfiles
from authz_server.managing.fields import checked, reader, without
from authz_server.managing.issuing import Issued, Issuer, read_auth
from authz_server.managing.records import Edited, ProfileRecord

PROFILES_OF_A_CLIENT: Final = 1_000
_NO_AUTH: Final = {"type": "none"}
_UNKNOWN: Final = Client(id="", name="")  # until its row is locked


class ProfileEdits:
    """Create, update and delete profiles."""

    def __init__(self, editor: Editor, issuer: Issuer) -> None:
        self._editor = editor
        self._issuer = issuer

    def create(self, command: CreateProfile) -> Edited:
        """A new profile, and its credential where one has to be made.

        Raises `ValidationFailed`, `NotFound` (the client), `NameTaken`, `IdTaken`, `TooManyProfiles`.
        """
        now = self._editor.now()
        with checked({"id": self._issuer.new_id("pr_"), **command.fields}) as fields:
            read = self._read(fields, now)

        def work(edit: Edit) -> Edited:
            assert read is not None  # noqa: S101 - or it would have been refused
            record, issued = read
            client = edit.client(command.client_id).client
            if edit.unit.profiles.count_of_client(client.id) >= PROFILES_OF_A_CLIENT:
                raise TooManyProfiles
            (sequence,) = edit.unit.publication.take_sequences(1)
            record = edit.stamped(record, sequence, client)
            profile = record.profile
            edit.unit.profiles.add((record,))
            edit.announce((profile.id,), range(sequence, sequence + 1))
            edit.record(
                edit.entry(
                    "profile.create", diff.profile_changes(None, profile), client_id=client.id, profile_id=profile.id
                )
            )
            shape = shown.profile(record, edit.now)
            return Edited(shape=shape, version=sequence, sequence=sequence, credential=issued.shown)

        return self._editor.run(command.actor, work, command.idempotency)

    def update(self, command: UpdateProfile) -> Edited:
        """Change some fields. Raises `ValidationFailed`, `NotFound`, `VersionMismatch`, `NameTaken`."""
        with checked(command.fields) as fields:
            changes = reader().profile_changes(fields)

        def work(edit: Edit) -> Edited:
            before = edit.profile(command.profile_id, command.expected_version)
            profile = replace(before.profile, **changes)
            difference = diff.profile_changes(before.profile, profile)
            if not difference:  # but what was changed before may still be pending
                return Edited(shape=shown.profile(before, edit.now), version=before.version, sequence=before.version)
            record = edit.changed(before, profile, before.credential)
            edit.record(edit.entry("profile.update", difference, client_id=profile.client.id, profile_id=profile.id))
            return Edited(shape=shown.profile(record, edit.now), version=record.version, sequence=record.version)

        return self._editor.run(command.actor, work)

    def delete(self, command: DeleteProfile) -> Edited:
        """The profile goes. Raises `NotFound`, `VersionMismatch`."""

        def work(edit: Edit) -> Edited:
            profile = edit.profile(command.profile_id, command.expected_version).profile
            sequences = edit.unit.publication.take_sequences(1)
            edit.unit.profiles.delete((profile.id,))
            edit.announce((profile.id,), sequences)
            edit.record(
                edit.entry(
                    "profile.delete",
                    diff.profile_changes(profile, None),
                    client_id=profile.client.id,
                    profile_id=profile.id,
                )
            )
            return Edited(shape={"id": profile.id}, version=None, sequence=sequences[0])

        return self._editor.run(command.actor, work)

    def _read(self, fields: Fields, now: float) -> tuple[ProfileRecord, Issued] | None:
        """A profile as it is wanted, and its credential; None where an error was reported."""
        profile_id = fields.value("id")
        issued = read_auth(fields, self._issuer, reader(), profile_id if isinstance(profile_id, str) else "", now)
        others = without(fields, "auth", "expires_in_hours")
        profile = reader().profile(Fields({**dict(others.items()), "auth": _NO_AUTH}, (), fields.report), _UNKNOWN)
        if issued is None or profile is None:
            return None
        profile = replace(profile, auth=issued.auth)
        record = ProfileRecord(profile=profile, created_at=now, updated_at=now, credential=issued.credential)
        return record, issued
