"""`deploy/kubernetes/sidecar.yaml`, read; and a ConfigMap as the kubelet lays it out in a volume."""

from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

MANIFEST: Final = Path(__file__).parents[2] / "deploy" / "kubernetes" / "sidecar.yaml"

Manifest: TypeAlias = dict[str, Any]  # one Kubernetes object: its shape is Kubernetes' to check


def objects() -> list[Manifest]:
    """Every object of the manifest, in order."""
    return [each for each in yaml.safe_load_all(MANIFEST.read_text()) if each is not None]


def the(kind: str, name: str = "orders") -> Manifest:
    """The one object of that kind and name."""
    (found,) = (each for each in objects() if each["kind"] == kind and each["metadata"]["name"] == name)
    return found


def pod() -> Manifest:
    """What each pod is made of."""
    spec: Manifest = the("Deployment")["spec"]["template"]["spec"]
    return spec


def container(name: str) -> Manifest:
    """One container of the pod, sidecars included."""
    found: Manifest
    (found,) = (each for each in (*pod()["initContainers"], *pod()["containers"]) if each["name"] == name)
    return found


class MountedConfigMap:
    """A volume of a ConfigMap: `file -> ..data/file`, and `..data` a link that is replaced as a whole."""

    def __init__(self, directory: Path, data: dict[str, str]) -> None:
        self.directory = directory
        self._updates = 0
        directory.mkdir()
        self.update(data)
        for name in data:
            (directory / name).symlink_to(Path("..data") / name)

    def update(self, data: dict[str, str]) -> None:
        """What the kubelet does when the ConfigMap was edited."""
        before = (self.directory / "..data").resolve()
        self._updates += 1
        made = self.directory / f"..2026_01_01_00_00_00.{self._updates}"
        made.mkdir()
        for name, text in data.items():
            (made / name).write_text(text)
        link = self.directory / "..data_tmp"
        link.symlink_to(made.name)
        link.rename(self.directory / "..data")
        if self._updates > 1:
            for old in before.iterdir():
                old.unlink()
            before.rmdir()
