"""The parts of a check, wired without a server: a source of given profiles, an observer that remembers."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from authz_server.authentication.authenticator import NO_SUBJECT, Authenticated
from authz_server.checking.checker import Checker
from authz_server.checking.ports import LoadedProfile
from authz_server.core.decision import Decision
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.facts import CertificateForm, CheckFacts
from authz_server.core.profile import Profile
from authz_server.ext_authz.decode import ClientIpFrom, Decoder
from authz_server.ext_authz.encode import Encoder
from authz_server.ext_authz.service import CheckService

NOW: Final = 1_800_000_000.0


class HeldProfiles:
    """A ProfileSource over given profiles."""

    def __init__(self, profiles: Iterable[Profile] = ()) -> None:
        self._loaded = {profile.id: LoadedProfile.of(profile) for profile in profiles}

    def find(self, profile_id: str) -> LoadedProfile | Awaitable[LoadedProfile | None] | None:
        """As `ProfileSource` says."""
        return self._loaded.get(profile_id)


class FetchedProfiles(HeldProfiles):
    """The same, each fetched first."""

    def find(self, profile_id: str) -> LoadedProfile | Awaitable[LoadedProfile | None] | None:
        """As `ProfileSource` says."""
        return self._fetch(profile_id)

    async def _fetch(self, profile_id: str) -> LoadedProfile | None:
        return self._loaded.get(profile_id)


class FixedAuthenticator:
    """Says the same of every credential, or raises it."""

    def __init__(self, verdict: Authenticated | DenialReason | BaseException = NO_SUBJECT) -> None:
        self._verdict = verdict
        self.asked: list[float] = []

    def authenticate(self, facts: CheckFacts, now: float) -> Authenticated | DenialReason:  # noqa: ARG002 - fixed
        """As `Authenticator` says."""
        self.asked.append(now)
        if isinstance(self._verdict, BaseException):
            raise self._verdict
        return self._verdict


@dataclass(slots=True)
class RememberingObserver:
    """An Observer that tests look into."""

    decisions: list[tuple[CheckFacts, Decision, str | None, float]] = field(default_factory=list)
    faults: list[tuple[str, BaseException | None]] = field(default_factory=list)
    surprises: list[BaseException] = field(default_factory=list)

    def observe(self, facts: CheckFacts, decision: Decision, request_id: str | None, duration_s: float) -> None:
        """As `Observer` says."""
        self.decisions.append((facts, decision, request_id, duration_s))

    def unexpected(self, error: BaseException) -> None:
        """As `Observer` says."""
        self.surprises.append(error)

    def fault(self, kind: str, error: BaseException | None) -> None:
        """As `Observer` says."""
        self.faults.append((kind, error))


def a_check_service(
    *profiles: Profile,
    clock: Callable[[], float] = lambda: NOW,
    client_ip_from: ClientIpFrom = ClientIpFrom.PEER,
    certificate_from: CertificateForm = CertificateForm.PEER,
    **parts: Any,
) -> CheckService:
    """The real service over these profiles; any part of it can be given instead."""
    wired: dict[str, Any] = {
        "decoder": Decoder(client_ip_from, certificate_from),
        "checker": Checker(HeldProfiles(profiles), clock),
        "encoder": Encoder("authz"),
        "observer": RememberingObserver(),
    }
    return CheckService(**wired | parts)
