"""The name of the header that carries a profile's token, where that is not `Authorization`."""

from __future__ import annotations

import re
from typing import Final

from authz_server.documents import values
from authz_server.documents.tree import Value

_CHARACTERS: Final = 64
# RFC 9110 section 5.1, without the underscore: Envoy can be told to drop or refuse names that have one.
_FIELD_NAME: Final = rf"[!#$%&'*+.^`|~0-9A-Za-z-]{{1,{_CHARACTERS}}}"
# Read, written or removed by the check, by Envoy or by whoever passes a message on.
_TAKEN: Final = (
    *("authorization", "connection", "cookie", "date", "expect", "forwarded", "host", "keep-alive", "max-forwards"),
    *("origin", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via"),
    *("x-client-id", "x-profile-id", "x-request-id", "x-client-ip", "x-real-ip"),
    *("x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-rewrite-url"),
)
_TAKEN_PREFIXES: Final = (
    *("access-control-", "content-", "grpc-", "proxy-", "sec-"),
    *("x-authz-", "x-envoy-", "x-forwarded-"),
)
_is_field_name: Final = re.compile(_FIELD_NAME).fullmatch


def _in_any_case(name: str) -> str:
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in name)


PATTERN: Final = "^(?!({})$)(?!{}){}$".format(
    "|".join(map(_in_any_case, _TAKEN)), "|".join(map(_in_any_case, _TAKEN_PREFIXES)), _FIELD_NAME
)
"""What `token_header` takes, as JSON Schema says it."""


def token_header(value: Value) -> str:
    """The name in lower case. Raises ValueError with a sentence where it cannot carry a token."""
    written = values.string(value)
    name = written.lower()
    if name == "authorization":
        raise ValueError("is where a token is looked for without this field, as Authorization: Bearer; leave it out")
    if name.startswith(":"):
        raise ValueError("is a pseudo-header, which belongs to HTTP itself; name a header such as X-API-Key")
    if "_" in name:
        raise ValueError("has an underscore, and proxies drop such headers; name one such as X-API-Key")
    if not _is_field_name(written):
        raise ValueError(
            f"is not a header's name: an RFC 9110 token of at most {_CHARACTERS} characters, such as X-API-Key"
        )
    if name in _TAKEN or name.startswith(_TAKEN_PREFIXES):
        raise ValueError("already has a meaning to the check, to Envoy or to HTTP; name another, such as X-API-Key")
    return name
