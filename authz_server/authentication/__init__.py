"""How each auth type verifies a credential. CPU only: keys and the time are passed in."""
