"""The profile document."""
