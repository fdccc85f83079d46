"""What has to be published, and the row that orders it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Row, RowMapping, delete, func, insert, select, update

from authz_server.managing.records import OutboxEvent, Publication
from authz_server.sql.tables import outbox, publication
from authz_server.sql.transaction import Transaction, chunks

_UNPUBLISHED: Final = outbox.c.published_at.is_(None)
_COLUMNS: Final = (publication.c.database_id, publication.c.epoch, publication.c.sequence, publication.c.pruned_through)


class SqlOutbox:
    """`ports.Outbox`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def append(self, events: Sequence[OutboxEvent]) -> None:
        """New rows."""
        if events:
            self._transaction.run(insert(outbox), list(map(asdict, events)))

    def pending(self, limit: int) -> tuple[OutboxEvent, ...]:
        """The unpublished ones."""
        rows = self._transaction.all(select(outbox).where(_UNPUBLISHED).order_by(outbox.c.sequence).limit(limit))
        return _events(rows)

    def pending_count(self) -> int:
        """How many those are."""
        counted = select(func.count()).select_from(outbox).where(_UNPUBLISHED)
        return int(self._transaction.run(counted).scalar_one())

    def since(self, sequence: int, limit: int) -> tuple[OutboxEvent, ...]:
        """Those above a sequence."""
        above = select(outbox).where(outbox.c.sequence > sequence)
        return _events(self._transaction.all(above.order_by(outbox.c.sequence).limit(limit)))

    def mark_published(self, sequences: Sequence[int], at: float) -> None:
        """Those marked before keep their time."""
        for chunk in chunks(sequences):
            marked = update(outbox).where(outbox.c.sequence.in_(chunk), _UNPUBLISHED)
            self._transaction.run(marked.values(published_at=at))

    def prune(self, published_before: float) -> None:
        """Remove the published ones that are older."""
        old = outbox.c.published_at < published_before
        last = self._transaction.run(select(func.max(outbox.c.sequence)).where(old)).scalar_one()
        if last is None:
            return
        self._transaction.run(delete(outbox).where(old))
        further = publication.c.pruned_through < last
        self._transaction.run(update(publication).where(further).values(pruned_through=last))


class SqlPublicationRow:
    """`ports.PublicationRow`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self) -> Publication:
        """As it is."""
        return _publication(self._transaction.run(select(*_COLUMNS)).one())

    def take_sequences(self, count: int) -> range:
        """An UPDATE, which locks the row."""
        taken = update(publication).values(sequence=publication.c.sequence + count).returning(publication.c.sequence)
        last = int(self._transaction.run(taken).scalar_one())
        return range(last - count + 1, last + 1)

    def announce(self, epoch: str) -> Publication:
        """An UPDATE, which locks the row."""
        announced = update(publication).values(epoch=epoch).returning(*_COLUMNS)
        return _publication(self._transaction.run(announced).one())


def _publication(row: Row[Any]) -> Publication:
    return Publication(row.database_id, row.epoch, row.sequence, row.pruned_through)


def _events(rows: Sequence[RowMapping]) -> tuple[OutboxEvent, ...]:
    return tuple(OutboxEvent(**row) for row in rows)
