"""Every command in the documents is run, and prints what they say; the few that are not are listed here, with why."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.console import Command, Section, Terminal, indented_commands, matches, replaced, sections
from tests.support.curl import require_curl
from tests.support.laptop import READY, RunningLaptop, free_ports

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
TOUR: Final = ROOT / "docs/authzctl.md"
OTHERS: Final = tuple(ROOT / name for name in ("CONTRIBUTING.md", "envoy/README.md", "deploy/README.md"))
START: Final = "make run"
HOME: Final = "/home/you"  # where the folder of the checkout is somebody's home, too
MAKE: Final = shutil.which("make") or "make"

NOT_RUN: Final = {
    START: "started for all other commands, as what the Makefile runs, on ports that the system chose",
    "make test": "these tests",
    "make setup": "made the environment of these tests",
    "make lint": "stands beside these tests in .ci/run",
    "make format": "rewrites the code",
    "pip install --require-hashes -r requirements/build.txt": "fetches packages",
    "pip install --require-hashes -r requirements/runtime.txt": "fetches packages",
    "pip install --no-deps --no-build-isolation .": "test_wheel.py builds the package",
    "kubectl apply --namespace NAMESPACE -f deploy/kubernetes/sidecar.yaml": "there is no cluster here",
}


class Surroundings:
    """What the README's commands find: its ports are others here, and its secrets are those that were just made."""

    def __init__(self, laptop: RunningLaptop, directory: Path) -> None:
        self.laptop = laptop
        self.directory = directory
        spare = free_ports(2)
        ports = zip(
            (8000, 8443, 8080, 9191, 9192, 9291, 9292),
            (laptop.http, laptop.https, laptop.manage, laptop.check, laptop.metrics, *spare),
            strict=True,
        )
        self._ports = [(f"127.0.0.1:{written}", f"127.0.0.1:{real}") for written, real in ports]
        self._secrets = {"<the token>": "", "<the digest>": ""}

    def made_real(self, text: str) -> str:
        """What the README says, with this run's ports and secrets."""
        return replaced(replaced(text, self._ports), self._secrets.items())

    def as_written(self, text: str) -> str:
        """What was printed, with the README's ports."""
        for name, stand_in in (("token", "<the token>"), ("token_sha256", "<the digest>")):
            for value in re.findall(rf"^{name}: (\w+)$", text, re.MULTILINE):
                self._secrets[stand_in] = value
        text = text.replace(str(self.directory), HOME)
        return replaced(text, [(real, written) for written, real in self._ports])


@pytest.fixture(name="around", scope="module")
def the_stack_that_the_readme_starts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    """A folder that has a `.venv` like the checkout's, with the stack running."""
    directory = tmp_path_factory.mktemp("readme")
    (directory / ".venv").symlink_to(sys.prefix)
    laptop = RunningLaptop(directory, tmp_path_factory.mktemp("logs"))
    laptop.wait_for_line(READY)
    yield Surroundings(laptop, directory)
    assert laptop.stop() == 0


def carry_out(section: Section, around: Surroundings) -> Iterator[tuple[Command, str]]:
    """Do what one section says; each command, and what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTHZ")}
    environment |= {"HOME": str(around.directory), "XDG_CONFIG_HOME": str(around.directory / ".config")}
    with Terminal(around.directory, environment) as terminal:
        for step in section.steps:
            if not isinstance(step, Command):
                name, content = step
                (around.directory / name).write_text(around.made_real(content))
            elif step.text == START:
                yield step, around.as_written(around.laptop.output.read_text())
            else:
                yield step, around.as_written(terminal.run(around.made_real(step.text)))


def test_every_command_of_the_readme_prints_what_it_says(around: Surroundings) -> None:
    """In order, as later ones build upon earlier ones."""
    require_curl()
    found = sections(README.read_text())
    assert sum(len(section.commands) for section in found) > 20
    for section in found:
        for command, printed in carry_out(section, around):
            assert matches(command.expected, printed), f"$ {command.text}\n{printed}"


def test_every_command_of_the_tour_of_authzctl_prints_what_it_says(around: Surroundings) -> None:
    """In the stack that the README starts."""
    require_curl()
    found = sections(TOUR.read_text())
    assert sum(len(section.commands) for section in found) > 20
    for section in found:
        for command, printed in carry_out(section, around):
            assert matches(command.expected, printed), f"$ {command.text}\n{printed}"


def test_make_run_starts_what_the_readme_shows() -> None:
    outcome = subprocess.run(
        [MAKE, "--no-print-directory", "--dry-run", "run"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert outcome.stdout.splitlines()[-1] == ".venv/bin/authz-server dev"


def test_make_alone_lists_every_target_that_the_documents_name() -> None:
    outcome = subprocess.run([MAKE], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = set(re.findall(r"^  (make \w+)", outcome.stdout, re.MULTILINE))
    named = {command for document in (README, *OTHERS) for command in indented_commands(document.read_text())}
    assert {command for command in named if command.startswith("make ")} <= listed


@pytest.mark.parametrize("document", [README, *OTHERS], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_command_is_left_out_in_silence(document: Path) -> None:
    """What is indented has no output to compare: each is among those that cannot be run here."""
    assert set(indented_commands(document.read_text())) <= {*NOT_RUN, "make"}
    if document != README:
        assert not any(section.commands for section in sections(document.read_text()))


def test_every_command_that_is_not_run_is_in_a_document() -> None:
    named = {command for document in (README, *OTHERS) for command in indented_commands(document.read_text())}
    assert set(NOT_RUN) <= named
