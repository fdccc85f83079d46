"""Every ceiling of the check path, as named data."""

from typing import Final

# What a caller may send.
IDENTIFIER_CHARACTERS: Final = 64
AUTHORIZATION_BYTES: Final = 8_192  # of the header that carries the credential, whatever its name
REQUEST_ID_CHARACTERS: Final = 64
CERTIFICATE_CHARACTERS: Final = 65_536  # URL-encoded PEM of one leaf
CHAIN_DEPTH: Final = 8  # leaf and root included
JSON_DEPTH: Final = 32  # a JWT's header or payload
LARGEST_DATE: Final = 2**53  # seconds; the largest integer that every JSON reader agrees on

# What we answer with.
SUBJECT_BYTES: Final = 256

# What a profile may hold.
LEEWAY_SECONDS: Final = 300
LABELS: Final = 16
RSA_BITS: Final = 2_048
JWKS_BYTES: Final = 1_048_576
KEYS_IN_A_SET: Final = 100
CERTIFICATES_IN_A_BUNDLE: Final = 100

# What is kept so that it need not be worked out again.
JWT_HEADERS_HELD: Final = 256
CERTIFICATES_HELD: Final = 512  # in either form
CHAIN_VERDICTS_HELD: Final = 1_024  # for each profile with authorities of its own
