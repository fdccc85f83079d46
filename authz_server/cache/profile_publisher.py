"""RedisProfilePublisher: the port of the control plane, over the same writer as `authz-server publish`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import redis

from authz_server.cache import writer
from authz_server.cache.layout import Layout
from authz_server.cache.outcome import described
from authz_server.cache.record import RecordCodec
from authz_server.cache.writer import RecordWriter, WriteConflict
from authz_server.core.profile import Profile
from authz_server.managing.errors import PublishConflict, PublisherUnavailable
from authz_server.managing.publisher import Change, InForce

TIMEOUT_SECONDS: Final = 0.5  # for the client: an edit waits for one call

_OTHER_SCHEMA: Final = "another version of this program, or something else"


def writer_name(database_id: str) -> str:
    """As whom the records of a database are written."""
    return f"manage:{database_id}"


class RedisProfilePublisher:
    """Writes in the name of one database. Only one thread at a time may use it, as the relay does.

    `connect` makes the client when it is first needed, and again until it succeeds: a Cluster is looked up at once.
    """

    def __init__(self, connect: Callable[[], redis.Redis], prefix: str, codec: RecordCodec, database_id: str) -> None:
        """`codec` is that of the prefix."""
        self._connect = connect
        self._layout = Layout(prefix)
        self._codec = codec
        self._name = writer_name(database_id)
        self._client: redis.Redis | None = None
        self._made: RecordWriter | None = None

    def in_force(self) -> InForce | None:
        """What is there now."""
        with _as_unavailable():
            shown, fields = self._writer().in_force_and_fields()
        return self._told(shown, fields)

    def publish(self, epoch: str, changes: Sequence[Change]) -> int:
        """Write the changes, and tell the sequence that was shown before."""
        written = [writer.Change(each.profile_id, each.sequence, self._content(each.profile)) for each in changes]
        with _as_unavailable():
            return self._writer().write(epoch, written).before

    def replace_all(self, epoch: str, profiles: Iterable[Change], *, over: InForce | None, sequence: int) -> None:
        """Write everything anew."""
        with _as_unavailable():
            # As it stands there, word for word: what is of another schema may hold anything.
            shown, fields = self._writer().in_force_and_fields()
            if _place(self._told(shown, fields)) != _place(over):
                raise WriteConflict("somebody else writes here too (the epoch has changed)")
            self._writer().replace_all(
                self._contents(profiles), over=shown, sequence=sequence, progress=lambda _: None, epoch=epoch
            )

    def beat(self, epoch: str, now: float) -> None:
        """The heartbeat."""
        with _as_unavailable():
            self._writer().beat(epoch, now)

    def close(self) -> None:
        """Close every connection."""
        if self._client is not None:
            self._client.close()

    def _writer(self) -> RecordWriter:
        if self._made is None:
            self._client = self._connect()
            self._made = RecordWriter(self._client, self._layout, self._codec, self._name)
        return self._made

    def _told(self, shown: writer.InForce, fields: int) -> InForce | None:
        meta = shown.meta
        if meta is None:
            return InForce(shown.epoch, 0, _OTHER_SCHEMA, ours=False, complete=True) if shown.other_schema else None
        # Records that are signed otherwise than now are readable for nobody: they are to be written anew.
        readable = meta.signed == self._codec.signs
        return InForce(
            epoch=meta.epoch,
            sequence=meta.sequence,
            writer=meta.writer,
            ours=meta.writer == self._name,
            complete=readable and fields >= meta.fields,
        )

    def _contents(self, profiles: Iterable[Change]) -> Iterator[tuple[str, int, bytes]]:
        for each in profiles:
            content = self._content(each.profile)
            if content is not None:
                yield each.profile_id, each.sequence, content

    def _content(self, profile: Profile | None) -> bytes | None:
        return None if profile is None else self._codec.content(profile)


def _place(shown: InForce | None) -> tuple[str, int] | None:
    return None if shown is None else (shown.epoch, shown.sequence)


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except WriteConflict as conflict:
        raise PublishConflict(str(conflict)) from None
    except redis.RedisError as error:
        raise PublisherUnavailable(f"Redis does not take it: {described(error)}") from None
    except OSError as error:  # what a socket says while it is closed
        raise PublisherUnavailable(f"Redis cannot be reached: {described(error)}") from None
