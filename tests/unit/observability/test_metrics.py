"""What Prometheus reads."""

from prometheus_client.parser import text_string_to_metric_families

from authz_server.observability.metrics import BUCKETS, Exposition, Gauges, Metrics


def samples(text: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by its name and labels."""
    families = text_string_to_metric_families(text.decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def test_checks_are_counted_by_outcome_code_and_auth_type() -> None:
    metrics = Metrics()
    metrics.checked("allowed", "allowed", "token", 0.00002)
    metrics.checked("allowed", "allowed", "token", 0.00002)
    metrics.checked("denied", "profile_unknown", "unknown", 0.00002)
    found = samples(Exposition(metrics, Gauges(), "1.2.3").text())
    labels = frozenset({("outcome", "allowed"), ("code", "allowed"), ("auth_type", "token")})
    assert found["authz_checks_total", labels] == 2
    labels = frozenset({("outcome", "denied"), ("code", "profile_unknown"), ("auth_type", "unknown")})
    assert found["authz_checks_total", labels] == 1


def test_durations_fall_into_cumulated_buckets() -> None:
    metrics = Metrics()
    for duration in (BUCKETS[0], BUCKETS[0] + 1e-9, 2.0):
        metrics.checked("allowed", "allowed", "none", duration)
    found = samples(Exposition(metrics, Gauges(), "1").text())

    def bucket(bound: str) -> float:
        return found["authz_check_duration_seconds_bucket", frozenset({("le", bound)})]

    assert bucket(str(BUCKETS[0])) == 1
    assert bucket(str(BUCKETS[1])) == 2
    assert bucket(str(BUCKETS[-1])) == 2
    assert bucket("+Inf") == 3
    assert found["authz_check_duration_seconds_count", frozenset()] == 3
    assert found["authz_check_duration_seconds_sum", frozenset()] > 2.0


def test_faults_are_counted_by_kind() -> None:
    metrics = Metrics()
    metrics.fault("internal_error")
    found = samples(Exposition(metrics, Gauges(), "1").text())
    assert found["authz_faults_total", frozenset({("kind", "internal_error")})] == 1


def test_what_is_not_known_is_left_out() -> None:
    names = {name for name, _ in samples(Exposition(Metrics(), Gauges(), "1").text())}
    assert "authz_ready" in names
    assert not names & {"authz_profiles", "authz_replica_age_seconds", "authz_profiles_file_ok"}


def test_what_is_looked_at_is_looked_at_on_every_scrape() -> None:
    ages = iter((1.5, 2.5))
    gauges = Gauges(
        profiles=lambda: 7,
        ready=lambda: True,
        replica_age_seconds=lambda: next(ages),
        profiles_file_ok=lambda: False,
        log_lines_dropped=lambda: 3,
    )
    exposition = Exposition(Metrics(), gauges, "1.2.3")
    assert samples(exposition.text())["authz_replica_age_seconds", frozenset()] == 1.5
    found = samples(exposition.text())
    assert found["authz_replica_age_seconds", frozenset()] == 2.5
    assert found["authz_profiles", frozenset()] == 7
    assert found["authz_ready", frozenset()] == 1
    assert found["authz_profiles_file_ok", frozenset()] == 0
    assert found["authz_log_lines_dropped_total", frozenset()] == 3
    assert found["authz_build_info", frozenset({("version", "1.2.3")})] == 1


def test_the_processs_own_metrics_are_there() -> None:
    names = {name for name, _ in samples(Exposition(Metrics(), Gauges(), "1").text())}
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes"} <= names
