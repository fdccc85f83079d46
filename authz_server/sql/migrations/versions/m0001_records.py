"""Everything: records, audit trail, outbox, Idempotency-Keys, and the row that orders what is published."""

import secrets

import sqlalchemy as sa
from alembic import op

from authz_server.sql.migrations import audit_triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DATABASE_ID_BYTES = 8

_id = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make it all."""
    _records()
    _audit()
    _publishing()


def _records() -> None:
    op.create_table(
        "clients",
        sa.Column("id", _id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("version", _sequence, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.UniqueConstraint("name", name="uq_clients_name"),
    )
    op.create_index("ix_clients_created_at_id", "clients", [sa.text("created_at DESC"), "id"])
    op.create_table(
        "profiles",
        sa.Column("id", _id, nullable=False),
        sa.Column("client_id", _id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("allowed_methods", sa.JSON(), nullable=False),
        sa.Column("allowed_ips", sa.JSON(), nullable=False),
        sa.Column("allowed_routes", sa.JSON(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("auth_type", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double()),
        sa.Column("sequence", _sequence, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("credential_id", sa.Text()),
        sa.Column("credential_created_at", sa.Double()),
        sa.Column("credential_issued", sa.Boolean()),
        sa.Column("token_sealed", sa.Text()),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_profiles"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_profiles_client_id"),
        sa.UniqueConstraint("client_id", "name", name="uq_profiles_client_id_name"),
    )
    newest = sa.text("created_at DESC")
    op.create_index("ix_profiles_created_at_id", "profiles", [newest, "id"])
    op.create_index("ix_profiles_client_id_created_at_id", "profiles", ["client_id", newest, "id"])
    op.create_table(
        "api_keys",
        sa.Column("id", _id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double()),
        sa.Column("last_used_at", sa.Double()),
        sa.Column("revoked_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", _sequence, nullable=False, autoincrement=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text()),
        sa.Column("profile_id", sa.Text()),
        sa.Column("api_key_id", sa.Text()),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_client_id_id", "audit", ["client_id", "id"])
    op.create_index("ix_audit_profile_id_id", "audit", ["profile_id", "id"])
    kept = op.create_table(
        "audit_kept",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_audit_kept"),
        sa.CheckConstraint("one", name="ck_audit_kept_one_row"),
    )
    op.bulk_insert(kept, [{"one": True, "since": 0.0}])
    for statement in audit_triggers.MAKE[op.get_bind().dialect.name]:
        op.execute(statement)


def _publishing() -> None:
    op.create_table(
        "outbox",
        sa.Column("sequence", _sequence, nullable=False, autoincrement=False),
        sa.Column("edit", _sequence, nullable=False),
        sa.Column("profile_id", _id, nullable=False),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.Column("published_at", sa.Double()),
        sa.PrimaryKeyConstraint("sequence", name="pk_outbox"),
    )
    pending = sa.text("published_at IS NULL")
    op.create_index("ix_outbox_pending", "outbox", ["sequence"], sqlite_where=pending, postgresql_where=pending)
    op.create_table(
        "idempotency_keys",
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", sa.Double(), nullable=False),
        sa.Column("answer", sa.JSON()),
        sa.PrimaryKeyConstraint("actor_id", "key", name="pk_idempotency_keys"),
    )
    row = op.create_table(
        "publication",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("database_id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("sequence", _sequence, nullable=False),
        sa.Column("pruned_through", _sequence, nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_publication"),
        sa.CheckConstraint("one", name="ck_publication_one_row"),
    )
    database_id = secrets.token_hex(DATABASE_ID_BYTES)
    op.bulk_insert(row, [{"one": True, "database_id": database_id, "epoch": "", "sequence": 0, "pruned_through": 0}])
