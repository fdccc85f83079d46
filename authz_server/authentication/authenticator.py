"""What every auth type is to the check: something that turns facts and the time into a subject or a refusal."""

from typing import Final, NamedTuple, Protocol

from authz_server.core.denial_reasons import DenialReason
from authz_server.core.facts import CheckFacts


class Authenticated(NamedTuple):
    """The credential is good. `subject` is who it speaks for, where it says so."""

    subject: str | None = None


NO_SUBJECT: Final = Authenticated()


class Authenticator(Protocol):
    """One profile's credential check, with everything that depends on the profile alone worked out beforehand."""

    def authenticate(self, facts: CheckFacts, now: float) -> Authenticated | DenialReason:
        """Judge the credential in `facts` at `now` (seconds since the Unix epoch).

        Raises `KeysUnavailable` where there is no key to verify with.
        """
