"""A profile's `auth`: which type it is, and the two types that need little said: `token` and `none`."""

from __future__ import annotations

from typing import Final

from authz_server.core.auth import AuthConfig, AuthType, NoAuth, PreviousToken, TokenAuth
from authz_server.documents import mtls, signed, values
from authz_server.documents.fields import Fields
from authz_server.documents.sealed import Secrets
from authz_server.documents.token_header import token_header

_TYPES: Final = tuple(map(str, AuthType))
TOKEN_FIELDS: Final = frozenset(("type", "token_sha256", "header", "expires_at", "forward_authorization", "previous"))
NONE_FIELDS: Final = frozenset(("type",))
_PREVIOUS_FIELDS: Final = frozenset(("token_sha256", "until", "expires_at"))
_type: Final = values.one_of(_TYPES)


def read_auth(fields: Fields, secrets: Secrets) -> AuthConfig | None:
    """How a profile's callers prove who they are; None where an error was reported."""
    match fields.required("type", _type):
        case AuthType.TOKEN:
            return _read_token(fields)
        case AuthType.JWT:
            return signed.read_jwt(fields, secrets)
        case AuthType.OIDC:
            return signed.read_oidc(fields)
        case AuthType.MTLS:
            return mtls.read_mtls(fields)
        case AuthType.NONE:
            fields.know(NONE_FIELDS, "auth of type none")
            return NoAuth()
    return None


def _read_token(fields: Fields) -> TokenAuth | None:
    fields.know(TOKEN_FIELDS, "auth of type token")
    token_sha256 = fields.required("token_sha256", values.digest)
    header = fields.optional("header", token_header, None)
    expires_at = fields.optional("expires_at", values.timestamp, None)
    forward = fields.optional("forward_authorization", values.boolean, False)  # noqa: FBT003 - a default
    previous = _read_previous(fields) if "previous" in fields else None
    if token_sha256 is None:
        return None
    return TokenAuth(
        token_sha256=token_sha256,
        header=header,
        expires_at=expires_at,
        forward_authorization=forward,
        previous=previous,
    )


def _read_previous(fields: Fields) -> PreviousToken | None:
    before = fields.mapping("previous")
    if before is None:
        return None
    before.know(_PREVIOUS_FIELDS, "previous")
    token_sha256 = before.required("token_sha256", values.digest)
    until = before.required("until", values.timestamp)
    expires_at = before.optional("expires_at", values.timestamp, None)
    if token_sha256 is None or until is None:
        return None
    return PreviousToken(token_sha256=token_sha256, until=until, expires_at=expires_at)
