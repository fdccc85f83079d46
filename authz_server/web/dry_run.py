"""The dry run: one check by the code that the data plane runs, and the verdict of each of its steps in words.

Every sentence is fixed: nothing of a credential, nor of anything else in the request, gets into it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, Protocol
from urllib.parse import quote

from authz_server.authentication.authenticator import NO_SUBJECT, Authenticated
from authz_server.checking.checker import Checker
from authz_server.checking.ports import Clock, LoadedProfile
from authz_server.core.auth import NoAuth
from authz_server.core.decision import ALLOWED_CODE, Allowed, Decision, Denied
from authz_server.core.denial_reasons import DENIALS, DenialReason, Step
from authz_server.core.denied_response import denied_body, denied_headers
from authz_server.core.facts import CheckFacts, is_request_id
from authz_server.core.profile import Profile
from authz_server.core.upstream_headers import upstream_mutations
from authz_server.documents import values
from authz_server.documents.fields import Fields
from authz_server.managing.errors import DatabaseUnavailable
from authz_server.managing.fields import checked
from authz_server.managing.ports import Database
from authz_server.managing.records import Shape

_FIELDS: Final = frozenset(
    (
        *("client_id", "profile_id", "method", "path", "route", "client_ip", "headers", "certificate"),
        "assume_credential",
    )
)
_DEFAULT_METHOD: Final = "GET"
_AUTHZ_PREFIX: Final = "x-authz-"


class Verdict(StrEnum):
    """What became of one step."""

    PASSED = "passed"
    REFUSED = "refused"
    FAULT = "fault"
    NOT_REACHED = "not_reached"
    ASSUMED = "assumed"


class FaultObserver(Protocol):
    """Told of a surprise."""

    def fault(self, kind: str, error: BaseException | None) -> None:
        """Something of ours failed."""


class DryRun:
    """Checks what a call would be answered, by the profiles as they are in the database now."""

    def __init__(
        self,
        database: Database,
        observer: FaultObserver,
        *,
        clock: Clock,
        realm: str,
        request_ids: Callable[[], str],
    ) -> None:
        self._database = database
        self._observer = observer
        self._clock = clock
        self._realm = realm
        self._request_ids = request_ids

    def check(self, given: Mapping[str, Any]) -> Shape:
        """The outcome, the answer and the steps. Raises `ValidationFailed` and `DatabaseUnavailable`."""
        facts, assumed = _read(given)
        decision = self._decide(facts, assumed=assumed)
        request_id = facts.request_id
        if request_id is None or not is_request_id(request_id):
            request_id = self._request_ids()
        steps = [
            {"step": step.value, "verdict": verdict.value, "detail": detail}
            for step, verdict, detail in _steps(decision, assumed=assumed)
        ]
        return {**_answer(decision, facts, self._realm, request_id), "steps": steps}

    def _decide(self, facts: CheckFacts, *, assumed: bool) -> Decision:
        checker = Checker(_Source(self._database, assumed=assumed), self._clock)
        try:
            decision = checker.check(facts)
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the guard that the data plane has: a surprise is a refusal
            self._observer.fault(DenialReason.INTERNAL_ERROR, error)
            return Denied(DenialReason.INTERNAL_ERROR)
        assert isinstance(decision, Allowed | Denied)  # noqa: S101 - this source never has to wait
        return decision


class _Source:
    """Profiles of the database, whatever has been published of them."""

    def __init__(self, database: Database, *, assumed: bool) -> None:
        self._database = database
        self._assumed = assumed

    def find(self, profile_id: str) -> LoadedProfile | None:
        with self._database.read() as unit:
            record = unit.profiles.get(profile_id)
        if record is None:
            return None
        loaded = LoadedProfile.of(record.profile)
        return LoadedProfile(loaded.profile, _Assuming()) if self._assumed else loaded


class _Assuming:
    """Takes the credential for good: nobody can read a token back to try it."""

    def authenticate(self, facts: CheckFacts, now: float) -> Authenticated:  # noqa: ARG002 - the protocol's arguments
        return NO_SUBJECT


def _read(given: Mapping[str, Any]) -> tuple[CheckFacts, bool]:
    with checked(given) as fields:
        fields.know(_FIELDS, "a dry run")
        rows = _headers(fields)
        for name, header in (("client_id", "x-client-id"), ("profile_id", "x-profile-id")):
            value = fields.optional(name, values.string, None)
            if value is not None:
                rows[header].append(value)
        fields.optional("path", values.string, "")  # no step reads it
        method = fields.optional("method", values.string, _DEFAULT_METHOD)
        route = fields.optional("route", values.string, None)
        client_ip = fields.optional("client_ip", values.string, None)
        certificate = fields.optional("certificate", values.pem, None)
        assumed = fields.optional("assume_credential", values.boolean, False)  # noqa: FBT003 - a default
    headers = {name: ",".join(row) for name, row in rows.items()}  # as Envoy joins what came more than once
    facts = CheckFacts(
        client_id=headers.get("x-client-id"),
        profile_id=headers.get("x-profile-id"),
        authorization=headers.get("authorization"),
        method=method,
        client_ip=client_ip,
        route=route,
        certificate=None if certificate is None else quote(certificate, safe=""),
        request_id=headers.get("x-request-id"),
        grpc_caller=headers.get("content-type", "").startswith("application/grpc"),
        authz_headers=tuple(name for name in headers if name.startswith(_AUTHZ_PREFIX)),
        headers=headers,
    )
    return facts, assumed


def _headers(fields: Fields) -> defaultdict[str, list[str]]:
    rows: defaultdict[str, list[str]] = defaultdict(list)
    given = fields.mapping("headers")
    for name, _ in given.items() if given else ():
        rows[name.lower()].append(given.optional(name, values.string, "") if given else "")
    return rows


def _answer(decision: Decision, facts: CheckFacts, realm: str, request_id: str) -> dict[str, Any]:
    """What the caller would get; of a call that passes, what its upstream would see."""
    if isinstance(decision, Allowed):
        mutations = upstream_mutations(decision.profile, decision.subject, facts)
        upstream = {"set": dict(mutations.set_headers), "remove": list(mutations.removed)}
        return {
            "outcome": "allowed",
            "status": 200,
            "code": ALLOWED_CODE,
            "headers": {},
            "body": None,
            "upstream_headers": upstream,
        }
    reason = decision.reason
    return {
        "outcome": "denied",
        "status": DENIALS[reason].status,
        "code": reason.value,
        "headers": dict(denied_headers(decision, realm, grpc_caller=facts.grpc_caller)),
        "body": denied_body(reason, request_id, grpc_caller=facts.grpc_caller).decode("ascii"),
        "upstream_headers": None,
    }


def _steps(decision: Decision, *, assumed: bool) -> Iterator[tuple[Step, Verdict, str]]:
    decided = DENIALS[decision.reason] if isinstance(decision, Denied) else None
    reached = True
    for step in Step:
        if not reached:
            yield step, Verdict.NOT_REACHED, "An earlier step decided."
        elif decided is not None and decided.step is step:
            reached = False
            yield step, Verdict.FAULT if decided.is_fault else Verdict.REFUSED, decided.detail
        elif step is Step.CREDENTIAL and assumed:
            yield step, Verdict.ASSUMED, "The credential was taken to be valid; it was not looked at."
        else:
            yield step, Verdict.PASSED, _passed(step, decision.profile)


def _passed(step: Step, profile: Profile | None) -> str:
    if profile is not None and _restricts_nothing(step, profile):
        return _UNRESTRICTED[step]
    return _PASSED[step]


def _restricts_nothing(step: Step, profile: Profile) -> bool:
    match step:
        case Step.CLIENT_IP:
            return not profile.allowed_ips
        case Step.METHOD:
            return not profile.allowed_methods
        case Step.ROUTE:
            return not profile.allowed_routes
        case Step.CREDENTIAL:
            return isinstance(profile.auth, NoAuth)
    return False


_PASSED: Final[Mapping[Step, str]] = {
    Step.IDENTITY: "X-Client-ID and X-Profile-ID are there, once each and well formed.",
    Step.PROFILE: "The profile exists and is this client's.",
    Step.ACTIVE: "The client and the profile are switched on.",
    Step.CLIENT_IP: "The address is on the profile's list.",
    Step.METHOD: "The method is on the profile's list.",
    Step.ROUTE: "The route is on the profile's list.",
    Step.CREDENTIAL: "The credential is valid.",
}
_UNRESTRICTED: Final[Mapping[Step, str]] = {
    Step.CLIENT_IP: "The profile has no list of addresses: any may use it.",
    Step.METHOD: "The profile has no list of methods: any may be used.",
    Step.ROUTE: "The profile has no list of routes: any may be used.",
    Step.CREDENTIAL: "The profile asks for no credential.",
}
