"""Is it an access token or an ID token? One issuer signs both with the same keys, so that the key cannot tell.

A token may state its type: `typ` in the header (RFC 9068 section 2.1 has `at+jwt`), `typ` in the payload (Keycloak:
`Bearer` and `ID`, and `Refresh` and `Logout`, which are neither), `token_use` (Amazon Cognito: `access` and `id`).
Every statement must then say what the profile wants; an unknown one says something else.

Where nothing is stated (Okta, Entra, Auth0's own profile, Zitadel, Dex), what only one of the two carries decides:
`nonce`, `at_hash`, `c_hash` and `s_hash` make an ID token (OpenID Connect Core 1.0 sections 2 and 3.3.2.11), and
`scope`, `scp`, `client_id` and `cid` an access token (RFC 9068 section 2.2; the second of each pair is Okta's). An ID
token may carry a scope beside its `nonce`; an access token carries no `nonce` unless it states what it is, as
Keycloak's did before its version 25. A token that neither states nor shows anything (GitHub's and Kubernetes'
workload tokens) is taken for either: then the audience has to tell, which is the API's own in an access token and
the client's id in an ID token.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from authz_server.authentication.jose import JsonObject
from authz_server.core.auth import TokenUse

_OF_ID_TOKENS: Final = frozenset(("nonce", "at_hash", "c_hash", "s_hash"))
_OF_ACCESS_TOKENS: Final = frozenset(("scope", "scp", "client_id", "cid"))
# Security event and logout tokens are neither (RFC 8417 section 2.2, OpenID Connect Back-Channel Logout section 2.4).
_OF_EVENTS: Final = "events"

# What a type may be called, in lower case; None says nothing about it.
_HEADER_TYPES: Final[dict[str, TokenUse | None]] = {"jwt": None, "at+jwt": TokenUse.ACCESS}
_PAYLOAD_TYPES: Final[dict[str, TokenUse | None]] = {"jwt": None, "bearer": TokenUse.ACCESS, "id": TokenUse.ID}
_TOKEN_USES: Final[dict[str, TokenUse | None]] = {"access": TokenUse.ACCESS, "id": TokenUse.ID}


def is_access_token(header: JsonObject, claims: JsonObject) -> bool:
    """Whether the token is, or as far as can be told may be, an access token."""
    return _is(TokenUse.ACCESS, header, claims) and _OF_EVENTS not in claims


def is_id_token(header: JsonObject, claims: JsonObject) -> bool:
    """Whether the token is, or as far as can be told may be, an ID token."""
    return _is(TokenUse.ID, header, claims) and _OF_EVENTS not in claims


def _is(wanted: TokenUse, header: JsonObject, claims: JsonObject) -> bool:
    stated = set(_statements(header, claims)) - {None}
    if stated:
        return stated == {wanted}
    shows_id = not _OF_ID_TOKENS.isdisjoint(claims)
    if wanted is TokenUse.ACCESS:
        return not shows_id
    return shows_id or _OF_ACCESS_TOKENS.isdisjoint(claims)


def _statements(header: JsonObject, claims: JsonObject) -> Iterator[TokenUse | str | None]:
    for holder, name, meanings in (
        (header, "typ", _HEADER_TYPES),
        (claims, "typ", _PAYLOAD_TYPES),
        (claims, "token_use", _TOKEN_USES),
    ):
        if name in holder:
            yield _meaning(holder[name], meanings)


def _meaning(value: Any, meanings: dict[str, TokenUse | None]) -> TokenUse | str | None:
    if not isinstance(value, str):
        return "unknown"
    # A media type has no case, and may leave its "application/" out (RFC 7515 section 4.1.9).
    return meanings.get(value.lower().removeprefix("application/"), "unknown")
