"""Edits of a profile's credential: rotate, change and remove auth, expire now, show again."""

from __future__ import annotations

from dataclasses import replace

from authz_server.core.auth import JwtAuth, TokenAuth
from authz_server.core.profile import NO_AUTH
from authz_server.managing import diff, shown
from authz_server.managing.commands import (
    EndGrace,
    ExpireCredential,
    RemoveAuth,
    RevealCredential,
    RotateCredential,
    SetAuth,
)
from authz_server.managing.editing import Edit, Editor
from authz_server.managing.errors import NoCredential, RevealOff
from authz_server.managing.fields import EXPIRES_IN_HOURS, GRACE_SECONDS, checked, reader
from authz_server.managing.issuing import HOUR_SECONDS, Issued, Issuer, read_auth, rotated
from authz_server.managing.records import Edited, IssuedCredential, ProfileRecord

_ROTATE_FIELDS = frozenset(("expires_in_hours", "grace_seconds"))
_SET_AUTH_FIELDS = frozenset(("auth", "expires_in_hours"))


class CredentialEdits:
    """All of them raise `NotFound`, and `VersionMismatch` where a version is expected."""

    def __init__(self, editor: Editor, issuer: Issuer) -> None:
        self._editor = editor
        self._issuer = issuer

    def rotate(self, command: RotateCredential) -> Edited:
        """A new token or secret in place of the old. Raises `ValidationFailed`, `NoCredential`."""
        with checked(command.fields) as fields:
            fields.know(_ROTATE_FIELDS, "a rotation")
            hours = fields.optional("expires_in_hours", EXPIRES_IN_HOURS, None)
            grace = fields.optional("grace_seconds", GRACE_SECONDS, 0)

        def work(edit: Edit) -> Edited:
            record = edit.profile(command.profile_id, command.expected_version)
            auth = record.profile.auth
            if record.credential is None or not record.credential.issued or not isinstance(auth, TokenAuth | JwtAuth):
                raise NoCredential
            expires_at = None if hours is None else edit.now + hours * HOUR_SECONDS
            issued = rotated(self._issuer, auth, expires_at, edit.now + grace, edit.now)
            return self._put(edit, record, issued, "credential.rotate")

        return self._editor.run(command.actor, work, command.idempotency)

    def set_auth(self, command: SetAuth) -> Edited:
        """Another auth, or the same with other settings; whatever credential there was is gone. `ValidationFailed`."""
        now = self._editor.now()
        with checked(command.fields) as fields:
            fields.know(_SET_AUTH_FIELDS, "a change of auth")
            issued = read_auth(fields, self._issuer, reader(), command.profile_id, now)

        def work(edit: Edit) -> Edited:
            assert issued is not None  # noqa: S101 - or it would have been refused
            record = edit.profile(command.profile_id, command.expected_version)
            return self._put(edit, record, issued, "credential.set_auth")

        return self._editor.run(command.actor, work, command.idempotency)

    def remove_auth(self, command: RemoveAuth) -> Edited:
        """No credential is asked for any more."""

        def work(edit: Edit) -> Edited:
            record = edit.profile(command.profile_id, command.expected_version)
            return self._put(edit, record, Issued(NO_AUTH), "credential.remove_auth")

        return self._editor.run(command.actor, work)

    def expire(self, command: ExpireCredential) -> Edited:
        """The credential and its predecessor stop working now. Raises `NoCredential`."""

        def work(edit: Edit) -> Edited:
            record = edit.profile(command.profile_id, command.expected_version)
            auth = record.profile.auth
            if record.credential is None or not isinstance(auth, TokenAuth | JwtAuth):
                raise NoCredential("the profile has no credential that could expire")
            expires_at = edit.now if auth.expires_at is None else min(auth.expires_at, edit.now)
            ended = Issued(replace(auth, expires_at=expires_at, previous=None), record.credential)
            return self._put(edit, record, ended, "credential.expire")

        return self._editor.run(command.actor, work)

    def end_grace(self, command: EndGrace) -> Edited:
        """The predecessor stops working now; where there is none, nothing changes."""

        def work(edit: Edit) -> Edited:
            record = edit.profile(command.profile_id, command.expected_version)
            auth = record.profile.auth
            if not isinstance(auth, TokenAuth | JwtAuth) or auth.previous is None:
                shape = shown.profile(record, edit.now)
                return Edited(shape=shape, version=record.version, sequence=record.version)
            ended = Issued(replace(auth, previous=None), record.credential)
            return self._put(edit, record, ended, "credential.end_grace")

        return self._editor.run(command.actor, work)

    def reveal(self, command: RevealCredential) -> Edited:
        """The credential once more; that it was shown is recorded. Raises `NoCredential`, `RevealOff`."""

        def work(edit: Edit) -> Edited:
            record = edit.profile(command.profile_id)
            profile = record.profile
            if record.credential is None or not isinstance(profile.auth, TokenAuth | JwtAuth):
                raise NoCredential("the profile has no credential that could be shown")
            value = profile.auth.secret if isinstance(profile.auth, JwtAuth) else record.credential.token
            if value is None or not self._issuer.reveals:
                raise RevealOff
            edit.record(edit.entry("credential.reveal", {}, client_id=profile.client.id, profile_id=profile.id))
            return Edited(
                shape=shown.profile(record, edit.now),
                version=record.version,
                sequence=None,
                credential=IssuedCredential(profile.auth.type.value, value, profile.auth.expires_at),
            )

        return self._editor.run(command.actor, work)

    def _put(self, edit: Edit, before: ProfileRecord, issued: Issued, action: str) -> Edited:
        profile = replace(before.profile, auth=issued.auth)
        record = edit.changed(before, profile, issued.credential)
        edit.record(
            edit.entry(
                action,
                diff.profile_changes(before.profile, profile),
                client_id=profile.client.id,
                profile_id=profile.id,
            )
        )
        return Edited(
            shape=shown.profile(record, edit.now),
            version=record.version,
            sequence=record.version,
            credential=issued.shown,
        )
