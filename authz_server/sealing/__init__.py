"""Keys, the secrets sealed under them, and the signatures of records."""
