"""A real Envoy, on ports that the system chose."""

import http.client
import json
from pathlib import Path
from typing import Any, Final

import yaml

from tests.support.envoy_config import Config
from tests.support.processes import RunningProcess, script, wait_until

ENVOY: Final = script("envoy")
_ACCESS_LOG_FLUSH_MILLISECONDS: Final = 20


class RunningEnvoy:
    """Envoy with one configuration; `port` is its listener's, on loopback."""

    def __init__(self, config: Config, directory: Path) -> None:
        directory.mkdir(parents=True)
        path = directory / "envoy.yaml"
        path.write_text(yaml.safe_dump(config, sort_keys=False))
        self._admin_address = directory / "admin-address"
        command: list[str | Path] = [ENVOY, "-c", path, "--admin-address-path", self._admin_address]
        command += [
            "--concurrency",
            "1",
            "--disable-hot-restart",
            "--log-level",
            "warning",
            "--drain-time-s",
            "1",
        ]
        command += ["--file-flush-interval-msec", str(_ACCESS_LOG_FLUSH_MILLISECONDS)]
        self._process = RunningProcess(command, directory)
        self._process.wait_until_ready(lambda: self._admin("/ready") == "LIVE\n")
        (listener,) = json.loads(self._admin("/listeners?format=json"))["listener_statuses"]
        self.port: int = listener["local_address"]["socket_address"]["port_value"]

    def stop(self) -> None:
        """End the process."""
        self._process.stop()

    def log_tail(self) -> str:
        """The end of its access log and of its own log."""
        return self._process.log_tail()

    def access_log_of(self, path: str, entries: int = 1) -> dict[str, Any]:
        """The last of the `entries` for `path`, which the test must have used so many times and no more."""
        found: list[dict[str, Any]] = []

        def logged() -> bool:
            lines = self._process.output.read_text().splitlines()
            found[:] = [entry for entry in map(json.loads, lines) if entry["path"] == path]
            return len(found) >= entries

        wait_until(logged, f"an access log entry for {path}", 5.0)
        assert len(found) == entries
        return found[-1]

    def _admin(self, path: str) -> str:
        """The admin endpoint's answer; empty as long as there is none."""
        if not self._admin_address.exists():
            return ""
        host, _, port = self._admin_address.read_text().strip().rpartition(":")
        if not port.isdigit():
            return ""
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        except OSError:
            return ""
        finally:
            connection.close()
