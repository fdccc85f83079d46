"""Transaction: one connection within one transaction, as all repositories use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, CursorResult, Executable, RowMapping, Table, func, select

from authz_server.sealing.seal import Seal
from authz_server.sql.faults import translated

T = TypeVar("T")
Row = Mapping[str, Any]
_AT_ONCE: Final = 1_000  # values in one statement; SQLite takes 32,766, PostgreSQL 65,535


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values, as many at once as one statement should take."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


@dataclass(frozen=True, slots=True)
class Transaction:
    """`locks_rows`: an edit on PostgreSQL. SQLite's has the whole database, and a reader locks nothing.

    Everything raises `DatabaseUnavailable`, `IdTaken` and `NameTaken`.
    """

    connection: Connection
    locks_rows: bool
    seal: Seal | None

    def run(self, statement: Executable, rows: Sequence[Row] | Row | None = None) -> CursorResult[Any]:
        """Execute it, once for each of the rows."""
        with translated():
            return self.connection.execute(statement, rows)

    def all(self, statement: Executable) -> Sequence[RowMapping]:
        """Every row that it finds."""
        with translated():
            return self.connection.execute(statement).mappings().all()

    def one(self, statement: Executable) -> RowMapping | None:
        """The first row that it finds."""
        with translated():
            return self.connection.execute(statement).mappings().first()

    def lock(self, table: Table, where: ColumnElement[bool]) -> None:
        """Lock these rows in the order of their ids, until the transaction ends.

        What is read must be read after: a statement that waits for a lock sees other tables as they were before.
        """
        if self.locks_rows:
            self.run(select(table.c.id).where(where).order_by(table.c.id).with_for_update())

    def holds(self, column: Column[str], text: str) -> ColumnElement[bool]:
        """Whether the column's text has `text` in it, exactly."""
        find = func.strpos if self.connection.dialect.name == "postgresql" else func.instr
        return find(column, text) > 0
