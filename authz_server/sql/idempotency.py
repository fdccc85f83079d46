"""Idempotency-Keys in their table."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from authz_server.managing.ports import Remembered
from authz_server.managing.records import Shape
from authz_server.sql.tables import idempotency_keys
from authz_server.sql.transaction import Transaction

KEPT_SECONDS: Final = 86_400
_KEY: Final = (idempotency_keys.c.actor_id, idempotency_keys.c.key)


class SqlIdempotencyKeys:
    """`ports.IdempotencyKeys`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def take(self, actor_id: str, key: str, request: bytes, now: float) -> Remembered | None:
        """An INSERT waits for whoever is about to insert the same key; what it then finds, it reads."""
        row = {"actor_id": actor_id, "key": key, "request": request, "taken_at": now, "answer": None}
        insert = postgresql.insert if self._transaction.locks_rows else sqlite.insert
        taken_anew = insert(idempotency_keys).values(row)
        # A key that is out of date, or was never answered, is taken anew; any other row is left as it is.
        stale = (idempotency_keys.c.taken_at < now - KEPT_SECONDS) | idempotency_keys.c.answer.is_(None)
        statement = taken_anew.on_conflict_do_update(
            index_elements=_KEY, set_={"request": request, "taken_at": now, "answer": None}, where=stale
        ).returning(idempotency_keys.c.key)
        if self._transaction.run(statement).first() is not None:
            return None
        held = self._transaction.run(
            select(idempotency_keys.c.request, idempotency_keys.c.answer).where(_is(actor_id, key))
        ).one()
        return Remembered(held.request, held.answer)

    def remember(self, actor_id: str, key: str, answer: Shape) -> None:
        """The answer."""
        self._transaction.run(update(idempotency_keys).where(_is(actor_id, key)).values(answer=answer))

    def prune(self, taken_before: float) -> None:
        """Forget."""
        self._transaction.run(delete(idempotency_keys).where(idempotency_keys.c.taken_at < taken_before))


def _is(actor_id: str, key: str) -> ColumnElement[bool]:
    return and_(idempotency_keys.c.actor_id == actor_id, idempotency_keys.c.key == key)
