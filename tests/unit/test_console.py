"""The reading of runnable examples: what is compared, what is masked, what is left out."""

import pytest

from tests.support.console import Command, indented_commands, matches, sections

MARKDOWN = """\
# Title

## First

```console
$ one
1
$ two &
```

```yaml mine.yaml
a: 1
```

```yaml
b: 2
```

## Second

    make thing   # what it does

```console
$ three
...
3
```
"""


def test_commands_keep_their_output_and_files_their_place() -> None:
    title, first, second = sections(MARKDOWN)
    assert title.steps == []
    assert first.steps == [Command("one", "1\n"), Command("two &", ""), ("mine.yaml", "a: 1\n")]
    assert second.commands == [Command("three", "...\n3\n")]


def test_indented_lines_are_commands_without_their_comments() -> None:
    assert indented_commands(MARKDOWN) == ["make thing"]


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("1\n", "1"),
        ("1\n...\n4\n", "1\n2\n3\n4"),
        ("1\n...\n2\n", "1\n2"),
        ("...\n2\n", "1\n2"),
        ("1\n...\n", "1\n2\n3"),
        ("1\n...\n", "1"),
        ("", ""),
        ("version: 12\n", "version: 345"),
        ("token: azt_...\n", "token: azt_X8wVJ5uWX3eSqmfKxISz1gF6AAJDC2rw8ajsmSX8eDy1NzIBb"),
        ("date: Tue, 24 Nov 2026 11:36:45 GMT\n", "date: Wed, 25 Nov 2026 00:00:00 GMT"),
        (
            '"request_id":"23fefb00-5b5f-42af-bbc3-9c4b1a827b60"\n',
            '"request_id":"17b47659-40b0-4336-986e-99f2b9f487ce"',
        ),
    ],
)
def test_what_is_masked_or_left_out_does_not_matter(expected: str, actual: str) -> None:
    assert matches(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("1\n", "2"),
        ("1\n", "1\n2"),
        ("1\n2\n", "1"),
        ("", "1"),
        ("1\n...\n4\n", "1\n2\n3"),
        ("...\n2\n", "1\n22"),
        ("1\n...\n", "11\n2"),
        ("1.0\n", "1x0"),
        ("HTTP/1.1 200 OK\n...\n", "HTTP/1.1 403 Forbidden\nserver: envoy"),
    ],
)
def test_everything_else_matters(expected: str, actual: str) -> None:
    assert not matches(expected, actual)
