"""Passwords kept as in production, with the cheapest parameters that there are."""

from typing import Final

from argon2.profiles import CHEAPEST

from authz_server.sealing.passwords import Argon2Passwords

PASSWORDS: Final = Argon2Passwords(CHEAPEST)
A_PASSWORD: Final = "correct horse battery"
