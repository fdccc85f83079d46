"""Whether a database is as it should be: its pages, its keys, its triggers, and every row of a profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select, text

from authz_server.sealing.seal import Seal
from authz_server.sql import migration, profile_rows
from authz_server.sql.engine import SQLITE, Engines
from authz_server.sql.profile_rows import ProfileUnreadable
from authz_server.sql.tables import clients, outbox, profiles, publication

_AT_ONCE: Final = 1_000
_TRIGGERS: Final = {
    SQLITE: ("audit_refuses_delete", "audit_refuses_replace", "audit_refuses_update"),
    "postgresql": ("audit_refuses_delete", "audit_refuses_update"),
}
_WHICH_TRIGGERS: Final = {
    SQLITE: "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit'::regclass AND tgenabled <> 'D'",
}


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was looked at, and what was found: sentences without a secret."""

    clients: int
    profiles: int
    problems: tuple[str, ...]


def inspect(engines: Engines, seal: Seal | None) -> Inspected:
    """Look at everything, as of one moment. Raises `NotMigrated` and `DatabaseNewer`."""
    with engines.reading.connect() as connection:
        migration.verify(connection)
        problems = [*_damage(connection), *_missing_triggers(connection), *_counter(connection)]
        problems += _unreadable(connection, seal)
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in (clients, profiles)]
    return Inspected(counts[0] or 0, counts[1] or 0, tuple(problems))


def _damage(connection: Connection) -> Iterator[str]:
    if connection.dialect.name != SQLITE:
        return  # PostgreSQL checks its pages and its keys itself
    for (found,) in connection.execute(text("PRAGMA integrity_check")):
        if found != "ok":
            yield f"the file is damaged: {found}"
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        yield f"a row of {row[0]} belongs to a row of {row[2]} that is not there"


def _missing_triggers(connection: Connection) -> Iterator[str]:
    dialect = connection.dialect.name
    there = set(connection.scalars(text(_WHICH_TRIGGERS[dialect])))
    for name in _TRIGGERS[dialect]:
        if name not in there:
            yield f"trigger {name} is gone or disabled: the audit trail can be changed"


def _counter(connection: Connection) -> Iterator[str]:
    given = connection.scalar(select(publication.c.sequence))
    if given is None:
        yield "the row of publication is gone"
        return
    for column in (clients.c.version, profiles.c.sequence, outbox.c.sequence):
        highest = connection.scalar(select(func.max(column)))
        if highest is not None and highest > given:
            yield f"{column.table.name} has sequence {highest}, and only {given} were given out"


def _unreadable(connection: Connection, seal: Seal | None) -> Iterator[str]:
    after = ""
    while True:
        following = profile_rows.JOINED.where(profiles.c.id > after).order_by(profiles.c.id).limit(_AT_ONCE)
        rows = connection.execute(following).mappings().all()
        for row in rows:
            try:
                list(profile_rows.read((row,), seal))
            except ProfileUnreadable as error:
                yield str(error)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1]["id"]
