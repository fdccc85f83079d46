"""Hostile and nearly good requests, thrown at the check, with the naive model as the judge."""
