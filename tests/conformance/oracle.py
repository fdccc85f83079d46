"""The line between a test and an oracle: a child process that knows Envoy's whole API by another definition.

A process of its own, because two definitions of envoy.service.auth.v3 cannot share protobuf's one pool. It is isolated
(`-I`: neither the working folder nor PYTHONPATH counts), and the project's root comes last on its path: otherwise the
root's folder `envoy/` would stand in for the Python package of that name.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

_ROOT: Final = Path(__file__).parents[2]
_START: Final = "import runpy, sys; sys.path.append(sys.argv[1]); runpy.run_module(sys.argv[2], run_name='__main__')"


class Oracle:
    """A running oracle; one line of JSON asks, one line of JSON answers."""

    def __init__(self, module: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, str(_ROOT), f"tests.conformance.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def ask(self, question: str, **arguments: object) -> Any:
        """The oracle's answer; an oracle that died is an AssertionError (its traceback is on standard error)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"question": question, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the oracle ended while asked for {question}"
        return json.loads(line)


def answer_questions(answers: Mapping[str, Callable[..., object]]) -> None:
    """The oracle's side: answer each line of standard input until it ends."""
    for line in sys.stdin:
        arguments = json.loads(line)
        sys.stdout.write(json.dumps(answers[arguments.pop("question")](**arguments)) + "\n")
        sys.stdout.flush()
