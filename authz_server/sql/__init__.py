"""The system of record: SQLite or PostgreSQL, by SQLAlchemy."""
