"""Logs: both formats, levels, libraries, and what must not be in them."""

import logging

import pytest

from authz_server.core.secret import REDACTED, Secret
from authz_server.observability.logs import chosen_format, make_log, where
from tests.support.recorded_lines import RecordedLines

pytestmark = pytest.mark.usefixtures("root_logger_as_it_was")


def _break() -> None:
    raise KeyError("Bearer hunter2")


def test_json_lines_have_time_level_and_event() -> None:
    lines = RecordedLines()
    make_log(lines, "json", "info").info("listening", grpc=["127.0.0.1:9191"])
    (event,) = lines.events
    assert event.pop("timestamp").endswith("Z")
    assert event == {"event": "listening", "level": "info", "grpc": ["127.0.0.1:9191"]}


def test_console_lines_are_for_people() -> None:
    lines = RecordedLines()
    make_log(lines, "console", "info").warning("readiness", ready=False)
    assert "readiness" in lines.text
    assert "ready=False" in lines.text
    assert "\x1b" not in lines.text


def test_what_is_below_the_level_is_not_written() -> None:
    lines = RecordedLines()
    log = make_log(lines, "json", "warning")
    log.info("no")
    log.debug("no")
    log.warning("yes")
    assert [event["event"] for event in lines.events] == ["yes"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_secret_redacts_itself(log_format: str) -> None:
    lines = RecordedLines()
    make_log(lines, log_format, "info").info("x", key=Secret("hunter2"), many=[Secret("hunter2")])
    assert "hunter2" not in lines.text
    assert REDACTED in lines.text


def test_of_an_exception_the_type_and_the_place_are_logged_and_never_its_words() -> None:
    lines = RecordedLines()
    log = make_log(lines, "json", "info")
    try:
        _break()
    except KeyError:
        log.exception("broken")
    (event,) = lines.events
    assert event["error"] == "KeyError"
    assert event["where"][-1].startswith("test_logs.py:")
    assert "hunter2" not in lines.text


def test_what_libraries_log_is_taken_in() -> None:
    lines = RecordedLines()
    make_log(lines, "json", "info")
    logging.getLogger("grpc._cython").error("call %s failed", 7)
    logging.getLogger("asyncio").info("chatter")
    (event,) = lines.events
    assert (event["event"], event["library"]) == ("call 7 failed", "grpc._cython")


def test_beside_an_exception_a_library_quotes_no_caller() -> None:
    """So gRPC logs metadata that is not UTF-8, and asyncio a task that failed."""
    lines = RecordedLines()
    make_log(lines, "json", "info")
    try:
        _break()
    except KeyError:
        logging.getLogger("grpc._cython.cygrpc").exception("Invalid encoding on %s", b"hunter2\xff")
        logging.getLogger("asyncio").exception("Task failed\nfuture: <Task exception=KeyError('hunter2')>")
    assert [event["event"] for event in lines.events] == ["Invalid encoding on %s", "Task failed"]
    assert {event["error"] for event in lines.events} == {"KeyError"}
    assert "hunter2" not in lines.text


def test_what_a_library_logs_is_one_line_of_limited_length() -> None:
    lines = RecordedLines()
    make_log(lines, "console", "info")
    logging.getLogger("odd").warning("%s", "x" * 100_000 + "\nforged line")
    assert len(lines.text) < 1_000
    assert "forged" not in lines.text


def test_a_librarys_broken_record_breaks_nothing() -> None:
    lines = RecordedLines()
    make_log(lines, "json", "info")
    logging.getLogger("odd").warning("%d", "no number")
    assert lines.events[0]["event"] == "unreadable log record"


@pytest.mark.parametrize(
    ("asked", "terminal", "chosen"),
    [("auto", True, "console"), ("auto", False, "json"), ("json", True, "json"), ("console", False, "console")],
)
def test_auto_is_for_people_on_a_terminal_only(asked: str, terminal: bool, chosen: str) -> None:  # noqa: FBT001 - a state
    assert chosen_format(asked, terminal=terminal) == chosen


def test_the_place_of_an_exception_that_was_never_raised_is_empty() -> None:
    assert where(ValueError()) == []
