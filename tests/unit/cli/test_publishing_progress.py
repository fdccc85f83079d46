"""How far a publish is, on a terminal and elsewhere."""

import io
import sys

import pytest
from rich.console import Console
from rich.progress import Progress as Bars

from authz_server.cache.publish import Progress
from authz_server.cli.publishing_progress import LARGE, Bar, Lines, progress_for
from authz_server.cli.republish import RepublishProgress


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_small_publish_tells_nothing() -> None:
    assert type(progress_for(LARGE - 1)) is Progress


def test_a_large_one_writes_lines_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(progress_for(LARGE), Lines)


def test_a_large_one_draws_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(progress_for(LARGE), Bar)


def test_a_line_names_the_step_and_how_many_profiles_it_has() -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    lines.begin("Looking", None)
    lines.begin("Writing", 7)
    lines.advance(7)
    lines.end()
    assert stream.getvalue() == "Looking\nWriting: 7 profiles\n"


def test_a_bar_fills_and_makes_room_for_the_next_step() -> None:
    bars = Bars(console=Console(file=io.StringIO()))
    bar = Bar(bars)
    bar.advance(1)
    bar.begin("Reading", 10)
    bar.begin("Writing", 7)
    bar.advance(3)
    assert [(task.description, task.completed, task.total) for task in bars.tasks] == [("Writing", 3, 7)]
    bar.end()
    assert not bars.live.is_started


def test_a_republish_tells_how_far_it_is_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (io.StringIO(), Terminal()):
        monkeypatch.setattr(sys, "stderr", stream)
        with RepublishProgress() as progress:
            progress.republishing("the test")
            progress.progress(1_000)
            progress.republished(1_000)
        assert bool(stream.getvalue()) == stream.isatty()
