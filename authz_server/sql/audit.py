"""The audit trail in its table. Triggers refuse to change it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import RowMapping, delete, insert, select, update

from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import Actor, AuditEntry, FieldChange
from authz_server.sql.storable import is_storable
from authz_server.sql.tables import audit, audit_kept
from authz_server.sql.transaction import Transaction

_EQUAL: Final = ("client_id", "profile_id", "account_id", "actor_id", "action")
_LARGEST_ID: Final = (1 << 63) - 1


class SqlAudit:
    """`ports.Audit`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """New rows."""
        if entries:
            self._transaction.run(insert(audit), list(map(_row, entries)))

    def page(self, wanted: AuditFilter, *, before: int | None, limit: int) -> tuple[AuditEntry, ...]:
        """Newest first."""
        statement = select(audit)
        for name in _EQUAL:
            value = getattr(wanted, name)
            if value is None:
                continue
            if not is_storable(value):
                return ()
            statement = statement.where(audit.c[name] == value)
        if wanted.since is not None:
            statement = statement.where(audit.c.at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(audit.c.at < wanted.until)
        if before is not None:
            statement = statement.where(audit.c.id < min(before, _LARGEST_ID))
        rows = self._transaction.all(statement.order_by(audit.c.id.desc()).limit(limit))
        return tuple(map(_entry, rows))

    def prune(self, recorded_before: float) -> int:
        """Tell the triggers from when on entries are kept, and delete the older ones."""
        kept = audit_kept.c.since < recorded_before  # never back: what was out of date may be gone
        self._transaction.run(update(audit_kept).where(kept).values(since=recorded_before))
        return self._transaction.run(delete(audit).where(audit.c.at < recorded_before)).rowcount


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "actor_id": entry.actor.id,
        "actor_name": entry.actor.name,
        "action": entry.action,
        "client_id": entry.client_id,
        "profile_id": entry.profile_id,
        "api_key_id": entry.api_key_id,
        "account_id": entry.account_id,
        "changes": {name: [change.before, change.after] for name, change in entry.changes.items()},
    }


def _entry(row: RowMapping) -> AuditEntry:
    return AuditEntry(
        id=row["id"],
        at=row["at"],
        actor=Actor(row["actor_id"], row["actor_name"]),
        action=row["action"],
        client_id=row["client_id"],
        profile_id=row["profile_id"],
        api_key_id=row["api_key_id"],
        account_id=row["account_id"],
        changes={name: FieldChange(before, after) for name, (before, after) in row["changes"].items()},
    )
