"""What Alembic runs: migrations in the transaction of the connection that `upgrade` has opened."""

from alembic import context

from authz_server.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite's is, where the driver leaves transactions alone, as ours is told to
)
with context.begin_transaction():
    context.run_migrations()
