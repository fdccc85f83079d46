"""The bearer credential of an `Authorization` header (RFC 6750 section 2.1), or of a header that holds nothing else."""

import re
from typing import Final

from authz_server.core import limits
from authz_server.core.denial_reasons import DenialReason

# RFC 6750: one space, then a b64token. A scheme's name has no case (RFC 9110 section 11.1). Each alphabet ends where
# the next begins, so that no value makes the match slow.
_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9\-._~+/]+=*)").fullmatch
_B64TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*").fullmatch
_NAMES_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr](?![!#$%&'*+\-.^_`|~0-9A-Za-z])").match


def bearer_credential(authorization: str | None) -> str | DenialReason:
    """The credential in the header's value as it came, or why there is none.

    Absent, empty or of another scheme is `credential_missing`; a Bearer that holds anything but one b64token, or is
    longer than `limits.AUTHORIZATION_BYTES`, is `credential_malformed`. A DenialReason is text too: ask for its type.
    """
    if not authorization:
        return DenialReason.CREDENTIAL_MISSING
    # A value that matches is ASCII, so its characters are its bytes.
    if len(authorization) <= limits.AUTHORIZATION_BYTES and (found := _BEARER(authorization)) is not None:
        return found[1]
    is_bearer = _NAMES_BEARER(authorization) is not None
    return DenialReason.CREDENTIAL_MALFORMED if is_bearer else DenialReason.CREDENTIAL_MISSING


def bare_credential(value: str | None) -> str | DenialReason:
    """The credential that is a header's whole value, without a scheme, or why there is none.

    Absent or empty is `credential_missing`; anything but one b64token of at most `limits.AUTHORIZATION_BYTES` (two
    headers of the name are joined by a comma) is `credential_malformed`.
    """
    if not value:
        return DenialReason.CREDENTIAL_MISSING
    is_one = len(value) <= limits.AUTHORIZATION_BYTES and _B64TOKEN(value) is not None
    return value if is_one else DenialReason.CREDENTIAL_MALFORMED
