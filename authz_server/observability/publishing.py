"""What publishing tells of itself: a line where something begins, ends or fails, and metrics."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from authz_server.observability.http_requests import HttpObserver
from authz_server.observability.logs import Log

TOLD_AGAIN_SECONDS: Final = 60.0  # a failure that goes on
PROGRESS_SECONDS: Final = 1.0

Clock = Callable[[], float]


class PublishingObserver:
    """`managing.relay.RelayObserver`: for the log, and for `PublishingExposition`. Any thread may tell it something."""

    def __init__(self, log: Log, clock: Clock = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._lock = threading.Lock()
        self._began = self._told_at = self._progress_at = 0.0
        self._failure: str | None = None
        self.changes = 0
        self.failures = 0
        self.republishes = 0
        self.running = False
        self.profiles = 0  # of the republish that runs, or the last one
        self.seconds: float | None = None  # that the last republish took

    def republishing(self, why: str) -> None:
        """Everything is about to be published."""
        self._began = self._progress_at = self._clock()
        self.running, self.profiles = True, 0
        self._log.info("republishing", why=why)

    def progress(self, published: int) -> None:
        """So many more are written."""
        self.profiles += published
        if self._clock() - self._progress_at >= PROGRESS_SECONDS:
            self._progress_at = self._clock()
            self._log.info("republishing", profiles=self.profiles)

    def republished(self, profiles: int) -> None:
        """All are in force."""
        self.seconds = self._clock() - self._began
        self.republishes += 1
        self.running, self.profiles = False, profiles
        self._log.info("republished", profiles=profiles, seconds=round(self.seconds, 3))
        self._works()

    def published(self, changes: int) -> None:
        """Changes were delivered."""
        with self._lock:
            self.changes += changes
        self._log.debug("published", changes=changes)
        self._works()

    def failed(self, sentence: str, retry_seconds: float) -> None:
        """Redis or the database failed; told once, and again from time to time."""
        self.running = False
        with self._lock:
            self.failures += 1
            now = self._clock()
            if sentence == self._failure and now - self._told_at < TOLD_AGAIN_SECONDS:
                return
            self._failure, self._told_at = sentence, now
        self._log.warning("publishing failed", problem=sentence, retry_seconds=round(retry_seconds, 1))

    def surprised(self, error: BaseException) -> None:
        """Something of ours that should not happen."""
        with self._lock:
            self.failures += 1
        self._log.error("publishing failed", exc_info=error)

    def _works(self) -> None:
        with self._lock:
            failure, self._failure = self._failure, None
        if failure is not None:
            self._log.info("publishing works again", after=failure)


class PublishingExposition:
    """The metrics of a `manage` process as Prometheus reads them."""

    def __init__(
        self,
        publishing: PublishingObserver,
        requests: HttpObserver,
        *,
        pending: Callable[[], int | None],
        ready: Callable[[], bool],
        version: str,
    ) -> None:
        """`pending`: how many changes wait; None where nobody can tell now."""
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Collector(publishing, requests, pending, ready, version))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """The text format, `metrics.CONTENT_TYPE`."""
        return generate_latest(self._registry)


class _Collector(Collector):
    def __init__(
        self,
        publishing: PublishingObserver,
        requests: HttpObserver,
        pending: Callable[[], int | None],
        ready: Callable[[], bool],
        version: str,
    ) -> None:
        self._publishing = publishing
        self._requests = requests
        self._pending = pending
        self._ready = ready
        self._version = version

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        yield from self._counts()
        publishing = self._publishing
        gauges = (
            ("authz_publish_pending", "Changes that are not in Redis yet.", self._pending()),
            ("authz_republish_running", "Whether everything is being published now.", publishing.running),
            ("authz_republish_profiles", "Profiles of the republish that runs, or the last one.", publishing.profiles),
            ("authz_republish_seconds", "How long the last republish took.", publishing.seconds),
            ("authz_ready", "Whether edits can be made.", self._ready()),
        )
        for name, doc, value in gauges:
            if value is not None:
                yield GaugeMetricFamily(name, doc, float(value))
        build = GaugeMetricFamily("authz_build_info", "Which version this is.", labels=("version",))
        build.add_metric((self._version,), 1)
        yield build

    def _counts(self) -> Iterable[Metric]:
        publishing, requests = self._publishing, self._requests
        published = CounterMetricFamily("authz_publish", "What was published, and what failed.", labels=("outcome",))
        published.add_metric(("published",), publishing.changes)
        published.add_metric(("failed",), publishing.failures)
        yield published
        yield CounterMetricFamily(
            "authz_republish", "How often everything was put in force anew.", publishing.republishes
        )
        answers = CounterMetricFamily("authz_http_requests", "Requests.", labels=("method", "path", "status"))
        for (method, path, status), count in sorted(requests.answers.items()):
            answers.add_metric((method, path, str(status)), count)
        yield answers
        yield CounterMetricFamily("authz_http_request_seconds", "How long they took, together.", requests.seconds)
        faults = CounterMetricFamily("authz_faults", "What failed on our side.", labels=("kind",))
        for kind, count in sorted(requests.faults.items()):
            faults.add_metric((kind,), count)
        yield faults
