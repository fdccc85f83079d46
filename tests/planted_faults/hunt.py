"""Plant one fault in a copy of the package, and let the comparison with the naive model look for it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import authz_server
from tests.planted_faults.faults import Fault

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = Path(authz_server.__file__).parent
CASES: Final = 5_000
_AT_ONCE: Final = 2
_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Hunt:
    """What came of it. `found` is the first difference that the comparison saw; empty where it saw none."""

    fault: Fault
    found: str
    output: str


def plant(fault: Fault, directory: Path) -> None:
    """A copy of the package with the fault; ValueError where its place is not there exactly once."""
    source = (PACKAGE / fault.file).read_text()
    if source.count(fault.before) != 1:
        raise ValueError(f"{fault.file} has {fault.before!r} {source.count(fault.before)} times, not once")
    copy = directory / PACKAGE.name
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / fault.file).write_text(source.replace(fault.before, fault.after))


def hunt(fault: Fault) -> Hunt:
    """Compare the faulty copy with the model, in a process of its own."""
    with tempfile.TemporaryDirectory() as directory:
        plant(fault, Path(directory))
        command = [sys.executable, "-m", "tests.model", fault.auth_types, str(CASES)]
        path = os.pathsep.join([directory, str(ROOT)])
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):  # a faulty copy says nothing of coverage
            environment.pop(name, None)
        ran = subprocess.run(
            command, cwd=directory, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    found = ran.stdout.strip() if ran.returncode == 1 and ran.stdout.startswith("case ") else ""
    return Hunt(fault, found, ran.stdout + ran.stderr)


def hunt_all(faults: Sequence[Fault]) -> list[Hunt]:
    """Every fault, two at a time, in their order."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(hunt, faults))
