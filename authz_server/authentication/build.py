"""From a profile's AuthConfig to its Authenticator: the one place that knows all five types."""

from authz_server.authentication.authenticator import Authenticator
from authz_server.authentication.none import NoAuthenticator
from authz_server.authentication.token import TokenAuthenticator
from authz_server.core.auth import AuthConfig, NoAuth, TokenAuth
from authz_server.core.errors import ProfileUnusable


def authenticator_for(auth: AuthConfig) -> Authenticator:
    """Parse and compile everything that `auth` holds. Raises `ProfileUnusable` where it cannot be enforced."""
    if isinstance(auth, TokenAuth):
        return TokenAuthenticator(auth)
    if isinstance(auth, NoAuth):
        return NoAuthenticator()
    raise ProfileUnusable(f"a profile of type {auth.type} cannot be enforced")
