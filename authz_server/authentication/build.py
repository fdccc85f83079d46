"""From a profile's AuthConfig to its Authenticator: the one place that knows all five types."""

from typing import assert_never

from authz_server.authentication.authenticator import Authenticator
from authz_server.authentication.jwt import jwt_authenticator
from authz_server.authentication.mtls import mtls_authenticator
from authz_server.authentication.none import NoAuthenticator
from authz_server.authentication.oidc import oidc_authenticator
from authz_server.authentication.token import TokenAuthenticator
from authz_server.core.auth import AuthConfig, JwtAuth, MtlsAuth, NoAuth, OidcAuth, TokenAuth


def authenticator_for(auth: AuthConfig) -> Authenticator:
    """Parse and compile everything that `auth` holds. Raises `ProfileUnusable` where it cannot be enforced."""
    match auth:
        case TokenAuth():
            return TokenAuthenticator(auth)
        case JwtAuth():
            return jwt_authenticator(auth)
        case OidcAuth():
            return oidc_authenticator(auth)
        case MtlsAuth():
            return mtls_authenticator(auth)
        case NoAuth():
            return NoAuthenticator()
        case _:
            assert_never(auth)
