"""Edits of accounts: who may sign in, and as what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from authz_server.documents import values
from authz_server.documents.errors import Code, Invalid
from authz_server.documents.tree import Value
from authz_server.managing import shown
from authz_server.managing.account_ports import Passwords
from authz_server.managing.commands import ChangePassword, CreateAccount, DeleteAccount, EndSessions, UpdateAccount
from authz_server.managing.diff import Changes
from authz_server.managing.editing import Edit, Editor
from authz_server.managing.errors import LastAdmin, NotFound, WrongPassword
from authz_server.managing.fields import checked
from authz_server.managing.issuing import Issuer
from authz_server.managing.ports import Database
from authz_server.managing.records import Account, Edited, FieldChange, Role
from authz_server.managing.sessions import SignedIn, begin

LEAST_CHARACTERS: Final = 12
MOST_CHARACTERS: Final = 256
_CREATE_FIELDS: Final = frozenset(("name", "role", "password"))
_UPDATE_FIELDS: Final = frozenset(("role", "active", "password"))
_CHANGE_FIELDS: Final = frozenset(("current_password", "new_password"))
_role: Final = values.one_of(tuple(map(str, Role)))


class AccountEdits:
    """Create, update and delete accounts. Whatever changes what one may do, or its password, ends its sessions."""

    def __init__(self, editor: Editor, issuer: Issuer, database: Database, passwords: Passwords) -> None:
        self._editor = editor
        self._issuer = issuer
        self._database = database
        self._passwords = passwords

    def create(self, command: CreateAccount) -> Edited:
        """A new account. Raises `ValidationFailed`, `NameTaken`."""
        with checked(command.fields) as fields:
            fields.know(_CREATE_FIELDS, "an account")
            name = fields.required("name", values.name) or ""
            role = fields.required("role", _role)
            password = fields.required("password", _password(name))
        hashed = self._passwords.hash(password or "")

        def work(edit: Edit) -> Edited:
            account = Account(
                id=self._issuer.new_id("ac_"),
                name=name,
                role=Role(role or ""),
                password=hashed,
                active=True,
                created_at=edit.now,
                updated_at=edit.now,
            )
            edit.unit.accounts.add(account)
            edit.record(edit.entry("account.create", _changes(None, account), account_id=account.id))
            return _edited(account)

        return self._editor.run(command.actor, work)

    def update(self, command: UpdateAccount) -> Edited:
        """Change role, active or password. Raises `NotFound`, `ValidationFailed`, `LastAdmin`."""
        with checked(command.fields) as fields:
            fields.know(_UPDATE_FIELDS, "a change of an account")
            role = fields.optional("role", _role, None)
            active = fields.optional("active", values.boolean, None)
            password = fields.optional("password", _password(self._account(command.account_id).name), None)
        hashed = None if password is None else self._passwords.hash(password)

        def work(edit: Edit) -> Edited:
            before = _locked(edit, command.account_id)
            after = replace(
                before,
                role=before.role if role is None else Role(role),
                active=before.active if active is None else active,
                password=hashed or before.password,
            )
            if after == before:
                return _edited(before)
            _keep_an_admin(edit, before, after)
            changes = _changes(before, after)
            if changes:
                edit.record(edit.entry("account.update", changes, account_id=before.id))
            return _edited(_saved(edit, before, after))

        return self._editor.run(command.actor, work)

    def delete(self, command: DeleteAccount) -> Edited:
        """The account goes. Raises `NotFound`, `LastAdmin`."""

        def work(edit: Edit) -> Edited:
            account = _locked(edit, command.account_id)
            _keep_an_admin(edit, account, None)
            edit.unit.sessions.delete_of(account.id)
            edit.unit.accounts.delete(account.id)
            edit.record(edit.entry("account.delete", _changes(account, None), account_id=account.id))
            return Edited(shape={"id": account.id}, version=None, sequence=None)

        return self._editor.run(command.actor, work)

    def end_sessions(self, command: EndSessions) -> Edited:
        """All sessions of the account are over. Raises `NotFound`."""

        def work(edit: Edit) -> Edited:
            account = _locked(edit, command.account_id)
            edit.unit.sessions.delete_of(account.id)
            edit.record(edit.entry("account.end_sessions", {}, account_id=account.id))
            return _edited(account)

        return self._editor.run(command.actor, work)

    def change_password(self, command: ChangePassword) -> SignedIn:
        """Somebody's own: all sessions end, and a new one begins.

        Raises `NotFound`, `ValidationFailed` and, where the current password is wrong, its subclass `WrongPassword`.
        """
        known = self._account(command.account_id)
        with checked(command.fields) as fields:
            fields.know(_CHANGE_FIELDS, "a change of a password")
            current = fields.required("current_password", values.string)
            new = fields.required("new_password", _password(known.name))
        if not self._passwords.verify(known.password, current or ""):
            raise WrongPassword
        hashed = self._passwords.hash(new or "")
        with self._database.edit() as unit:
            edit = Edit(unit, known.caller.actor, self._editor.now())
            before = _locked(edit, known.id)
            if not before.active or before.password != known.password:  # changed just now, by somebody else
                raise WrongPassword
            account = _saved(edit, before, replace(before, password=hashed))
            return begin(edit, self._issuer, account)

    def _account(self, account_id: str) -> Account:
        with self._database.read() as unit:
            account = unit.accounts.get(account_id)
        if account is None:
            raise NotFound
        return account


def _password(account_name: str) -> Callable[[Value], str]:
    """A check for a new password. What it is stays unsaid, whatever is wrong with it."""

    def check(value: Value) -> str:
        password = values.string(value)
        if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
            counted = f"has {len(password)} characters; accepted are {LEAST_CHARACTERS} to {MOST_CHARACTERS}"
            raise Invalid(Code.INVALID, counted)
        if password.casefold() == account_name.casefold():
            raise Invalid(Code.INVALID, "is the account's name, which anybody would try first")
        return password

    return check


def _locked(edit: Edit, account_id: str) -> Account:
    account = edit.unit.accounts.lock(account_id)
    if account is None:
        raise NotFound
    return account


def _keep_an_admin(edit: Edit, before: Account, after: Account | None) -> None:
    stays = after is not None and after.is_admin
    if before.is_admin and not stays and edit.unit.accounts.count_admins() == 1:
        raise LastAdmin


def _saved(edit: Edit, before: Account, after: Account) -> Account:
    """The account as it becomes, its sessions ended."""
    account = replace(after, updated_at=edit.now)
    edit.unit.accounts.save(account)
    edit.unit.sessions.delete_of(account.id)
    if after.password != before.password:
        edit.record(edit.entry("account.set_password", {}, account_id=account.id))
    return account


def _edited(account: Account) -> Edited:
    return Edited(shape=shown.account(account), version=None, sequence=None)


def _changes(before: Account | None, after: Account | None) -> Changes:
    """By field name, without the password."""
    old, new = _compared(before), _compared(after)
    return {name: FieldChange(old.get(name), new.get(name)) for name in old | new if old.get(name) != new.get(name)}


def _compared(account: Account | None) -> dict[str, str | bool]:
    return {} if account is None else {"name": account.name, "role": account.role.value, "active": account.active}
