"""The state folder: private, and one stack's at a time."""

import os
import stat
from pathlib import Path

import pytest

from authz_server.dev.errors import StackError
from authz_server.dev.state import State


def test_the_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    with State(tmp_path / "a" / "b").taken():
        assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_second_stack_is_kept_out_until_the_first_has_ended(tmp_path: Path) -> None:
    state = State(tmp_path)
    with state.taken(), pytest.raises(StackError, match="another `authz-server dev` uses"), state.taken():
        pass
    with state.taken():
        pass


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match="choose another with --state"), State(tmp_path / "file" / "x").taken():
        pass


def test_only_programs_that_still_run_are_left_over(tmp_path: Path) -> None:
    (tmp_path / "envoy.pid").write_text(str(os.getpid()))
    (tmp_path / "check.pid").write_text("999999999")
    (tmp_path / "valkey.pid").write_text("")
    assert State(tmp_path).left_running() == {"envoy": os.getpid()}


def test_an_id_that_is_somebody_elses_now_is_none_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    (tmp_path / "envoy.pid").write_text("1")
    assert State(tmp_path).left_running() == {}
