"""From a profile's AuthConfig to its Authenticator: the one place that knows all five types."""

from authz_server.authentication.authenticator import Authenticator
from authz_server.authentication.jwt import jwt_authenticator
from authz_server.authentication.none import NoAuthenticator
from authz_server.authentication.oidc import oidc_authenticator
from authz_server.authentication.token import TokenAuthenticator
from authz_server.core.auth import AuthConfig, JwtAuth, NoAuth, OidcAuth, TokenAuth
from authz_server.core.errors import ProfileUnusable


def authenticator_for(auth: AuthConfig) -> Authenticator:
    """Parse and compile everything that `auth` holds. Raises `ProfileUnusable` where it cannot be enforced."""
    if isinstance(auth, TokenAuth):
        return TokenAuthenticator(auth)
    if isinstance(auth, JwtAuth):
        return jwt_authenticator(auth)
    if isinstance(auth, OidcAuth):
        return oidc_authenticator(auth)
    if isinstance(auth, NoAuth):
        return NoAuthenticator()
    raise ProfileUnusable(f"a profile of type {auth.type} cannot be enforced")
