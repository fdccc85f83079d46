"""The package as it is installed: what `authz-server dev` reads at run time is in the wheel."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_BUILD: Final = (
    "-m",
    "pip",
    "wheel",
    "--quiet",
    "--no-index",
    "--disable-pip-version-check",
    "--no-deps",
    "--no-build-isolation",
)
_FIND: Final = "from authz_server.dev import envoy_config; print(envoy_config.SHIPPED, envoy_config.SHIPPED.is_file())"


def built_wheel(directory: Path) -> Path:
    """Build from a copy, so that nothing is left in the checkout, and nothing of it is taken up."""
    source = directory / "source"
    hidden = shutil.ignore_patterns("__pycache__")
    for folder in ("authz_server", "envoy"):
        shutil.copytree(ROOT / folder, source / folder, symlinks=True, ignore=hidden)
    for file in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(ROOT / file, source / file)
    subprocess.run([sys.executable, *_BUILD, "--wheel-dir", directory, source], check=True)
    (wheel,) = directory.glob("*.whl")
    return wheel


def test_the_installed_package_finds_the_shipped_envoy_configurations(tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    with zipfile.ZipFile(built_wheel(tmp_path)) as wheel:
        wheel.extractall(installed)
    carried = {path.name: path.read_bytes() for path in (installed / "authz_server" / "dev" / "envoy").iterdir()}
    assert carried == {path.name: path.read_bytes() for path in (ROOT / "envoy").glob("*.yaml")}

    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(installed)!r}); {_FIND}"]
    outcome = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert outcome.stdout == f"{installed}/authz_server/dev/envoy/edge-mtls.yaml True\n"
