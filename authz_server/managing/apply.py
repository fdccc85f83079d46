"""The document over the records: applied as a whole, and exported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from authz_server.core.auth import JwtAuth
from authz_server.core.secret import Secret
from authz_server.documents.document import Document, read_document
from authz_server.documents.errors import Code, Problem
from authz_server.documents.shapes import Shape, exported
from authz_server.managing import diff
from authz_server.managing.commands import ApplyDocument
from authz_server.managing.editing import Edit, Editor
from authz_server.managing.errors import TooManyProfiles, ValidationFailed
from authz_server.managing.issuing import Issuer
from authz_server.managing.plan import Plan, every_client, every_profile, plan
from authz_server.managing.ports import Database, SecretSeal, UnitOfWork
from authz_server.managing.profiles import PROFILES_OF_A_CLIENT
from authz_server.managing.records import Applied, AuditEntry, ProfileRecord


class DocumentEdits:
    """File and database are two views of one shape."""

    def __init__(self, editor: Editor, issuer: Issuer, database: Database, seal: SecretSeal | None) -> None:
        self._editor = editor
        self._issuer = issuer
        self._database = database
        self._seal = seal

    def apply(self, command: ApplyDocument) -> Applied:
        """Make the records what the document says. Nothing of it is done where anything is refused.

        Raises `DocumentInvalid` (of documents), `ValidationFailed`, `NameTaken`, `IdTaken`, `TooManyProfiles`.
        """
        document = read_document(command.document, open_sealed=None if self._seal is None else self._seal.open)
        self._check(document)
        now = self._editor.now()
        if command.dry_run:
            with self._database.read() as unit:
                planned = self._plan(unit, document, command, now)
            return _applied(planned, document, command, None)
        with self._database.edit() as unit:
            planned = self._plan(unit, document, command, now)
            sequence = _carry_out(Edit(unit, command.actor, now), planned, prune=command.prune)
        return _applied(planned, document, command, sequence)

    def export(self) -> Shape:
        """All clients and profiles as a document: digests, secrets sealed. Raises `ValidationFailed` without a key."""
        with self._database.read() as unit:
            profiles = tuple(record.profile for record in every_profile(unit))
            clients = {client.id: client for client in every_client(unit)}
        there = (profile for profile in profiles if profile.client.id in clients)
        return exported(clients.values(), there, _cannot_seal if self._seal is None else self._seal.seal)

    def _check(self, document: Document) -> None:
        """What a document may say, and cannot be kept."""
        if self._seal is None and any(
            isinstance(each.auth, JwtAuth) and each.auth.secret for each in document.profiles
        ):
            raise _keyless()

    def _plan(self, unit: UnitOfWork, document: Document, command: ApplyDocument, now: float) -> Plan:
        planned = plan(unit, document, self._issuer, now)
        counts = Counter(profile.client.id for profile in document.profiles)
        if not command.prune:
            counts.update(planned.profiles_before[each].profile.client.id for each in planned.profiles_gone)
        if counts and max(counts.values()) > PROFILES_OF_A_CLIENT:
            raise TooManyProfiles
        return planned


def _applied(planned: Plan, document: Document, command: ApplyDocument, sequence: int | None) -> Applied:
    return Applied(
        clients=planned.clients(prune=command.prune),
        profiles=planned.profiles(prune=command.prune),
        client_changes=planned.client_changes,
        profile_changes=planned.profile_changes,
        warnings=document.warnings,
        sequence=sequence,
    )


def _carry_out(edit: Edit, planned: Plan, *, prune: bool) -> int:
    """Do what is planned; returns the last sequence that has to be published."""
    profiles_gone = planned.profiles_gone if prune else []
    clients_gone = planned.clients_gone if prune else []
    written = [*planned.profiles_written.values(), *_of_changed_clients(planned, frozenset(profiles_gone))]
    profile_ids = [*profiles_gone, *(record.profile.id for record in written)]
    sequences = edit.unit.publication.take_sequences(len(planned.clients_written) + len(profile_ids))
    versions, published = sequences[: len(planned.clients_written)], sequences[len(planned.clients_written) :]

    edit.unit.profiles.delete(profiles_gone)
    for client_id in clients_gone:
        edit.unit.clients.delete(client_id)
    _give_up_names(edit, planned)
    _write_clients(edit, planned, versions)
    stamped = [
        edit.stamped(record, sequence)
        for record, sequence in zip(written, published[len(profiles_gone) :], strict=True)
    ]
    edit.unit.profiles.save([each for each in stamped if each.profile.id in planned.profiles_before])
    edit.unit.profiles.add([each for each in stamped if each.profile.id not in planned.profiles_before])
    edit.announce(profile_ids, published)
    edit.unit.audit.append([*_audited(edit, planned, profiles_gone, clients_gone)])
    return published[-1] if profile_ids else edit.last_sequence()


def _give_up_names(edit: Edit, planned: Plan) -> None:
    """Names may move from one to another within a document, so those that change are given up first.

    A name that ends in white space is accepted from nobody.
    """
    for client_id, changes in planned.client_changes.items():
        before = planned.clients_before.get(client_id)
        if before is not None and "name" in changes:
            edit.unit.clients.save(replace(before, client=replace(before.client, name=f"{client_id} ")))
    edit.unit.profiles.save(
        [
            replace(record, profile=replace(record.profile, name=f"{profile_id} "))
            for profile_id, changes in planned.profile_changes.items()
            if "name" in changes and (record := planned.profiles_before.get(profile_id)) is not None
        ]
    )


def _of_changed_clients(planned: Plan, gone: frozenset[str]) -> Iterator[ProfileRecord]:
    """The profiles that change only because their client does: their records in Redis hold it."""
    for record in planned.profiles_before.values():
        profile = record.profile
        client = planned.clients_written.get(profile.client.id)
        if client is not None and profile.id not in planned.profiles_written and profile.id not in gone:
            yield replace(record, profile=replace(profile, client=client.client))


def _write_clients(edit: Edit, planned: Plan, versions: range) -> None:
    records = [
        replace(record, version=version)
        for record, version in zip(planned.clients_written.values(), versions, strict=True)
    ]
    for record in records:
        if record.client.id in planned.clients_before:
            edit.unit.clients.save(record)
    for record in records:  # last, since a name may just have become free
        if record.client.id not in planned.clients_before:
            edit.unit.clients.add(record)


def _audited(
    edit: Edit, planned: Plan, profiles_gone: Iterable[str], clients_gone: Iterable[str]
) -> Iterator[AuditEntry]:
    for profile_id in profiles_gone:
        profile = planned.profiles_before[profile_id].profile
        changes = diff.profile_changes(profile, None)
        yield edit.entry("profile.delete", changes, client_id=profile.client.id, profile_id=profile_id)
    for client_id in clients_gone:
        changes = diff.client_changes(planned.clients_before[client_id].client, None)
        yield edit.entry("client.delete", changes, client_id=client_id)
    for client_id, changes in planned.client_changes.items():
        verb = "update" if client_id in planned.clients_before else "create"
        yield edit.entry(f"client.{verb}", changes, client_id=client_id)
    for profile_id, changes in planned.profile_changes.items():
        verb = "update" if profile_id in planned.profiles_before else "create"
        client_id = planned.profiles_written[profile_id].profile.client.id
        yield edit.entry(f"profile.{verb}", changes, client_id=client_id, profile_id=profile_id)


def _cannot_seal(_profile_id: str, _credential_id: str, _secret: Secret) -> str:
    raise _keyless()


def _keyless() -> ValidationFailed:
    sentence = "has HMAC secrets, kept only sealed, and there is no key to seal them with: set AUTHZ_SECRET_KEYS"
    return ValidationFailed((Problem(("clients",), Code.UNAVAILABLE, sentence),))
