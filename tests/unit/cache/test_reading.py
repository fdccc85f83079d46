"""Reading, against a Redis that is a list of answers."""

from collections.abc import Sequence
from typing import Any

import pytest

from authz_server.cache import reading
from authz_server.cache.layout import Layout
from authz_server.cache.reading import Garbled, Reader
from authz_server.cache.transaction import Command


class Answers:
    """Answers transactions, one after the other, and remembers the keys that were asked for."""

    def __init__(self, *epochs: str | None) -> None:
        self.epochs = list(epochs)
        self.keys: list[str] = []

    async def __call__(self, _client: object, _key: str, commands: Sequence[Command]) -> list[Any]:
        self.keys.append(commands[1][1])
        epoch = self.epochs.pop(0)
        meta = [b"1", epoch and epoch.encode(), b"7", b"1", b"0", b"w", b"1", None]
        return [meta, 1, [b"record"]]


@pytest.fixture
def reader() -> Reader:
    return Reader(None, Layout("a"))  # type: ignore[arg-type] # nothing reaches the client


async def test_the_epoch_is_learned_from_the_first_answer_and_then_known(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers("e1", "e1", "e1")
    monkeypatch.setattr(reading, "transact", answers)
    for _ in range(2):
        assert (await reader.read(["pr_1"])).records == [b"record"]
    assert answers.keys == ["{a}:profiles:-", "{a}:profiles:e1", "{a}:profiles:e1"]


async def test_another_epoch_is_asked_for_again(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers("e1", "e2", "e2")
    monkeypatch.setattr(reading, "transact", answers)
    found = await reader.read(["pr_1"])
    assert found.meta is not None
    assert found.meta.epoch == "e2"
    assert answers.keys[-1] == "{a}:profiles:e2"


async def test_an_epoch_that_changes_each_time_is_given_up(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "transact", Answers("e1", "e2", "e3"))
    with pytest.raises(Garbled, match="the epoch changes faster"):
        await reader.read(["pr_1"])


async def test_without_meta_nothing_is_complete(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "transact", Answers(None))
    found = await reader.read(["pr_1"])
    assert found.meta is None
    assert not found.complete


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [[], 1],
        [None, 1, [None]],
        [[None] * 8, b"1", [None]],
        [[None] * 8, 1, []],
        [[None] * 8, 1, [7]],
        [["text"] * 8, 1, [None]],
        [[None] * 7, 1, [None]],
    ],
)
async def test_answers_of_another_form_are_garbled(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, answers: list[Any]
) -> None:
    async def transact(*_: object) -> list[Any]:
        return answers

    monkeypatch.setattr(reading, "transact", transact)
    with pytest.raises(Garbled):
        await reader.read(["pr_1"])
