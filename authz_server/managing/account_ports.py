"""What accounts and sessions need from outside, as `ports` has it for everything else."""

from __future__ import annotations

from typing import Protocol

from authz_server.managing.records import Account, Page, Position, Session


class Passwords(Protocol):
    """Makes of a password what can be kept of it. Slow and large on purpose: never within a unit of work."""

    def hash(self, password: str) -> str:
        """What is kept; of the same password, another one each time."""

    def verify(self, hashed: str, password: str) -> bool:
        """Whether this was made of that password. It takes as long as `hash`."""

    def is_current(self, hashed: str) -> bool:
        """Whether `hash` would still make it in the same way."""


class Accounts(Protocol):
    """Who may sign in. Names are unique, compared exactly."""

    def get(self, account_id: str) -> Account | None:
        """One account, not locked."""

    def by_name(self, name: str) -> Account | None:
        """The account of this name, not locked."""

    def lock(self, account_id: str) -> Account | None:
        """One account, its row locked until the transaction ends, and those of all active admins with it.

        So that of two edits at once each knows whether its own admin is the last one.
        """

    def count_admins(self) -> int:
        """How many active accounts have the role admin."""

    def page(self, *, after: Position | None, limit: int) -> Page[Account]:
        """Newest first (`created_at`), then by id."""

    def add(self, record: Account) -> None:
        """A new account. Raises `NameTaken`."""

    def save(self, record: Account) -> None:
        """Replace the row of that id. Raises `NameTaken`."""

    def delete(self, account_id: str) -> None:
        """Remove the row; its sessions have to be gone already."""


class SessionRows(Protocol):
    """The sessions, those that are over among them until they are pruned."""

    def get(self, digest: bytes) -> Session | None:
        """The session whose secret has this SHA-256."""

    def add(self, session: Session) -> None:
        """A new session."""

    def note_seen(self, digest: bytes, at: float) -> None:
        """Set `last_seen_at`; a session that has gone at the same time stays gone."""

    def delete(self, digest: bytes) -> None:
        """Remove the row, if it is there."""

    def delete_of(self, account_id: str) -> None:
        """Remove all rows of an account."""

    def prune(self, *, created_before: float, seen_before: float, limit: int) -> int:
        """Remove at most so many of those that began before the one or were seen last before the other; how many."""
