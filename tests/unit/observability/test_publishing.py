"""What publishing tells of itself."""

import pytest

from authz_server.managing.records import Actor
from authz_server.observability.http_requests import HttpObserver
from authz_server.observability.logs import make_log
from authz_server.observability.publishing import PublishingExposition, PublishingObserver
from tests.support.recorded_lines import RecordedLines
from tests.unit.observability.test_metrics import samples

pytestmark = pytest.mark.usefixtures("root_logger_as_it_was")


class Told:
    """An observer of each kind, a clock that stands still, and all that they wrote."""

    def __init__(self) -> None:
        self.now = 100.0
        self.lines = RecordedLines()
        log = make_log(self.lines, "json", "debug")
        self.publishing = PublishingObserver(log, lambda: self.now)
        self.requests = HttpObserver(log)

    def events(self) -> list[str]:
        return [event["event"] for event in self.lines.events]

    def metrics(self, pending: int | None = 0) -> dict[str, float]:
        """The values that have no labels, by name; those with labels by `name value`."""
        exposition = PublishingExposition(
            self.publishing, self.requests, pending=lambda: pending, ready=lambda: True, version="1.2.3"
        )
        found = samples(exposition.text())
        return {
            " ".join((name, *(value for _, value in sorted(labels)))): each for (name, labels), each in found.items()
        }


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_republish_is_followed_from_its_begin_to_its_end(told: Told) -> None:
    told.publishing.republishing("Redis holds no profiles")
    told.publishing.progress(1_000)
    assert told.metrics()["authz_republish_running"] == 1
    told.now += 2.0
    told.publishing.progress(1_000)
    assert told.metrics()["authz_republish_profiles"] == 2_000
    told.now += 2.0
    told.publishing.republished(2_500)
    found = told.metrics()
    assert (found["authz_republish_running"], found["authz_republish_profiles"]) == (0, 2_500)
    assert (found["authz_republish_total"], found["authz_republish_seconds"]) == (1, 4.0)
    first, second, last = told.lines.events
    assert (first["event"], first["why"]) == ("republishing", "Redis holds no profiles")
    assert (second["event"], second["profiles"]) == ("republishing", 2_000)
    assert (last["event"], last["profiles"], last["seconds"]) == ("republished", 2_500, 4.0)


def test_a_failure_that_goes_on_is_told_once_a_minute_and_its_end_once(told: Told) -> None:
    for _ in range(3):
        told.publishing.failed("Redis is gone", 0.1)
    told.publishing.failed("the disk is full", 0.1)
    told.now += 61.0
    told.publishing.failed("the disk is full", 5.0)
    told.publishing.published(3)
    told.publishing.published(1)
    assert [event for event in told.events() if event != "published"] == [
        "publishing failed",
        "publishing failed",
        "publishing failed",
        "publishing works again",
    ]
    assert told.metrics()["authz_publish_total failed"] == 5
    assert told.metrics()["authz_publish_total published"] == 4


def test_a_republish_that_fails_does_not_run_any_more(told: Told) -> None:
    told.publishing.republishing("the start")
    told.publishing.failed("Redis is gone", 0.1)
    assert told.metrics()["authz_republish_running"] == 0


def test_a_surprise_is_an_error_without_its_message(told: Told) -> None:
    told.publishing.surprised(KeyError("azt_secret"))
    (event,) = told.lines.events
    assert (event["level"], event["error"]) == ("error", "KeyError")
    assert "azt_secret" not in told.lines.text


def test_what_is_pending_is_told_where_it_is_known(told: Told) -> None:
    assert told.metrics(7)["authz_publish_pending"] == 7
    assert "authz_publish_pending" not in told.metrics(None)
    assert "authz_republish_seconds" not in told.metrics()
    assert told.metrics()["authz_build_info 1.2.3"] == 1
    assert told.metrics()["authz_ready"] == 1


@pytest.mark.parametrize(("actor", "shown"), [(None, None), (Actor("ak_1", "deploy"), "ak_1")])
def test_a_request_is_a_line_and_a_count(actor: Actor | None, shown: str | None, told: Told) -> None:
    told.requests.answered("GET", "/api/v1/clients", 200, 0.0125, actor, "192.0.2.1")
    (event,) = told.lines.events
    assert event | {"timestamp": ""} == {
        "timestamp": "",
        "level": "info",
        "event": "request",
        "method": "GET",
        "path": "/api/v1/clients",
        "status": 200,
        "duration_ms": 12.5,
        "actor": shown,
        "peer": "192.0.2.1",
    }
    found = told.metrics()
    assert found["authz_http_requests_total GET /api/v1/clients 200"] == 1
    assert found["authz_http_request_seconds_total"] == 0.0125


def test_what_no_operation_knows_is_counted_together(told: Told) -> None:
    """Or whoever makes up methods makes up metrics."""
    for method in ("BREW", "X" * 1_000):
        told.requests.answered(method, "", 404, 0.0, None, "192.0.2.1")
    assert told.metrics()["authz_http_requests_total   404"] == 2
    assert len(told.lines.events[1]["method"]) == 20


def test_a_fault_of_ours_is_a_count_and_an_error(told: Told) -> None:
    told.requests.answered("GET", "/api/v1/clients", 500, 0.0, None, "192.0.2.1")
    told.requests.fault("api", RuntimeError("azt_secret"))
    told.requests.fault("api", None)
    assert [event["level"] for event in told.lines.events] == ["warning", "error", "error"]
    assert told.metrics()["authz_faults_total api"] == 2
    assert "azt_secret" not in told.lines.text
