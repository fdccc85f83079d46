"""Markdown whose examples can be run: blocks of `console`, and files that they use.

In a block `console`, a line that begins with `$ ` is a command, and what follows it is what it prints, where `...`
stands for any number of lines. A block with a file name after its language (```` ```yaml mine.yaml ````) is that file.
Each section with `##` is a terminal of its own. Elsewhere, an indented line is a command without its output.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

SECONDS: Final = 60.0
ANY_LINES: Final = "..."

_FENCE: Final = re.compile(r"^```(\w*) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTION: Final = re.compile(r"^## ", re.MULTILINE)
_INDENTED: Final = re.compile(r"(?:^    .+\n)+", re.MULTILINE)
_COMMENT: Final = re.compile(r"\s+# .*")
_END: Final = "\x01end\x01"

# What differs from run to run, on both sides of the comparison: what is found, and what stands for it.
_MASKS: Final = (
    (r"\b(az[tha]_)[0-9A-Za-z]{49}\b", r"\1..."),
    (r"\bpassword ([a-z2-9]{4}-){3}[a-z2-9]{4}\b", "password ..."),
    (r"\baza_[0-9A-Za-z]{4}\.\.\.", "aza_..."),
    (r"\b(a[kc]_)[0-9A-Za-z]{22}\b", r"\1..."),
    (r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", "eyJ..."),
    (r"\b[0-9a-f]{64}\b", "<sha256>"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<id>"),
    (r"\b[A-Za-z0-9+/]{43}=", "<key>"),
    (r"\b20\d\d-\d\d-\d\dT[\d:.]+Z", "<time>"),
    (r"(?m)^date: .*", "date: <time>"),
    (r"(x-envoy-upstream-service-time: )\d+", r"\1<ms>"),
    (r"(?m)^(version:? +)\d+", r"\1<number>"),
    (r"redis://127\.0\.0\.1:\d+", "redis://127.0.0.1:<port>"),
    (r"(?m)[ \t\r]+$", ""),
)


@dataclass(frozen=True, slots=True)
class Command:
    """One command, and what it is said to print."""

    text: str
    expected: str


@dataclass(frozen=True, slots=True)
class Section:
    """What is done in one terminal: files are written before the commands that follow them."""

    steps: list[Command | tuple[str, str]] = field(default_factory=list)

    @property
    def commands(self) -> list[Command]:
        """The commands alone."""
        return [step for step in self.steps if isinstance(step, Command)]


def sections(markdown: str) -> list[Section]:
    """Every section, in order."""
    return [_section(text) for text in _SECTION.split(markdown)]


def _section(text: str) -> Section:
    section = Section()
    for language, name, content in _FENCE.findall(text):
        if language == "console":
            section.steps.extend(_commands(content))
        elif name:
            section.steps.append((name, content))
    return section


def _commands(content: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
        text, _, expected = part.partition("\n")
        yield Command(text, expected)


def indented_commands(markdown: str) -> list[str]:
    """The lines of blocks that are indented by four, without comments."""
    outside = _FENCE.sub("", markdown)
    lines = "".join(_INDENTED.findall(outside)).splitlines()
    return [_COMMENT.sub("", line).strip() for line in lines]


def matches(expected: str, actual: str) -> bool:
    """Whether what was printed is what is said, but for what is masked and left out."""
    lines = [".*" if line == ANY_LINES else re.escape(line) for line in masked(expected).splitlines()]
    pattern = "\n".join(lines).replace("\n.*\n", "\n(?:.*\n)?").replace("\n.*", "(?:\n.*)?")
    return re.fullmatch(pattern, masked(actual).rstrip("\n"), re.DOTALL) is not None


def masked(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, stand_in in _MASKS:
        text = re.sub(pattern, stand_in, text)
    return text


class Terminal:
    """A shell that keeps its state from command to command. A context manager."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self._shell = subprocess.Popen(
            ["/bin/bash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=dict(environment),
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shell.communicate()

    def run(self, command: str) -> str:
        """What it printed, on standard output and error, without the last line's end."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        impatience = threading.Timer(SECONDS, self._shell.kill)
        impatience.start()
        try:
            self._shell.stdin.write(f"{{ {command}\n}} </dev/null; printf '{_END}\\n'\n")
            self._shell.stdin.flush()
            printed = ""
            while not printed.endswith(_END + "\n"):
                line = self._shell.stdout.readline()
                assert line, f"the shell ended at: {command}"
                printed += line
        finally:
            impatience.cancel()
        return printed.removesuffix(_END + "\n").rstrip("\n")


def replaced(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Each first of a pair by its second."""
    for old, new in pairs:
        text = text.replace(old, new)
    return text
