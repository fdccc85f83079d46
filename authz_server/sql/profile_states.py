"""The states of profiles' credentials, as `managing.credential_state` tells them, and profiles counted by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, Select, and_, case, func, not_, or_, select

from authz_server.core.auth import AuthType
from authz_server.managing.credential_state import EXPIRING_SOON_SECONDS, ProfileCounts, State
from authz_server.sql.storable import is_storable
from authz_server.sql.tables import clients, profiles
from authz_server.sql.transaction import Transaction, chunks

_NO_PROFILES: Final = ProfileCounts()


def in_state(state: State, now: float) -> ColumnElement[bool]:
    """Whether a profile's credential is in this state at `now`."""
    expires_at = profiles.c.expires_at
    has_credential = and_(
        profiles.c.credential_id.is_not(None), profiles.c.auth_type.in_((AuthType.TOKEN.value, AuthType.JWT.value))
    )
    match state:
        case State.NONE:
            return not_(has_credential)
        case State.EXPIRED:
            return and_(has_credential, expires_at <= now)
        case State.EXPIRING_SOON:
            return and_(has_credential, expires_at > now, expires_at - now <= EXPIRING_SOON_SECONDS)
        case State.VALID:
            return and_(has_credential, or_(expires_at.is_(None), expires_at - now > EXPIRING_SOON_SECONDS))


def counts(transaction: Transaction, client_ids: Sequence[str], now: float) -> Mapping[str, ProfileCounts]:
    """For each of the clients."""
    found: dict[str, ProfileCounts] = {}
    for chunk in chunks([each for each in client_ids if is_storable(each)]):
        statement = _counting(now).add_columns(profiles.c.client_id).where(profiles.c.client_id.in_(chunk))
        for row in transaction.all(statement.group_by(profiles.c.client_id)):
            found[row["client_id"]] = _counts(row)
    return {each: found.get(each, _NO_PROFILES) for each in client_ids}


def count_all(transaction: Transaction, now: float) -> ProfileCounts:
    """Over all clients."""
    row = transaction.one(_counting(now))
    return _NO_PROFILES if row is None else _counts(row)


def _counting(now: float) -> Select[int, int, int, int]:
    return select(
        func.count().label("total"),
        _number_of(not_(and_(profiles.c.active, clients.c.active))).label("inactive"),
        _number_of(in_state(State.EXPIRING_SOON, now)).label("expiring_soon"),
        _number_of(in_state(State.EXPIRED, now)).label("expired"),
    ).join_from(profiles, clients)


def _number_of(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _counts(row: RowMapping) -> ProfileCounts:
    return ProfileCounts(**{name: int(row[name]) for name in ProfileCounts._fields})
