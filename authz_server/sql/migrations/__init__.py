"""Migrations, in the order of their numbers. Each is written by hand, and leaves data as it was."""
