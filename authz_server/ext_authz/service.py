"""CheckService: one Check call, from bytes to bytes, whatever server carries it."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from authz_server.checking.checker import Checker
from authz_server.core.decision import Allowed, Decision, Denied
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.errors import CannotTell
from authz_server.core.facts import CheckFacts, is_request_id
from authz_server.ext_authz.decode import Decoder, Metadata
from authz_server.ext_authz.encode import Encoder, FaultAs

_DECISIONS: Final = (Allowed, Denied)
_NO_FACTS: Final = CheckFacts()
# What ends a task or the process, and is no surprise. Any other BaseException is: a panic in the Rust of a library is
# no Exception, and would leave the call without an answer.
_ENDING: Final = (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit)


class Observer(Protocol):
    """Who is told of every decision and every fault. Must not raise."""

    def observe(self, facts: CheckFacts, decision: Decision, request_id: str | None, duration_s: float) -> None:
        """One check was decided after `duration_s` seconds. `request_id` is what a refused caller was told.

        A refusal that is our fault is counted here as one, and nowhere else.
        """

    def unexpected(self, error: BaseException) -> None:
        """Why the refusal that is told next is an internal error."""

    def fault(self, kind: str, error: BaseException | None) -> None:
        """Something of ours failed that no decision tells of."""


def new_request_id() -> str:
    """An id for a refusal whose caller brought none that may be shown."""
    return str(uuid.uuid4())


class CheckService:
    """Decodes, decides, encodes. A surprise on the way is a denial with 503, never an error that Envoy might allow."""

    def __init__(
        self,
        decoder: Decoder,
        checker: Checker,
        encoder: Encoder,
        observer: Observer,
        *,
        fault_as: FaultAs = FaultAs.GRPC,
        request_ids: Callable[[], str] = new_request_id,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._decode = decoder.decode
        self._check = checker.check
        self._encoder = encoder
        self._observer = observer
        self._fault_as = fault_as
        self._request_ids = request_ids
        self._timer = timer
        self._last_resort = encoder.denied(Denied(DenialReason.INTERNAL_ERROR), _NO_FACTS, new_request_id())

    def check(self, request: bytes, metadata: Metadata) -> bytes | Awaitable[bytes]:
        """Answer a CheckRequest with a CheckResponse; awaits only where a profile has to be fetched.

        Raises `CannotTell`, which the server turns into the gRPC status UNAVAILABLE.
        """
        started = self._timer()
        facts = _NO_FACTS
        try:
            facts = self._decode(request, metadata)
            decision = self._check(facts)
            if isinstance(decision, _DECISIONS):
                return self._answer(facts, decision, started)
            return self._answer_later(facts, decision, started)
        except _ENDING:
            raise
        except BaseException as error:  # noqa: BLE001 - the outermost guard: whatever it is, no call is let through
            return self._failed(facts, error, started)

    async def _answer_later(self, facts: CheckFacts, deciding: Awaitable[Decision], started: float) -> bytes:
        try:
            return self._answer(facts, await deciding, started)
        except _ENDING:
            raise
        except BaseException as error:  # noqa: BLE001 - the same guard, for what had to wait
            return self._failed(facts, error, started)

    def _answer(self, facts: CheckFacts, decision: Decision, started: float) -> bytes:
        if isinstance(decision, Allowed):
            encoded = self._encoder.allowed(decision, facts)
            self._observer.observe(facts, decision, None, self._timer() - started)
            return encoded
        request_id = self._request_id(facts)
        encoded = self._encoder.denied(decision, facts, request_id)
        self._observer.observe(facts, decision, request_id, self._timer() - started)
        return encoded

    def _failed(self, facts: CheckFacts, error: BaseException, started: float) -> bytes:
        try:
            if not isinstance(error, CannotTell):
                return self._refused(facts, error, started)
            self._observer.fault("cannot_tell", error)
            if self._fault_as is FaultAs.ERROR_RESPONSE:
                return self._encoder.cannot_tell()
        except _ENDING:
            raise
        except BaseException:  # noqa: BLE001 - a fault within the fault: the caller is refused all the same
            return self._last_resort
        raise error

    def _refused(self, facts: CheckFacts, error: BaseException, started: float) -> bytes:
        """The answer to a surprise, told before it is encoded: that may be what failed."""
        denied, request_id = Denied(DenialReason.INTERNAL_ERROR), self._request_id(facts)
        self._observer.unexpected(error)
        self._observer.observe(facts, denied, request_id, self._timer() - started)
        return self._encoder.denied(denied, facts, request_id)

    def _request_id(self, facts: CheckFacts) -> str:
        brought = facts.request_id
        return brought if brought is not None and is_request_id(brought) else self._request_ids()
