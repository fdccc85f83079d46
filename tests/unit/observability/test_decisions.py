"""The decision log and the counts behind it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.cache.faults import CacheFault
from authz_server.core.auth import TokenAuth
from authz_server.core.decision import Allowed, Denied
from authz_server.core.denial_reasons import DENIALS, DenialReason
from authz_server.core.errors import CannotTell
from authz_server.core.facts import CheckFacts
from authz_server.core.profile import Client, Profile
from authz_server.observability.decisions import Observer, canonical_address
from authz_server.observability.logs import make_log
from authz_server.observability.metrics import Metrics
from tests.support.recorded_lines import RecordedLines

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_900, UTC)
PROFILE = Profile(
    id="pr_1", name="production", client=Client(id="cl_1", name="Acme"), auth=TokenAuth(token_sha256=bytes(32))
)
FACTS = CheckFacts(
    client_id="cl_1",
    profile_id="pr_1",
    authorization="Bearer hunter2",
    certificate="hunter2",
    method="GET",
    client_ip="::ffff:10.1.2.3",
    route="orders",
    request_id="r-1",
)


pytestmark = pytest.mark.usefixtures("root_logger_as_it_was")


class Observed:
    """An observer with everything that it tells."""

    def __init__(self, level: str = "info", log_format: str = "json") -> None:
        self.lines = RecordedLines()
        self.metrics = Metrics()
        self.seconds = 100.0
        log = make_log(self.lines, log_format, level)
        self.observer = Observer(
            self.metrics,
            self.lines,
            log,
            level=level,
            log_format=log_format,
            now=lambda: NOW,
            monotonic=lambda: self.seconds,
        )

    def line_of(self, facts: CheckFacts, decision: Allowed | Denied, request_id: str | None = None) -> dict[str, Any]:
        """The one line that this decision gives."""
        self.observer.observe(facts, decision, request_id, 0.0000129)
        (event,) = self.lines.events
        return event


def test_a_refusal_is_one_line_at_info_with_the_fields_of_the_contract() -> None:
    assert Observed().line_of(FACTS, Denied(DenialReason.TOKEN_EXPIRED, PROFILE), "r-1") == {
        "timestamp": "2026-01-02T03:04:05.678900Z",
        "level": "info",
        "event": "check",
        "outcome": "denied",
        "code": "token_expired",
        "status": 401,
        "request_id": "r-1",
        "client_id": "cl_1",
        "profile_id": "pr_1",
        "auth_type": "token",
        "method": "GET",
        "route": "orders",
        "client_ip": "10.1.2.3",
        "duration_us": 12,
    }


def test_an_allowed_call_is_a_line_at_debug_only() -> None:
    observed = Observed()
    observed.observer.observe(FACTS, Allowed(PROFILE), None, 0.001)
    assert observed.lines.lines == []
    event = Observed("debug").line_of(FACTS, Allowed(PROFILE, "somebody"))
    assert (event["level"], event["outcome"], event["code"], event["status"]) == ("debug", "allowed", "allowed", 200)
    assert event["request_id"] == "r-1"


def test_a_refusal_is_silent_above_info() -> None:
    observed = Observed("warning")
    observed.observer.observe(FACTS, Denied(DenialReason.TOKEN_EXPIRED, PROFILE), "r-1", 0.001)
    assert observed.lines.lines == []
    assert observed.metrics.checks == {("denied", "token_expired", "token"): 1}


def test_a_pair_that_is_not_proven_is_claimed_and_counted_as_unknown() -> None:
    observed = Observed()
    event = observed.line_of(FACTS, Denied(DenialReason.PROFILE_UNKNOWN), "r-1")
    assert (event["claimed_client_id"], event["claimed_profile_id"]) == ("cl_1", "pr_1")
    assert not {"client_id", "profile_id", "auth_type"} & event.keys()
    assert observed.metrics.checks == {("denied", "profile_unknown", "unknown"): 1}


@pytest.mark.parametrize("client_id", [None, "", "a b", "x" * 65, 'a"}\n{"event":"forged"', "cl_1,cl_1"])
def test_a_claim_that_is_not_well_formed_is_left_out(client_id: str | None) -> None:
    facts = FACTS._replace(client_id=client_id, profile_id=client_id)
    event = Observed().line_of(facts, Denied(DenialReason.IDENTITY_MALFORMED), "r-1")
    assert not {"claimed_client_id", "claimed_profile_id"} & event.keys()


@pytest.mark.parametrize("reason", DenialReason)
def test_every_reason_is_logged_with_its_status(reason: DenialReason) -> None:
    event = Observed().line_of(FACTS, Denied(reason, PROFILE), "r-1")
    assert (event["code"], event["status"]) == (reason.value, DENIALS[reason].status)


@pytest.mark.parametrize("reason", DenialReason)
def test_a_503_is_counted_as_a_fault_once_and_is_a_warning(reason: DenialReason) -> None:
    """Each check for itself, under the code that its caller was told; what the caller did wrong is no fault."""
    observed = Observed()
    for _ in range(3):
        observed.observer.observe(FACTS, Denied(reason, PROFILE), "r-1", 0.001)
    is_ours = DENIALS[reason].status == 503
    assert observed.metrics.faults == ({reason.value: 3} if is_ours else {})
    assert observed.metrics.checks == {("denied", reason.value, "token"): 3}
    assert [event["level"] for event in observed.lines.events] == ["warning" if is_ours else "info"] * 3


@pytest.mark.parametrize(("level", "lines"), [("debug", 1), ("info", 1), ("warning", 1), ("error", 0)])
def test_a_503_is_told_at_warning_and_below(level: str, lines: int) -> None:
    observed = Observed(level)
    observed.observer.observe(FACTS, Denied(DenialReason.KEYS_UNAVAILABLE, PROFILE), "r-1", 0.001)
    assert len(observed.lines.lines) == lines
    assert observed.metrics.faults == {"keys_unavailable": 1}


def test_no_fault_of_the_profiles_has_the_code_of_a_decision() -> None:
    """Or one failure would count twice under one kind: where it was seen, and in each decision that it caused."""
    assert {kind.value for kind in CacheFault}.isdisjoint(reason.value for reason in DenialReason)


@pytest.mark.parametrize("log_format", ["json", "console"])
@given(
    facts=st.builds(
        CheckFacts,
        client_id=st.none() | st.text(),
        profile_id=st.none() | st.text(),
        authorization=st.just("Bearer hunter2"),
        method=st.text(max_size=200),
        client_ip=st.none() | st.text(max_size=100),
        route=st.none() | st.text(max_size=20),
        certificate=st.just("hunter2"),
        request_id=st.none() | st.text(max_size=100),
    ),
    proven=st.booleans(),
    allowed=st.booleans(),
)
def test_whatever_a_caller_sends_one_line_comes_out_without_its_credential(
    log_format: str,
    facts: CheckFacts,
    proven: bool,  # noqa: FBT001 - drawn by Hypothesis
    allowed: bool,  # noqa: FBT001 - likewise
) -> None:
    observed = Observed("debug", log_format)
    decision = Allowed(PROFILE) if allowed else Denied(DenialReason.TOKEN_INVALID, PROFILE if proven else None)
    observed.observer.observe(facts, decision, None, 0.001)
    (line,) = observed.lines.lines
    assert line.isascii() or line.decode()
    assert not {b"\n", b"\r", b"\x1b"} & {line[position : position + 1] for position in range(len(line))}
    assert b"hunter2" not in line
    assert observed.metrics.faults == {}


def test_the_console_line_is_for_people() -> None:
    observed = Observed(log_format="console")
    observed.observer.observe(FACTS._replace(method="a b"), Denied(DenialReason.PROFILE_UNKNOWN), "r-1", 0.001)
    assert observed.lines.text == (
        "2026-01-02T03:04:05.678900Z [info] check denied 403 profile_unknown duration_us=1000 request_id=r-1"
        ' claimed_client_id=cl_1 claimed_profile_id=pr_1 method="a b" route=orders client_ip=10.1.2.3'
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, None),
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1:80", "10.0.0.1"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("[fe80::1%eth0]:1", "fe80::1"),
        ("somewhere", None),
        ("1" * 5_000, None),
    ],
)
def test_an_address_has_one_spelling(text: str | None, shown: str | None) -> None:
    assert canonical_address(text) == shown


def test_an_observer_that_breaks_does_not_break_the_check() -> None:
    observed = Observed()
    observed.observer.observe(FACTS, "no decision", None, 0.001)  # type: ignore[arg-type] # what must not happen
    assert observed.metrics.faults == {"observer": 1}


def test_a_fault_of_ours_is_counted_and_logged_in_our_words() -> None:
    observed = Observed()
    observed.observer.fault("cannot_tell", CannotTell("Redis is gone"))
    (event,) = observed.lines.events
    assert (event["event"], event["level"], event["kind"]) == ("fault", "error", "cannot_tell")
    assert event["reason"] == "Redis is gone"
    assert observed.metrics.faults == {"cannot_tell": 1}


def test_a_surprise_is_logged_without_its_words() -> None:
    observed = Observed()
    observed.observer.unexpected(KeyError("Bearer hunter2"))
    assert "hunter2" not in observed.lines.text
    (event,) = observed.lines.events
    assert (event["event"], event["level"], event["kind"]) == ("fault", "error", "internal_error")
    assert event["error"] == "KeyError"


def test_a_surprise_is_counted_by_its_decision_alone() -> None:
    observed = Observed()
    observed.observer.unexpected(KeyError())
    assert observed.metrics.faults == {}
    observed.observer.observe(FACTS, Denied(DenialReason.INTERNAL_ERROR), "r-1", 0.001)
    assert observed.metrics.faults == {"internal_error": 1}


def test_a_flood_of_faults_is_one_line_a_second_and_counted_in_full() -> None:
    observed = Observed()
    for _ in range(1_000):
        observed.observer.fault("cannot_tell", CannotTell("Redis is gone"))
    observed.observer.fault("other", None)
    observed.seconds += 1.0
    observed.observer.fault("cannot_tell", CannotTell("Redis is gone"))
    assert [(event["kind"], event.get("suppressed")) for event in observed.lines.events] == [
        ("cannot_tell", None),
        ("other", None),
        ("cannot_tell", 999),
    ]
    assert observed.metrics.faults == {"cannot_tell": 1_001, "other": 1}


def test_what_is_wrong_with_the_profiles_is_told_too() -> None:
    observed = Observed()
    observed.observer.source_fault("profiles_file", "profiles.yaml:3:1: clients: is missing")
    assert observed.lines.events[0]["reason"] == "profiles.yaml:3:1: clients: is missing"


def test_a_log_that_breaks_is_counted_and_no_more() -> None:
    observed = Observed()
    observed.observer._log = None  # type: ignore[assignment] # noqa: SLF001 - what must not happen
    observed.observer.fault("x", None)
    observed.observer.source_fault("y", "z")
    observed.observer.unexpected(KeyError())
    assert observed.metrics.faults == {"x": 1, "y": 1, "observer": 3}
