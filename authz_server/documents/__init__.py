"""The profile document: from bytes to clients and profiles, with every error at its place, and back."""
