"""Lists: searched by a part of a text, newest first, one page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import RowMapping, Select, Table, and_, or_

from authz_server.managing.records import Page, Position
from authz_server.sql.storable import is_storable
from authz_server.sql.transaction import Transaction

T = TypeVar("T")
_BETWEEN: Final = "\x1f"  # no name or id has one


def searched(*texts: str) -> str:
    """The column that searches look into. Python folds case, so every database means the same by it."""
    return _BETWEEN.join(texts).casefold()


def holding(transaction: Transaction, statement: Select[Any], table: Table, q: str | None) -> Select[Any] | None:
    """The rows of which a searched text has `q` in it, whatever its case; None where none can have it."""
    if q is None:
        return statement
    folded = q.casefold()
    if not is_storable(folded) or _BETWEEN in folded:
        return None
    return statement.where(transaction.holds(table.c.searched, folded))


def page(
    transaction: Transaction,
    statement: Select[Any] | None,
    table: Table,
    read: Callable[[Sequence[RowMapping]], Sequence[T]],
    *,
    after: Position | None,
    limit: int,
) -> Page[T]:
    """The first rows after a position, newest first, then by id."""
    if statement is None or (after is not None and not is_storable(after.id)):
        return Page(())
    at, row_id = table.c.created_at, table.c.id
    if after is not None:  # the first condition lets the index find the place
        older = or_(at < after.at, row_id > after.id)
        statement = statement.where(and_(at <= after.at, older))
    rows = transaction.all(statement.order_by(at.desc(), row_id).limit(limit + 1))
    shown = rows[:limit]
    last = Position(shown[-1][at], shown[-1][row_id]) if len(rows) > limit else None
    return Page(tuple(read(shown)), last)
