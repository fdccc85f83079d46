"""The example lines: their form is a contract."""

import datetime as dt
import shlex
from pathlib import Path

import pytest

from authz_server.core.decision import ALLOWED_CODE
from authz_server.core.denial_reasons import DENIALS, DenialReason
from authz_server.dev.examples import Example, examples
from authz_server.dev.ports import Ports
from authz_server.dev.state import State
from tests.support.sample_records import samples_of


@pytest.fixture(name="made")
def all_examples(tmp_path: Path) -> list[Example]:
    folder = tmp_path / "a folder's name"
    folder.mkdir()
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return list(examples(samples_of(State(folder), now), Ports(), now.timestamp()))


def test_an_example_is_a_comment_and_one_command() -> None:
    comment, command = Example(403, "ip_not_allowed", ("http://127.0.0.1:8000/", "-H", "X-Client-ID: a")).lines()
    assert comment == "# 403 ip_not_allowed"
    assert command == "curl -sS -i http://127.0.0.1:8000/ -H 'X-Client-ID: a'"


def test_examples_go_from_200_over_403_and_405_to_401(made: list[Example]) -> None:
    order = [200, 403, 405, 401]
    assert [example.status for example in made] == sorted((example.status for example in made), key=order.index)
    assert {example.status for example in made} == set(order)


def test_each_status_is_the_one_of_its_code(made: list[Example]) -> None:
    for example in made:
        expected = 200 if example.code == ALLOWED_CODE else DENIALS[DenialReason(example.code)].status
        assert example.status == expected


def test_no_refusal_is_shown_twice(made: list[Example]) -> None:
    refusals = [example.code for example in made if example.code != ALLOWED_CODE]
    assert len(refusals) == len(set(refusals))


def test_each_command_is_one_line_that_a_shell_reads_back(made: list[Example]) -> None:
    """Whatever the state folder is called."""
    for example in made:
        _, command = example.lines()
        assert "\n" not in command
        assert tuple(shlex.split(command)) == ("curl", "-sS", "-i", *example.arguments)
