"""The tables. Migrations make them; a test holds that what they make is this.

Times are seconds since the Unix epoch, sequences come from the one row of `publication`. Ids sort by code point, so
that walking over them means the same in every database.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

Id: Final = Text().with_variant(Text(collation="C"), "postgresql")
Sequence: Final = BigInteger().with_variant(Integer(), "sqlite")  # SQLite's INTEGER has 64 bits, and is the row's key

clients: Final = Table(
    "clients",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("version", Sequence, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("searched", Text, nullable=False),  # id, name and description in one case, for look-ups by a part of them
)
Index(None, clients.c.created_at.desc(), clients.c.id)

profiles: Final = Table(
    "profiles",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("allowed_methods", JSON, nullable=False),
    Column("allowed_ips", JSON, nullable=False),
    Column("allowed_routes", JSON, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("auth", Text, nullable=False),  # as sealing.content writes it: JSON, its secrets sealed
    Column("auth_type", Text, nullable=False),  # this and `expires_at` are copies of what `auth` says, for filters
    Column("expires_at", Double),
    Column("sequence", Sequence, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("credential_id", Text),
    Column("credential_created_at", Double),
    Column("credential_issued", Boolean),
    Column("token_sealed", Text),
    Column("searched", Text, nullable=False),  # id and name, as in clients
    UniqueConstraint("client_id", "name"),
)
Index(None, profiles.c.created_at.desc(), profiles.c.id)
Index(None, profiles.c.client_id, profiles.c.created_at.desc(), profiles.c.id)
Index(None, profiles.c.expires_at)

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("last_used_at", Double),
    Column("revoked_at", Double),
)

accounts: Final = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password", Text, nullable=False),  # argon2id, in the PHC string format
    Column("active", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("last_signed_in_at", Double),
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("last_seen_at", Double, nullable=False),
)
Index(None, sessions.c.account_id)

audit: Final = Table(
    "audit",
    metadata,
    Column("id", Sequence, primary_key=True),
    Column("at", Double, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("client_id", Text),
    Column("profile_id", Text),
    Column("api_key_id", Text),
    Column("account_id", Text),
    Column("changes", JSON, nullable=False),
    sqlite_autoincrement=True,  # an id is never given out again, even after its entry was pruned
)
Index(None, audit.c.at)
Index(None, audit.c.client_id, audit.c.id)
Index(None, audit.c.profile_id, audit.c.id)
Index(None, audit.c.account_id, audit.c.id)

# Triggers refuse to delete an entry that is not older than this: whoever prunes says so here first.
audit_kept: Final = Table(
    "audit_kept",
    metadata,
    Column("one", Boolean, CheckConstraint("one", name="one_row"), primary_key=True),
    Column("since", Double, nullable=False),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=False),
    Column("edit", Sequence, nullable=False),
    Column("profile_id", Id, nullable=False),
    Column("recorded_at", Double, nullable=False),
    Column("published_at", Double),
)
_pending: Final = outbox.c.published_at.is_(None)
Index("ix_outbox_pending", outbox.c.sequence, sqlite_where=_pending, postgresql_where=_pending)

idempotency_keys: Final = Table(
    "idempotency_keys",
    metadata,
    Column("actor_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("taken_at", Double, nullable=False),
    Column("answer", JSON(none_as_null=True)),
)

publication: Final = Table(
    "publication",
    metadata,
    Column("one", Boolean, CheckConstraint("one", name="one_row"), primary_key=True),
    Column("database_id", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("sequence", Sequence, nullable=False),
    Column("pruned_through", Sequence, nullable=False),
)
