"""The folder `.authz-dev/`: everything the laptop stack keeps, readable by its owner only."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STATE_FOLDER: Final = Path(".authz-dev")


@dataclass(frozen=True, slots=True)
class State:
    """Where in the folder each thing is."""

    root: Path

    @property
    def profiles(self) -> Path:
        """The sample profiles, for people to edit and publish again."""
        return self.root / "profiles.yaml"

    @property
    def secrets(self) -> Path:
        """The secrets behind the samples."""
        return self.root / "secrets.json"

    @property
    def environment(self) -> Path:
        """Settings for other terminals: `set -a; . .authz-dev/env; set +a`."""
        return self.root / "env"

    @property
    def envoy_config(self) -> Path:
        """The configuration that Envoy runs with."""
        return self.root / "envoy.yaml"

    @property
    def valkey(self) -> Path:
        """The folder of the embedded Valkey."""
        return self.root / "valkey"

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.root / f"{name}.log"

    def make(self) -> None:
        """Create the folder where it is missing."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
