"""Statements run beside the product, as an operator with a client of the database's own would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from authz_server.sql.engine import connect


def run(url: str, *statements: str) -> Sequence[Sequence[Any]]:
    """Run them in one transaction; the rows of the last one."""
    engines = connect(url)
    try:
        with engines.editing.begin() as connection:
            rows: Sequence[Sequence[Any]] = ()
            for statement in statements:
                result = connection.exec_driver_sql(statement)
                rows = result.all() if result.returns_rows else ()
            return rows
    finally:
        engines.reading.dispose()
