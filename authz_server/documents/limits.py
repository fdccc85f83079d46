"""Every ceiling of a document, as named data."""

from typing import Final

DOCUMENT_BYTES: Final = 268_435_456  # 100,000 profiles take some 40,000,000
DEPTH: Final = 32  # levels of lists and mappings; a key set given in place needs 10
NUMBER_CHARACTERS: Final = 40

NAME_CHARACTERS: Final = 200
DESCRIPTION_CHARACTERS: Final = 2_000
LABEL_NAME_CHARACTERS: Final = 63
LABEL_VALUE_CHARACTERS: Final = 256
ROUTE_CHARACTERS: Final = 256
TEXT_CHARACTERS: Final = 2_048  # an issuer, an audience, a subject, a URL, a value of a claim
PEM_CHARACTERS: Final = 1_048_576

LIFETIME_SECONDS: Final = 315_360_000  # ten years
EXACT_INTEGER: Final = 2**53  # the largest that every JSON reader agrees on
