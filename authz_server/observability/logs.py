"""Logs of everything but decisions: structlog, as JSON or for people. Secrets redact themselves."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from authz_server.observability.lines import Lines

LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_LIBRARY_CHARACTERS: Final = 300  # of what a library says

Log = structlog.typing.FilteringBoundLogger


def chosen_format(log_format: str, *, terminal: bool) -> str:
    """`auto` is `console` on a terminal, else `json`."""
    if log_format != "auto":
        return log_format
    return "console" if terminal else "json"


def make_log(lines: Lines, log_format: str, level: str) -> Log:
    """A log that writes to `lines`, and takes in what libraries log by the standard library too."""
    as_json = log_format == "json"
    log: Log = structlog.wrap_logger(
        _Sink(lines),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_exceptions,
            _in_order,
            structlog.processors.JSONRenderer(default=str)
            if as_json
            else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, pad_level=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        context_class=dict,
    )
    _take_in_libraries(log, level)
    return log


def where(error: BaseException) -> list[str]:
    """The frames of an exception, innermost last. No values and no message: those may quote a caller."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


class _Sink:
    """What structlog hands its finished lines to; every level does the same."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def msg(self, line: str) -> None:
        """Write one line."""
        self._lines.write(line.encode("utf-8", "replace"))

    debug = info = warning = error = critical = msg


def _without_exceptions(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = where(error)
    return event


def _in_order(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """First what every line has, as in the decision log."""
    first: dict[str, Any] = {name: event.pop(name) for name in ("timestamp", "level", "event")}
    return {**first, **event}


class _Libraries(logging.Handler):
    """Hands on what grpc, asyncio and other libraries log."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """One record; of an exception only its type and where it was."""
        error = record.exc_info[1] if record.exc_info else None
        try:
            self._log.log(record.levelno, _said(record), library=record.name, exc_info=error)
        except Exception:  # noqa: BLE001 - a library's broken record must not break the library
            self._log.error("unreadable log record", library=record.name)


def _said(record: logging.LogRecord) -> str:
    """What a library says, in one line of limited length.

    Beside an exception its arguments are left out: gRPC quotes metadata that is not UTF-8, which a caller can send
    through a tracing Envoy, and what asyncio adds below the first line quotes the exception.
    """
    said = str(record.msg) if record.exc_info else record.getMessage()
    return said.partition("\n")[0][:_LIBRARY_CHARACTERS]


def _take_in_libraries(log: Log, level: str) -> None:
    root = logging.getLogger()
    root.handlers[:] = [_Libraries(log)]
    root.setLevel(max(LEVELS[level], logging.WARNING))
