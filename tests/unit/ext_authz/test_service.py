"""One Check call, from bytes to bytes, whatever its parts do."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.authentication.authenticator import Authenticated
from authz_server.checking.checker import Checker
from authz_server.checking.ports import LoadedProfile
from authz_server.core.decision import Allowed, Denied
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.errors import CannotTell, Fault, KeysUnavailable, LookupFailed, ProfileUnusable
from authz_server.core.facts import CheckFacts
from authz_server.ext_authz.encode import Encoder, FaultAs
from authz_server.ext_authz.service import CheckService, new_request_id
from authz_server.observability.decisions import Observer
from authz_server.observability.logs import make_log
from authz_server.observability.metrics import Metrics
from tests.support.checks import (
    NOW,
    FetchedProfiles,
    FixedAuthenticator,
    RememberingObserver,
    a_check_service,
)
from tests.support.profiles import a_profile, token_auth
from tests.support.recorded_lines import RecordedLines
from tests.support.requests import IDS, a_check_request
from tests.support.responses import Response, read_response

Raised = Callable[[], BaseException]


def undecodable() -> BaseException:
    return UnicodeDecodeError("utf-8", b"\xff", 0, 1, "secret")


def several() -> BaseException:
    return ExceptionGroup("several", [ValueError(), KeyError()])


class Panic(BaseException):
    """As PyO3 raises where a library's Rust panics: no Exception."""


SURPRISES: Final[tuple[Raised, ...]] = (
    RuntimeError,
    KeyError,
    RecursionError,
    MemoryError,
    OSError,
    TimeoutError,
    AssertionError,
    StopIteration,
    StopAsyncIteration,
    undecodable,
    several,
    Panic,
    Fault,
    ProfileUnusable,
    LookupFailed,
    KeysUnavailable,
)
ANYTHING: Final[tuple[Raised, ...]] = (*SURPRISES, CannotTell, asyncio.CancelledError, KeyboardInterrupt, SystemExit)
PARTS: Final = ("decode", "find", "fetch", "clock", "authenticate", "allowed", "denied", "observe", "fault")


def answered(service: CheckService, request: bytes) -> Response:
    """The answer; a response that has to be awaited is awaited here."""
    answer = service.check(request, ())
    return read_response(answer if isinstance(answer, bytes) else asyncio.run(_awaited(answer)))


async def _awaited(answer: Awaitable[bytes]) -> bytes:
    return await answer


class Breaking:
    """Every part of a check; those named in `broken` raise what they are told to."""

    def __init__(self, broken: dict[str, Raised], *, later: bool, refuses: bool) -> None:
        self._broken = broken
        self._later = later
        profile = a_profile(active=not refuses)
        self._loaded = LoadedProfile(profile, self)
        self._real = Encoder("authz")
        self._armed = False

    def service(self, fault_as: FaultAs, observer: Any = None) -> CheckService:
        checker = Checker(self, self.clock)
        service = CheckService(self, checker, self, observer or self, fault_as=fault_as)  # type: ignore[arg-type]  # one object plays every part
        self._armed = True
        return service

    def _break(self, part: str) -> None:
        if self._armed and part in self._broken:
            error = self._broken[part]()
            raise error

    def decode(self, _request: bytes, _metadata: object) -> CheckFacts:
        self._break("decode")
        return CheckFacts("cl_acme", "pr_production")

    def find(self, _profile_id: str) -> LoadedProfile | Awaitable[LoadedProfile]:
        self._break("find")
        return self._fetch() if self._later else self._loaded

    async def _fetch(self) -> LoadedProfile:
        await asyncio.sleep(0)
        self._break("fetch")
        return self._loaded

    def clock(self) -> float:
        self._break("clock")
        return NOW

    def authenticate(self, _facts: CheckFacts, _now: float) -> Authenticated:
        self._break("authenticate")
        return Authenticated("user 7")

    def allowed(self, allowed: Allowed, call: CheckFacts) -> bytes:
        self._break("allowed")
        return self._real.allowed(allowed, call)

    def denied(self, denied: Denied, call: CheckFacts, request_id: str) -> bytes:
        self._break("denied")
        return self._real.denied(denied, call, request_id)

    def cannot_tell(self) -> bytes:
        self._break("denied")
        return self._real.cannot_tell()

    def observe(self, *_: object) -> None:
        self._break("observe")

    def unexpected(self, *_: object) -> None:
        self._break("fault")

    def fault(self, *_: object) -> None:
        self._break("fault")


@given(
    st.dictionaries(st.sampled_from(PARTS), st.sampled_from(ANYTHING), min_size=1),
    st.booleans(),
    st.booleans(),
    st.sampled_from(FaultAs),
)
def test_whatever_the_parts_raise_nothing_is_let_in_and_only_cannot_tell_gets_out(
    broken: dict[str, Raised],
    later: bool,  # noqa: FBT001 - drawn
    refuses: bool,  # noqa: FBT001 - drawn
    fault_as: FaultAs,
) -> None:
    """What ends the process or the task (no Exception) passes through: it answers nothing."""
    service = Breaking(broken, later=later, refuses=refuses).service(fault_as)
    try:
        response = answered(service, b"")
    except CannotTell:
        assert CannotTell in broken.values()
        assert fault_as is FaultAs.GRPC
    except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
        assert not {asyncio.CancelledError, KeyboardInterrupt, SystemExit}.isdisjoint(broken.values())
    else:
        reached = {"decode", "find", "observe", *(["fetch"] if later else [])}
        reached |= {"denied"} if refuses else {"clock", "authenticate", "allowed"}
        if reached & set(broken) or refuses:
            assert not response.is_allowed
            assert response.kind in ("denied_response", "error_response")
        else:
            assert response.is_allowed


@pytest.mark.parametrize("part", ["decode", "find", "fetch", "clock", "authenticate", "allowed"])
@pytest.mark.parametrize("surprise", SURPRISES[: SURPRISES.index(Fault)])
def test_surprise_is_503_internal_error(part: str, surprise: Raised) -> None:
    service = Breaking({part: surprise}, later=part == "fetch", refuses=False).service(FaultAs.GRPC)
    response = answered(service, b"")
    assert (response.http_status, response.problem["code"]) == (503, "internal_error")
    assert "secret" not in response.body


@pytest.mark.parametrize("bad", [None, 0, "", b"", True, (), ("allowed",)], ids=repr)
def test_what_is_no_decision_lets_nobody_in(bad: Any) -> None:
    class Odd:
        def check(self, _facts: CheckFacts) -> Any:
            return bad

    observer = RememberingObserver()
    response = answered(a_check_service(checker=Odd(), observer=observer), a_check_request())
    assert (response.http_status, response.problem["code"]) == (503, "internal_error")
    assert len(observer.surprises) == 1
    assert observer.faults == []


@pytest.mark.parametrize("bad", [None, 0, True, ("allowed",)])
def test_what_comes_late_and_is_no_decision_lets_nobody_in(bad: Any) -> None:
    class Odd:
        async def check(self, _facts: CheckFacts) -> Any:
            return bad

    response = answered(a_check_service(checker=Odd()), a_check_request())
    assert (response.http_status, response.problem["code"]) == (503, "internal_error")


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_enter(request_: bytes) -> None:
    assert not answered(a_check_service(a_profile()), request_).is_allowed


def test_request_that_does_not_parse_is_503_internal_error_and_a_fault() -> None:
    observer = RememberingObserver()
    response = answered(a_check_service(observer=observer), b"\xff\xff")
    assert (response.http_status, response.problem["code"], response.code) == (503, "internal_error", 14)
    assert response.metadata == {"outcome": "denied", "code": "internal_error"}
    assert len(observer.surprises) == 1
    assert [decision for _, decision, _, _ in observer.decisions] == [Denied(DenialReason.INTERNAL_ERROR)]
    assert observer.faults == []


@pytest.mark.parametrize(
    ("part", "refuses"),
    [("decode", False), ("authenticate", False), ("allowed", False), ("denied", True)],
)
@pytest.mark.parametrize("later", [True, False])
def test_a_surprise_anywhere_is_told_as_one_decision(
    part: str,
    refuses: bool,  # noqa: FBT001 - drawn
    later: bool,  # noqa: FBT001 - both ways
) -> None:
    """Also where the refusal itself cannot be encoded: a decision is what a fault is counted by."""
    observer = RememberingObserver()
    breaking = Breaking({part: KeyError}, later=later, refuses=refuses)
    answered(breaking.service(FaultAs.GRPC, observer), b"")
    assert [decision for _, decision, _, _ in observer.decisions] == [Denied(DenialReason.INTERNAL_ERROR)]
    assert [type(error) for error in observer.surprises] == [KeyError]
    assert observer.faults == []


@pytest.mark.usefixtures("root_logger_as_it_was")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ProfileUnusable, "profile_unusable"),
        (KeysUnavailable, "keys_unavailable"),
        (LookupFailed, "lookup_failed"),
        (KeyError, "internal_error"),
    ],
)
@pytest.mark.parametrize("part", ["find", "fetch", "authenticate"])
def test_every_503_is_counted_once_a_check_whatever_raised_it(fault: Raised, code: str, part: str) -> None:
    metrics, lines = Metrics(), RecordedLines()
    observer = Observer(metrics, lines, make_log(lines, "json", "info"))
    service = Breaking({part: fault}, later=part == "fetch", refuses=False).service(FaultAs.GRPC, observer)
    for _ in range(2):
        assert answered(service, b"").problem["code"] == code
    assert metrics.faults == {code: 2}
    assert [event["level"] for event in lines.events if event["event"] == "check"] == ["warning"] * 2


@pytest.mark.parametrize("held", [True, False])
def test_allowed_and_refused_calls_are_answered_and_observed_once(held: bool) -> None:  # noqa: FBT001 - both kinds of source
    observer = RememberingObserver()
    ticks = itertools.count()
    parts: dict[str, Any] = {"observer": observer, "timer": lambda: float(next(ticks))}
    profile = a_profile(auth=token_auth("a-token"))
    if not held:
        parts["checker"] = Checker(FetchedProfiles([profile]), lambda: NOW)
    service = a_check_service(profile, **parts)
    allowed = answered(service, a_check_request(IDS | {"authorization": "Bearer a-token"}))
    refused = answered(service, a_check_request(IDS | {"x-request-id": "r-1"}))
    assert (allowed.code, allowed.http_status) == (0, 200)
    assert (refused.code, refused.http_status, refused.problem["request_id"]) == (16, 401, "r-1")
    told = [(decision, request_id, seconds) for _, decision, request_id, seconds in observer.decisions]
    assert told == [
        (Allowed(profile), None, 1.0),
        (Denied(DenialReason.CREDENTIAL_MISSING, profile), "r-1", 1.0),
    ]
    assert observer.faults == []


@pytest.mark.parametrize("given_id", [None, "", "a,b", 'x"}', "a b", "é", "a" * 65, "a_b"])
def test_request_id_that_may_not_be_shown_is_replaced(given_id: str | None) -> None:
    headers = {} if given_id is None else {"x-request-id": given_id}
    service = a_check_service(request_ids=lambda: "made-here")
    assert answered(service, a_check_request(headers)).problem["request_id"] == "made-here"


def test_request_ids_made_here_are_unique_and_may_be_shown() -> None:
    made = {new_request_id() for _ in range(100)}
    assert len(made) == 100
    response = answered(a_check_service(), a_check_request({}))
    assert len(response.problem["request_id"]) == 36


@pytest.mark.parametrize("later", [True, False])
def test_cannot_tell_is_raised_or_answered_as_set(later: bool) -> None:  # noqa: FBT001 - both ways
    part = "fetch" if later else "find"
    with pytest.raises(CannotTell):
        answered(Breaking({part: CannotTell}, later=later, refuses=False).service(FaultAs.GRPC), b"")
    service = Breaking({part: CannotTell}, later=later, refuses=False).service(FaultAs.ERROR_RESPONSE)
    response = answered(service, b"")
    assert (response.kind, response.code) == ("error_response", 14)


def test_cannot_tell_is_a_fault_and_no_decision() -> None:
    class Gone:
        def find(self, _profile_id: str) -> LoadedProfile | None:
            raise CannotTell

    observer = RememberingObserver()
    service = a_check_service(checker=Checker(Gone(), lambda: NOW), observer=observer)
    with pytest.raises(CannotTell):
        service.check(a_check_request(), ())
    assert [kind for kind, _ in observer.faults] == ["cannot_tell"]
    assert observer.decisions == []


def test_nothing_of_the_request_but_its_id_is_reflected() -> None:
    secret = "SENTINEL"
    rows = {name: f"{secret}{number}" for number, name in enumerate([*IDS, "authorization", "host", "cookie"])}
    request = a_check_request(rows | {"x-request-id": "r-1"}, method=secret, route=secret, certificate=secret)
    service = a_check_service(a_profile(auth=token_auth()))
    for sent in (request, a_check_request(rows | IDS, method=secret)):
        answer = service.check(sent, [("x-client-ip", secret)])
        assert isinstance(answer, bytes)
        assert secret.encode() not in answer


def test_refused_credential_is_never_asked_again() -> None:
    authenticator = FixedAuthenticator(DenialReason.TOKEN_INVALID)

    class One:
        def find(self, _profile_id: str) -> LoadedProfile:
            return LoadedProfile(a_profile(), authenticator)

    response = answered(a_check_service(checker=Checker(One(), lambda: NOW)), a_check_request())
    assert response.http_status == 401
    assert authenticator.asked == [NOW]
