"""Every ceiling of the API, as named data."""

from typing import Final

BODY_BYTES: Final = 1_048_576
DOCUMENT_BYTES: Final = 67_108_864  # 100,000 profiles take some 40,000,000
QUERY_CHARACTERS: Final = 200  # of what is searched for
CURSOR_CHARACTERS: Final = 200
PAGE_ITEMS: Final = 50
MOST_PAGE_ITEMS: Final = 200
IDEMPOTENCY_KEY_CHARACTERS: Final = 255

PROPAGATION_SECONDS: Final = 1.0  # how long the answer to an edit waits for Redis

FAILED_ATTEMPTS: Final = 10
ATTEMPTS_SECONDS: Final = 60.0
PEERS_HELD: Final = 10_000

FAILED_PASSWORDS: Final = 5  # of one account, and of one address
PASSWORDS_SECONDS: Final = 60.0
