"""The control plane's parts, as `manage` and the commands of the command line share them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Final

from authz_server.cache.connection import connect_blocking
from authz_server.cache.profile_publisher import TIMEOUT_SECONDS, RedisProfilePublisher
from authz_server.cache.record import RecordCodec
from authz_server.compose.refusal import CannotServe
from authz_server.managing.outbox import CHANGES_AT_ONCE
from authz_server.managing.relay import Relay, RelayObserver
from authz_server.managing.service import Service
from authz_server.sealing.passwords import Argon2Passwords
from authz_server.settings import Settings
from authz_server.settings.redis import document_seal, record_keys, redis_address
from authz_server.sql.database import SqlDatabase
from authz_server.sql.migration import Upgraded

DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Records:
    """The system of record, opened, and all that can be done with it."""

    database: SqlDatabase
    service: Service
    upgraded: Upgraded | None
    """What was done to SQLite's file; PostgreSQL is upgraded by an operator only."""


@contextmanager
def records(settings: Settings) -> Iterator[Records]:
    """Open the records; SQLite's file is made and brought up to date.

    Raises `CannotServe`, and `DatabaseUnavailable` with its subclasses `NotMigrated` and `DatabaseNewer`.
    """
    if settings.record_keys is not None:
        raise CannotServe(
            "AUTHZ_RECORD_KEYS are for `check`, which only reads: the control plane needs AUTHZ_SECRET_KEYS",
            is_setting=True,
        )
    seal = document_seal(settings)
    database = SqlDatabase(settings.database_url.reveal(), seal)
    try:
        upgraded = _up_to_date(database)
        service = Service(
            database,
            clock=time.time,
            random_below=secrets.randbelow,
            passwords=Argon2Passwords(),
            seal=seal,
            reveal=settings.reveal,
        )
        yield Records(database, service, upgraded)
    finally:
        database.close()


def _up_to_date(database: SqlDatabase) -> Upgraded | None:
    if database.file is None:
        database.verify()
        return None
    return database.upgrade()


def verify_secrets(database: SqlDatabase) -> None:
    """Read every profile. Raises `ProfileUnreadable` where a secret does not open with the keys that there are."""
    after = ""
    while True:
        with database.read() as unit:
            batch = unit.profiles.batch(after, CHANGES_AT_ONCE)
        if not batch:
            return
        after = batch[-1].profile.id


@contextmanager
def publisher(
    settings: Settings, database: SqlDatabase, *, timeout: float = TIMEOUT_SECONDS
) -> Iterator[RedisProfilePublisher]:
    """The publisher of these records. Redis need not be there yet. Raises `CannotServe` for a URL that cannot be."""
    with database.read() as unit:
        database_id = unit.publication.get().database_id
    address = redis_address(settings)
    if address.mode != "cluster":  # whose client looks up its nodes at once
        try:
            connect_blocking(address).close()
        except ValueError as error:
            raise CannotServe(f"AUTHZ_REDIS_URL: {error}", is_setting=True) from None
    codec = RecordCodec(settings.redis_prefix, record_keys(settings))
    made = RedisProfilePublisher(
        lambda: connect_blocking(address, timeout=timeout), settings.redis_prefix, codec, database_id
    )
    try:
        yield made
    finally:
        made.close()


def relay(settings: Settings, database: SqlDatabase, to: RedisProfilePublisher, observer: RelayObserver) -> Relay:
    """The relay from the records to Redis."""
    return Relay(
        database,
        to,
        observer,
        clock=time.time,
        random_below=secrets.randbelow,
        turn=Lock(),
        audit_kept_seconds=settings.audit_days * DAY_SECONDS or None,
    )
