"""Sessions: begun with a password, found by their secret, and ended."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Final

from authz_server.core import token
from authz_server.core.secret import Secret
from authz_server.managing.account_ports import Passwords
from authz_server.managing.editing import Edit, Editor
from authz_server.managing.errors import DatabaseUnavailable, Unauthenticated
from authz_server.managing.issuing import Issuer
from authz_server.managing.ports import Database
from authz_server.managing.records import Account, Caller, Session

IDLE_SECONDS: Final = 1_800
MOST_SECONDS: Final = 43_200
CLOCKS_DIFFER_SECONDS: Final = 300  # of several servers with one database, at most
LAST_SEEN_SECONDS: Final = 60  # how exactly it is known when somebody was last seen: not every page should write
PRUNED_AT_ONCE: Final = 100
_NOTED_MOST: Final = 1_000
_REFUSED: Final = "the user name or the password is wrong"
_OVER: Final = "this session is over; sign in again"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session it is, and the secret that stands for it."""

    account: Account
    session: Session
    secret: Secret

    @property
    def caller(self) -> Caller:
        """Who asks."""
        return self.account.caller


class Sessions:
    """Sign in, be recognised, sign out."""

    def __init__(self, editor: Editor, issuer: Issuer, database: Database, passwords: Passwords) -> None:
        self._editor = editor
        self._issuer = issuer
        self._database = database
        self._passwords = passwords
        self._noted: dict[bytes, float] = {}  # by digest, when this process last tried to note that it was seen

    def sign_in(self, name: str, password: str) -> SignedIn:
        """A new session. Raises `Unauthenticated`, after the same time and in the same words whatever is wrong."""
        with self._database.read() as unit:
            known = unit.accounts.by_name(name)
        if known is None:
            self._passwords.hash(password)  # so that the time does not tell which names there are
            raise Unauthenticated(_REFUSED)
        if not self._passwords.verify(known.password, password) or not known.active:
            raise Unauthenticated(_REFUSED)
        is_current = self._passwords.is_current(known.password)
        hashed = known.password if is_current else self._passwords.hash(password)
        with self._database.edit() as unit:
            edit = Edit(unit, known.caller.actor, self._editor.now())
            account = unit.accounts.lock(known.id)
            if account is None or not account.active or account.password != known.password:  # changed just now
                raise Unauthenticated(_REFUSED)
            account = replace(account, password=hashed, last_signed_in_at=edit.now)
            unit.accounts.save(account)
            edit.record(edit.entry("account.sign_in", {}, account_id=account.id))
            return begin(edit, self._issuer, account)

    def find(self, secret: str) -> SignedIn:
        """Whose session this secret stands for, noting that it was seen. Raises `Unauthenticated`."""
        if not token.is_well_formed(secret, token.Prefix.SESSION):
            raise Unauthenticated(_OVER)
        now = self._editor.now()
        with self._database.read() as unit:
            session = unit.sessions.get(token.digest(secret))  # of 256 random bits: no timing tells a digest
            account = None if session is None else unit.accounts.get(session.account_id)
        if session is None or account is None or not account.active or _is_over(session, now):
            raise Unauthenticated(_OVER)
        self._note_seen(session, now)
        return SignedIn(account, session, Secret(secret))

    def end(self, secret: str) -> None:
        """The session is over; so it is where it was already."""
        if token.is_well_formed(secret, token.Prefix.SESSION):
            with self._database.edit() as unit:
                unit.sessions.delete(token.digest(secret))

    def _note_seen(self, session: Session, now: float) -> None:
        last = max(session.last_seen_at, self._noted.get(session.digest, 0.0))
        if now - last < LAST_SEEN_SECONDS:
            return
        if len(self._noted) >= _NOTED_MOST:
            self._noted = {each: at for each, at in self._noted.items() if now - at < LAST_SEEN_SECONDS}
        self._noted[session.digest] = now  # before it is done: while the database is locked, one call waits for it
        # A database that only reads for now is no reason to turn anybody away.
        with contextlib.suppress(DatabaseUnavailable), self._database.edit() as unit:
            unit.sessions.note_seen(session.digest, now)


def begin(edit: Edit, issuer: Issuer, account: Account) -> SignedIn:
    """A new session of that account's, within an edit; some of those that are over go."""
    edit.unit.sessions.prune(
        created_before=edit.now - MOST_SECONDS, seen_before=edit.now - IDLE_SECONDS, limit=PRUNED_AT_ONCE
    )
    secret = issuer.session()
    session = Session(
        digest=token.digest(secret.reveal()), account_id=account.id, created_at=edit.now, last_seen_at=edit.now
    )
    edit.unit.sessions.add(session)
    return SignedIn(account, session, secret)


def _is_over(session: Session, now: float) -> bool:
    """Also where it is from the future: a clock that was wrong then must not have made one that lasts until now."""
    age, idle = now - session.created_at, now - session.last_seen_at
    is_within = -CLOCKS_DIFFER_SECONDS <= age < MOST_SECONDS and -CLOCKS_DIFFER_SECONDS <= idle < IDLE_SECONDS
    return not is_within
