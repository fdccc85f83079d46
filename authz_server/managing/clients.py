"""Edits of clients."""

from __future__ import annotations

from dataclasses import replace

from authz_server.core.profile import Client
from authz_server.managing import diff, shown
from authz_server.managing.commands import CreateClient, DeleteClient, UpdateClient
from authz_server.managing.editing import Edit, Editor
from authz_server.managing.fields import checked, reader, refuse_profiles
from authz_server.managing.issuing import Issuer
from authz_server.managing.records import ClientRecord, Edited


class ClientEdits:
    """Create, update and delete clients."""

    def __init__(self, editor: Editor, issuer: Issuer) -> None:
        self._editor = editor
        self._issuer = issuer

    def create(self, command: CreateClient) -> Edited:
        """A new client. Raises `ValidationFailed`, `NameTaken`, `IdTaken`."""
        with checked({"id": self._issuer.new_id("cl_"), **command.fields}) as fields:
            refuse_profiles(fields)
            client = reader().client(fields)

        def work(edit: Edit) -> Edited:
            (sequence,) = edit.unit.publication.take_sequences(1)
            record = ClientRecord(client=client, version=sequence, created_at=edit.now, updated_at=edit.now)
            edit.unit.clients.add(record)
            edit.record(edit.entry("client.create", diff.client_changes(None, client), client_id=client.id))
            return Edited(shape=shown.client(record), version=sequence, sequence=None)

        return self._editor.run(command.actor, work, command.idempotency)

    def update(self, command: UpdateClient) -> Edited:
        """Change some fields; all its profiles are published anew, since their records hold them."""
        with checked(command.fields) as fields:
            changes = reader().client_changes(fields)

        def work(edit: Edit) -> Edited:
            before = edit.client(command.client_id, command.expected_version)
            client = replace(before.client, **changes)
            if client == before.client:
                return Edited(shape=shown.client(before), version=before.version, sequence=edit.last_sequence())
            record, last = save_client(edit, before, client)
            return Edited(shape=shown.client(record), version=record.version, sequence=last)

        return self._editor.run(command.actor, work)

    def delete(self, command: DeleteClient) -> Edited:
        """The client and all its profiles go."""

        def work(edit: Edit) -> Edited:
            record = edit.client(command.client_id, command.expected_version)
            profile_ids = [each.profile.id for each in edit.unit.profiles.lock_of_client(command.client_id)]
            sequences = edit.unit.publication.take_sequences(len(profile_ids))
            edit.unit.profiles.delete(profile_ids)
            edit.unit.clients.delete(command.client_id)
            edit.announce(profile_ids, sequences)
            for profile_id in profile_ids:
                edit.record(edit.entry("profile.delete", {}, client_id=command.client_id, profile_id=profile_id))
            edit.record(
                edit.entry("client.delete", diff.client_changes(record.client, None), client_id=command.client_id)
            )
            return Edited(
                shape={"id": command.client_id}, version=None, sequence=sequences[-1] if profile_ids else None
            )

        return self._editor.run(command.actor, work)


def save_client(edit: Edit, before: ClientRecord, client: Client) -> tuple[ClientRecord, int | None]:
    """Save a client that has changed, and have its profiles published; returns the last sequence, if there are any."""
    profiles = edit.unit.profiles.lock_of_client(client.id)
    version, *sequences = edit.unit.publication.take_sequences(1 + len(profiles))
    record = replace(before, client=client, version=version, updated_at=edit.now)
    edit.unit.clients.save(record)
    edit.unit.profiles.save(
        [edit.stamped(each, sequence, client) for each, sequence in zip(profiles, sequences, strict=True)]
    )
    edit.announce([each.profile.id for each in profiles], range(version + 1, version + 1 + len(profiles)))
    edit.record(edit.entry("client.update", diff.client_changes(before.client, client), client_id=client.id))
    return record, sequences[-1] if sequences else None
