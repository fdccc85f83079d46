"""The real `authz-server manage` as a process of its own, and a small client of its API."""

import http.client
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.support.processes import START_SECONDS, RunningProcess, script, wait_until

HOST: Final = "127.0.0.1"
CALL_SECONDS: Final = 20.0


class Answered(NamedTuple):
    """An answer of the API."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Api:
    """Calls with one key. A connection that breaks raises OSError or HTTPException."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, root: str = "/api/v1"
    ) -> Answered:
        """One request."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=CALL_SECONDS)
        sent = {"Authorization": f"Bearer {self._key}"} | dict(headers or {})
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, root + path, None if body is None else json.dumps(body), sent)
            response = connection.getresponse()
            text = response.read()
            is_json = "json" in response.headers.get("content-type", "")
            return Answered(response.status, dict(response.headers), json.loads(text) if is_json else text.decode())
        finally:
            connection.close()

    def must(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The body of a good answer."""
        answered = self.call(method, path, body, headers)
        assert answered.status < 300, answered
        return answered.body


def environment(directory: Path, redis_url: str, **settings: str) -> dict[str, str]:
    """Settings of a control plane that keeps its records in `directory`."""
    return {
        "AUTHZ_DATABASE_URL": f"sqlite:///{directory / 'authz.db'}",
        "AUTHZ_REDIS_URL": redis_url,
        "AUTHZ_HTTP_LISTEN": f"{HOST}:0",
        "AUTHZ_LOG_FORMAT": "json",
        "AUTHZ_DRAIN_SECONDS": "2",
        **settings,
    }


def command(
    arguments: Sequence[str],
    settings: Mapping[str, str],
    program: Sequence[str | Path] | None = None,
    typed: str = "",
) -> subprocess.CompletedProcess[str]:
    """`authz-server` with these arguments, run to its end; `typed` is its standard input."""
    return subprocess.run(
        [str(part) for part in [*(program or [script("authz-server")]), *arguments]],
        env=dict(settings),
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def new_key(settings: Mapping[str, str], role: str = "admin") -> str:
    """An API key, made on the command line."""
    made = command(["apikey", "create", "test", "--role", role], settings)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


class RunningManage(RunningProcess):
    """The control plane; `program` stands in for `authz-server manage`."""

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str],
        program: Sequence[str | Path] | None = None,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self.settings = dict(settings)
        super().__init__(program or [script("authz-server"), "manage"], directory, settings)
        self.wait_until_ready(lambda: bool(self.events("listening")), start_seconds)
        self.port = int(self.events("listening")[0]["http"].rpartition(":")[2])

    def all_events(self) -> list[dict[str, Any]]:
        """What it logged, line by line."""
        complete = self.errors.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in complete.splitlines() if line.startswith("{")]

    def events(self, name: str) -> list[dict[str, Any]]:
        """What it logged under this name."""
        return [line for line in self.all_events() if line["event"] == name]

    def api(self, key: str) -> Api:
        """Its API."""
        return Api(self.port, key)

    def probe(self, path: str) -> Answered:
        """A probe, without a key."""
        return Api(self.port, "").call("GET", path, root="")

    def metric(self, name: str) -> float:
        """A value of /metrics; labels are part of the name."""
        lines = self.probe("/metrics").body.splitlines()
        return float(next(line.rpartition(" ")[2] for line in lines if line.rpartition(" ")[0] == name))

    def wait_until_in_step(self) -> None:
        """Wait until Redis shows what the database says."""
        wait_until(self.in_step, "in step with Redis")

    def in_step(self) -> bool:
        """Nothing is pending, and nothing is wrong."""
        ready = self.probe("/readyz").body
        return bool(ready["ready"]) and not ready["warnings"] and self.metric("authz_publish_pending") == 0

    def end(self, number: int) -> int:
        """Send it a signal; the exit code."""
        self._process.send_signal(number)
        return self.wait_until_ended()

    def wait_until_ended(self) -> int:
        """Wait for its end; the exit code."""
        return self._process.wait(CALL_SECONDS)
