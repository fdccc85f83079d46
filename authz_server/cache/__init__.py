"""Where profiles are kept for the check: Redis, or a declarative file."""
