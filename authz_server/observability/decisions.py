"""The observer of every check: counts it, and writes the decision log where its level says so.

On the hot path, so it goes around the logging machinery: one struct, one encoder, one line.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from authz_server.core.allow_list import parse_address
from authz_server.core.decision import ALLOWED_CODE, Allowed, Decision, Denied
from authz_server.core.denial_reasons import DENIALS, DenialReason
from authz_server.core.errors import CannotTell, Fault
from authz_server.core.facts import CheckFacts, is_identifier, is_request_id
from authz_server.observability.lines import Lines
from authz_server.observability.logs import LEVELS, Log, where
from authz_server.observability.metrics import UNKNOWN_AUTH_TYPE, Metrics

ALLOWED: Final = "allowed"
DENIED: Final = "denied"

_LONGEST_METHOD: Final = 64
_LONGEST_ADDRESS: Final = 64  # what may be remembered; no address is written longer
_FAULT_LOG_SECONDS: Final = 1.0
_OUR_FAULT: Final = frozenset(reason for reason, denial in DENIALS.items() if denial.is_fault)


class DecisionLine(msgspec.Struct, omit_defaults=True):
    """One line of the decision log. What is not known is left out; an unproven pair is `claimed_`."""

    timestamp: datetime
    level: str
    event: str
    outcome: str
    code: str
    status: int
    duration_us: int
    request_id: str | None = None
    client_id: str | None = None
    profile_id: str | None = None
    auth_type: str | None = None
    claimed_client_id: str | None = None
    claimed_profile_id: str | None = None
    method: str | None = None
    route: str | None = None
    client_ip: str | None = None


class Observer:
    """Told of every decision and every fault. Never raises, never waits."""

    def __init__(
        self,
        metrics: Metrics,
        lines: Lines,
        log: Log,
        *,
        level: str = "info",
        log_format: str = "json",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._metrics = metrics
        self._checked = metrics.checked
        self._write = lines.write
        self._log = log
        self._logs_allowed = LEVELS[level] <= LEVELS["debug"]
        self._logs_denied = LEVELS[level] <= LEVELS["info"]
        self._logs_our_fault = LEVELS[level] <= LEVELS["warning"]
        self._encode = msgspec.json.Encoder().encode if log_format == "json" else _for_people
        self._now = now
        self._monotonic = monotonic
        self._faults_logged: dict[str, tuple[float, int]] = {}  # kind: when last, how many since

    def observe(self, facts: CheckFacts, decision: Decision, request_id: str | None, duration_s: float) -> None:
        """One check was decided after `duration_s` seconds. `request_id` is what a refused caller was told.

        A refusal with 503 is counted as a fault here, under its own code: once a check, whoever caused it.
        """
        try:
            profile = decision.profile
            auth_type = UNKNOWN_AUTH_TYPE if profile is None else profile.auth.type
            if isinstance(decision, Allowed):
                self._checked(ALLOWED, ALLOWED_CODE, auth_type, duration_s)
                if self._logs_allowed:
                    self._write(self._encode(self._line(facts, decision, request_id, duration_s)))
            else:
                self._checked(DENIED, decision.reason, auth_type, duration_s)
                is_ours = decision.reason in _OUR_FAULT
                if is_ours:
                    self._metrics.fault(decision.reason)
                if self._logs_our_fault if is_ours else self._logs_denied:
                    self._write(self._encode(self._line(facts, decision, request_id, duration_s)))
        except Exception:  # noqa: BLE001 - whatever goes wrong in telling must not change what was decided
            self._metrics.fault("observer")

    def fault(self, kind: str, error: BaseException | None) -> None:
        """Something of ours failed. Every one is counted; of each kind one a second is logged."""
        try:
            self._metrics.fault(kind)
            self._log_fault(kind, {} if error is None else _described(error))
        except Exception:  # noqa: BLE001 - as above
            self._metrics.fault("observer")

    def unexpected(self, error: BaseException) -> None:
        """Why a check ends as an internal error. Logged like a fault; its decision is what is counted."""
        try:
            self._log_fault(DenialReason.INTERNAL_ERROR, _described(error))
        except Exception:  # noqa: BLE001 - as above
            self._metrics.fault("observer")

    def source_fault(self, kind: str, sentence: str) -> None:
        """Something about the profiles is wrong; `sentence` holds no secret."""
        try:
            self._metrics.fault(kind)
            self._log_fault(kind, {"reason": sentence})
        except Exception:  # noqa: BLE001 - as above
            self._metrics.fault("observer")

    def _log_fault(self, kind: str, fields: dict[str, object]) -> None:
        now = self._monotonic()
        last, suppressed = self._faults_logged.get(kind, (-_FAULT_LOG_SECONDS, 0))
        if now - last < _FAULT_LOG_SECONDS:
            self._faults_logged[kind] = (last, suppressed + 1)
            return
        self._faults_logged[kind] = (now, 0)
        if suppressed:
            fields["suppressed"] = suppressed
        self._log.error("fault", kind=kind, **fields)

    def _line(self, facts: CheckFacts, decision: Decision, request_id: str | None, duration_s: float) -> DecisionLine:
        profile = decision.profile
        level, outcome, code, status = "debug", ALLOWED, ALLOWED_CODE, 200
        if isinstance(decision, Denied):
            reason = decision.reason
            level = "warning" if reason in _OUR_FAULT else "info"
            outcome, code, status = DENIED, reason.value, DENIALS[reason].status
        if request_id is None and facts.request_id is not None and is_request_id(facts.request_id):
            request_id = facts.request_id
        line = DecisionLine(
            self._now(), level, "check", outcome, code, status, int(duration_s * 1e6), request_id,
            method=facts.method[:_LONGEST_METHOD] or None,
            route=facts.route,
            client_ip=canonical_address(facts.client_ip),
        )  # fmt: skip
        if profile is not None:
            line.client_id, line.profile_id = profile.client.id, profile.id
            line.auth_type = profile.auth.type
        else:
            line.claimed_client_id = _if_identifier(facts.client_id)
            line.claimed_profile_id = _if_identifier(facts.profile_id)
        return line


def _described(error: BaseException) -> dict[str, object]:
    """What of an exception may be logged: its own words only where they are ours, others may quote a caller."""
    told: dict[str, object] = {"reason": str(error)} if isinstance(error, Fault | CannotTell) else {}
    return told | {"error": type(error).__name__, "where": where(error)}


def canonical_address(text: str | None) -> str | None:
    """The caller's address in one spelling, without port and zone; None where it is none."""
    if text is None or len(text) > _LONGEST_ADDRESS:
        return None
    return _canonical(text)


@lru_cache(maxsize=1_024)  # callers come back, and each entry is bounded by `_LONGEST_ADDRESS`
def _canonical(text: str) -> str | None:
    address = parse_address(text)
    return None if address is None else str(address)


def _if_identifier(text: str | None) -> str | None:
    return text if text is not None and is_identifier(text) else None


def _for_people(line: DecisionLine) -> bytes:
    shown = (
        f"{name}={value if _is_plain(value) else msgspec.json.encode(value).decode()}"
        for name in line.__struct_fields__[6:]
        if (value := getattr(line, name)) is not None
    )
    head = f"{line.timestamp:%Y-%m-%dT%H:%M:%S.%fZ} [{line.level}] check {line.outcome} {line.status} {line.code}"
    return f"{head} {' '.join(shown)}".encode("utf-8", "replace")


def _is_plain(value: object) -> bool:
    return not isinstance(value, str) or (value.isascii() and value.isprintable() and " " not in value)
