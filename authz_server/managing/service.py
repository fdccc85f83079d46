"""Service: all edits and all reading of the records, over one database."""

from __future__ import annotations

from collections.abc import Iterator

from authz_server.core.auth import JwtAuth
from authz_server.managing.account_ports import Passwords
from authz_server.managing.accounts import AccountEdits
from authz_server.managing.api_keys import ApiKeyEdits
from authz_server.managing.apply import DocumentEdits
from authz_server.managing.clients import ClientEdits
from authz_server.managing.credentials import CredentialEdits
from authz_server.managing.editing import Edit, Editor
from authz_server.managing.issuing import Issuer
from authz_server.managing.plan import BATCH
from authz_server.managing.ports import Clock, Database, RandomBelow, SecretSeal
from authz_server.managing.profiles import ProfileEdits
from authz_server.managing.reading import Reading
from authz_server.managing.records import Actor, ProfileRecord
from authz_server.managing.sessions import Sessions


class Service:
    """By subject. Everything raises `DatabaseUnavailable`, and the refusals that its own docstring names."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        random_below: RandomBelow,
        passwords: Passwords,
        seal: SecretSeal | None,
        reveal: bool = False,
    ) -> None:
        """`seal`: of documents; None without AUTHZ_SECRET_KEYS. `reveal`: tokens are kept, to be shown again."""
        editor = Editor(database, clock)
        issuer = Issuer(random_below, seals=seal is not None, reveals=reveal and seal is not None)
        self._database = database
        self._editor = editor
        self.clients = ClientEdits(editor, issuer)
        self.profiles = ProfileEdits(editor, issuer)
        self.credentials = CredentialEdits(editor, issuer)
        self.api_keys = ApiKeyEdits(editor, issuer, database)
        self.accounts = AccountEdits(editor, issuer, database, passwords)
        self.sessions = Sessions(editor, issuer, database, passwords)
        self.documents = DocumentEdits(editor, issuer, database, seal)
        self.reading = Reading(database, clock, reveals=issuer.reveals)

    def reseal(self, actor: Actor) -> Iterator[int]:
        """Seal every secret anew, under the first key; yields how many profiles were looked at, page by page.

        Broken off, it can be begun again. The records in Redis hold the old seal until everything is republished.
        """
        after = ""
        while True:
            with self._database.edit() as unit:
                records = unit.profiles.batch(after, BATCH)
                locked = (unit.profiles.lock(record.profile.id) for record in records)
                unit.profiles.save([record for record in locked if record is not None and _is_sealed(record)])
            if not records:
                break
            yield len(records)
            after = records[-1].profile.id
        with self._database.edit() as unit:
            edit = Edit(unit, actor, self._editor.now())
            edit.record(edit.entry("secrets.rotate", {}))


def _is_sealed(record: ProfileRecord) -> bool:
    auth, credential = record.profile.auth, record.credential
    return (isinstance(auth, JwtAuth) and auth.secret is not None) or (
        credential is not None and credential.token is not None
    )
