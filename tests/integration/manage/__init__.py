"""The control plane as real processes, over SQLite or PostgreSQL and a real Valkey."""
