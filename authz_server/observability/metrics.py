"""Metrics: plain integers on the hot path, put into Prometheus's words only when somebody asks."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
UNKNOWN_AUTH_TYPE: Final = "unknown"  # the pair of ids is not proven

BUCKETS: Final = (0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.05, 0.1, 0.25, 1.0)
_BUCKET_NAMES: Final = (*map(str, BUCKETS), "+Inf")


class Gauges:
    """What is not counted but looked at: each is None where it is not known or does not apply."""

    def __init__(
        self,
        *,
        profiles: Callable[[], int | None] = lambda: None,
        ready: Callable[[], bool] = lambda: False,
        replica_age_seconds: Callable[[], float | None] = lambda: None,
        profiles_file_ok: Callable[[], bool | None] = lambda: None,
        log_lines_dropped: Callable[[], int] = lambda: 0,
    ) -> None:
        self.profiles = profiles
        self.ready = ready
        self.replica_age_seconds = replica_age_seconds
        self.profiles_file_ok = profiles_file_ok
        self.log_lines_dropped = log_lines_dropped


class Metrics:
    """The counts of one process."""

    def __init__(self) -> None:
        self.checks: defaultdict[tuple[str, str, str], int] = defaultdict(int)  # outcome, code, auth type
        self.faults: defaultdict[str, int] = defaultdict(int)
        self.durations = [0] * len(_BUCKET_NAMES)
        self.duration_sum = 0.0

    def checked(self, outcome: str, code: str, auth_type: str, duration_s: float) -> None:
        """Count one check."""
        self.checks[outcome, code, auth_type] += 1
        self.durations[bisect_left(BUCKETS, duration_s)] += 1
        self.duration_sum += duration_s

    def fault(self, kind: str) -> None:
        """Count something of ours that failed."""
        self.faults[kind] += 1


class Exposition:
    """The metrics of this process as Prometheus reads them."""

    def __init__(self, metrics: Metrics, gauges: Gauges, version: str) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Collector(metrics, gauges, version))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """The text format, `CONTENT_TYPE`."""
        return generate_latest(self._registry)


class _Collector(Collector):
    def __init__(self, metrics: Metrics, gauges: Gauges, version: str) -> None:
        self._metrics = metrics
        self._gauges = gauges
        self._version = version

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        yield from self._counts()
        yield self._histogram()
        yield from self._looked_at()

    def _counts(self) -> Iterable[Metric]:
        checks = CounterMetricFamily(
            "authz_checks", "Checks by what was decided.", labels=("outcome", "code", "auth_type")
        )
        for labels, count in sorted(self._metrics.checks.items()):
            checks.add_metric(labels, count)
        yield checks
        faults = CounterMetricFamily("authz_faults", "What failed on our side.", labels=("kind",))
        for kind, count in sorted(self._metrics.faults.items()):
            faults.add_metric((kind,), count)
        yield faults
        yield CounterMetricFamily(
            "authz_log_lines_dropped", "Log lines that nobody read in time.", self._gauges.log_lines_dropped()
        )

    def _histogram(self) -> Metric:
        histogram = HistogramMetricFamily("authz_check_duration_seconds", "From a request's bytes to its answer's.")
        cumulated = zip(_BUCKET_NAMES, accumulate(self._metrics.durations), strict=True)
        histogram.add_metric((), list(cumulated), self._metrics.duration_sum)
        return histogram

    def _looked_at(self) -> Iterable[Metric]:
        gauges = self._gauges
        looked_at = (
            ("authz_profiles", "Profiles that can be found.", gauges.profiles()),
            ("authz_ready", "Whether checks can be answered truthfully.", gauges.ready()),
            ("authz_replica_age_seconds", "Since what is served was last known current.", gauges.replica_age_seconds()),
            ("authz_profiles_file_ok", "Whether the file as it is now is served.", gauges.profiles_file_ok()),
        )
        for name, doc, value in looked_at:
            if value is not None:
                yield GaugeMetricFamily(name, doc, float(value))
        build = GaugeMetricFamily("authz_build_info", "Which version this is.", labels=("version",))
        build.add_metric((self._version,), 1)
        yield build
