"""The use case of one check."""
