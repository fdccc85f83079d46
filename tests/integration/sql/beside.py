"""A second process on the same database: `python -m tests.integration.sql.beside URL WHAT`."""

import sys
from collections.abc import Callable, Mapping
from typing import Final

from authz_server.sql.database import SqlDatabase
from tests.support.databases import SEAL
from tests.support.records import a_client_record, a_profile_record, an_entry, an_event

EDITS: Final = 20


def edit_often(database: SqlDatabase) -> None:
    """Edits whose sequences are also the audit entries' clients."""
    for _ in range(EDITS):
        with database.edit() as unit:
            (sequence,) = unit.publication.take_sequences(1)
            unit.outbox.append((an_event(sequence),))
            unit.audit.append((an_entry(client_id=str(sequence)),))


def stop_midway(database: SqlDatabase) -> None:
    """Write much, say so, and wait to be killed before the commit."""
    with database.edit() as unit:
        unit.clients.add(a_client_record())
        unit.profiles.add([a_profile_record(f"pr_{each}") for each in range(5_000)])
        unit.publication.take_sequences(5_000)
        unit.audit.append([an_entry()] * 5_000)
        print("midway", flush=True)
        sys.stdin.read()


def commit_and_stop(database: SqlDatabase) -> None:
    """Commit, say so, and wait to be killed."""
    with database.edit() as unit:
        unit.clients.add(a_client_record())
        unit.publication.take_sequences(7)
    print("committed", flush=True)
    sys.stdin.read()


WHAT: Final[Mapping[str, Callable[[SqlDatabase], None]]] = {
    each.__name__: each for each in (edit_often, stop_midway, commit_and_stop)
}

if __name__ == "__main__":
    WHAT[sys.argv[2]](SqlDatabase(sys.argv[1], SEAL))
