"""What the documents say of settings, exit codes, files and each other is so."""

import re
from pathlib import Path
from typing import Final

import pytest

from authz_server.cli.exits import ExitCode
from authz_server.core.denial_reasons import DenialReason
from authz_server.settings import variables

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
DOCUMENTS: Final = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("envoy/*.md"), *ROOT.glob("deploy/*.md"), *ROOT.glob("docs/**/*.md")]
)


def test_the_table_of_settings_is_what_the_program_knows() -> None:
    expected = [
        f"| `{variable.name}` | {f'`{variable.default}`' if variable.default else '-'} | {variable.doc} |"
        for variable in variables()
    ]
    assert re.findall(r"^\| `AUTHZ_.*$", README.read_text(), re.MULTILINE) == expected


def test_the_table_of_exit_codes_is_complete() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", README.read_text(), re.MULTILINE)] == sorted(ExitCode)


def test_every_denial_code_that_the_steps_name_exists() -> None:
    steps = re.findall(r"^\| \d\. .* \| (\d{3}.*) \|$", README.read_text(), re.MULTILINE)
    named = set(re.findall(r"`(\w+_\w+)`", " ".join(steps)))
    assert len(steps) == 7
    assert named
    assert named <= set(DenialReason)


def test_every_folder_and_file_on_the_map_exists() -> None:
    _, _, section = README.read_text().partition("## Where things are")
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    assert rows
    for path in re.findall(r"`(\S+?)`", " ".join(rows)):
        assert (ROOT / path).exists(), path


def test_every_room_of_the_package_is_on_the_map() -> None:
    _, _, section = README.read_text().partition("## Where things are")
    for init in (ROOT / "authz_server").glob("*/__init__.py"):
        assert f"`authz_server/{init.parent.name}/`" in section


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text()):
        if not target.startswith("https://"):
            assert (document.parent / target).exists(), target
