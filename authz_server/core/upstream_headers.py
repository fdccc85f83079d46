"""What an allowed request gains and loses on its way to the upstream: who the caller is, and nothing forged."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import quote_from_bytes

from authz_server.core import limits
from authz_server.core.auth import TokenAuth
from authz_server.core.facts import CheckFacts
from authz_server.core.profile import Profile

CLIENT_ID_HEADER: Final = "x-authz-client-id"
PROFILE_ID_HEADER: Final = "x-authz-profile-id"
AUTH_TYPE_HEADER: Final = "x-authz-auth-type"
SUBJECT_HEADER: Final = "x-authz-subject"

_OWN_HEADERS: Final = (CLIENT_ID_HEADER, PROFILE_ID_HEADER, AUTH_TYPE_HEADER, SUBJECT_HEADER)
_METHOD_OVERRIDES: Final = ("x-http-method-override", "x-http-method", "x-method-override")
_VISIBLE_ASCII: Final = "".join(map(chr, range(0x21, 0x7F))).replace("%", "")


class Mutations(NamedTuple):
    """What an allowed request gains and loses on its way to the upstream."""

    set_headers: tuple[tuple[str, str], ...]
    removed: tuple[str, ...]


def upstream_mutations(profile: Profile, subject: str | None, facts: CheckFacts) -> Mutations:
    """The identity that the upstream sees. Whatever else is called `x-authz-*` goes: no caller can forge one."""
    headers = [
        (CLIENT_ID_HEADER, profile.client.id),
        (PROFILE_ID_HEADER, profile.id),
        (AUTH_TYPE_HEADER, profile.auth.type.value),
    ]
    written = None if subject is None else written_subject(subject)
    if written is not None:
        headers.append((SUBJECT_HEADER, written))
    kept = {name for name, _ in headers}
    removed = [name for name in (*_OWN_HEADERS, *facts.authz_headers) if name not in kept]
    if isinstance(profile.auth, TokenAuth) and not profile.auth.forward_authorization:
        removed.append(profile.auth.header or "authorization")
    if profile.allowed_methods:
        removed.extend(_METHOD_OVERRIDES)
    return Mutations(tuple(headers), tuple(dict.fromkeys(removed)))


def written_subject(subject: str) -> str | None:
    """The subject as a header value, percent-encoded outside 0x21-0x7E; None where it would be empty or too long."""
    written = quote_from_bytes(subject.encode("utf-8", "surrogatepass"), safe=_VISIBLE_ASCII)
    return written if 0 < len(written) <= limits.SUBJECT_BYTES else None
