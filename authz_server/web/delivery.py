"""Delivery: how long an answer waits for what was edited to be in Redis."""

from __future__ import annotations

from typing import Final, Protocol

import anyio
from anyio import CapacityLimiter, to_thread

from authz_server.managing.relay import Propagation, RelayState
from authz_server.web import limits

_DELIVERIES: Final = 40  # at once; more of them wait, and are answered `pending`


class Deliverer(Protocol):
    """`managing.relay.Relay`, as far as an answer needs it."""

    @property
    def state(self) -> RelayState:
        """How things stand."""

    def deliver(self, sequence: int | None) -> Propagation:
        """Publish what was committed up to this sequence."""


class Delivery:
    """Waits for Redis, but not for long: what is pending then is published all the same, only later."""

    def __init__(self, relay: Deliverer, seconds: float = limits.PROPAGATION_SECONDS) -> None:
        self._relay = relay
        self._seconds = seconds
        self._limiter: CapacityLimiter | None = None

    async def __call__(self, sequence: int | None) -> Propagation:
        """Whether what was committed is in Redis."""
        if self._limiter is None:  # it belongs to the loop that runs
            self._limiter = CapacityLimiter(_DELIVERIES)
        with anyio.move_on_after(self._seconds):
            return await to_thread.run_sync(
                self._relay.deliver, sequence, abandon_on_cancel=True, limiter=self._limiter
            )
        return Propagation.PENDING
