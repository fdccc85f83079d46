"""No credential: the pair of ids and the profile's rules are all there is."""

from authz_server.authentication.authenticator import NO_SUBJECT, Authenticated
from authz_server.core.facts import CheckFacts


class NoAuthenticator:
    """Admits every caller; whatever credential it sends is not read."""

    __slots__ = ()

    def authenticate(self, facts: CheckFacts, now: float) -> Authenticated:  # noqa: ARG002 - the protocol's arguments
        """Nothing to judge."""
        return NO_SUBJECT
