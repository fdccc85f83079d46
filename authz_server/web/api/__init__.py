"""REST: everything below /api, as one table of operations."""
