"""Builders of clients and profiles, with everything that a test does not care about filled in."""

import hashlib
from typing import Any

from authz_server.core.auth import JwtAuth, TokenAuth
from authz_server.core.profile import Client, Profile
from authz_server.core.secret import Secret


def a_client(client_id: str = "cl_acme", **fields: Any) -> Client:
    """A client."""
    defaults: dict[str, Any] = {"id": client_id, "name": f"name of {client_id}"}
    return Client(**(defaults | fields))


def a_profile(profile_id: str = "pr_production", **fields: Any) -> Profile:
    """A profile; without a credential unless `auth` is given."""
    defaults: dict[str, Any] = {"id": profile_id, "client": a_client(), "name": f"name of {profile_id}"}
    return Profile(**(defaults | fields))


def token_auth(token: str = "a-token", **fields: Any) -> TokenAuth:
    """Authentication by this token."""
    defaults: dict[str, Any] = {"token_sha256": hashlib.sha256(token.encode()).digest()}
    return TokenAuth(**(defaults | fields))


def hmac_auth(secret: str = "s" * 40, **fields: Any) -> JwtAuth:
    """Authentication by JWTs under an HMAC secret."""
    defaults: dict[str, Any] = {"algorithm": "HS256", "secret": Secret(secret), "credential_id": "cr_1"}
    return JwtAuth(**(defaults | fields))
