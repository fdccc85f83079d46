"""`authz-server check` as a process: how it starts, what it tells, how it ends."""

import json
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import grpc
import pytest

from authz_server.core.auth import TokenAuth
from authz_server.core.profile import Client, Profile
from authz_server.core.token import digest
from authz_server.ext_authz.server import CHECK
from authz_server.wire import ext_authz_pb2 as wire
from tests.support.processes import script, wait_until
from tests.support.redis_records import KEYS, Records, connected, valkey

TOKEN: Final = "an-opaque-token"
PROFILES: Final = f"""
clients:
  - id: cl_acme
    name: Acme
    profiles:
      - id: pr_production
        name: production
        allowed_methods: [GET]
        auth: {{type: token, token_sha256: "{digest(TOKEN).hex()}"}}
"""
ANYWHERE: Final = {"AUTHZ_GRPC_LISTEN": "127.0.0.1:0", "AUTHZ_METRICS_LISTEN": "127.0.0.1:0"}
SECONDS: Final = 20.0


class Process:
    """One `authz-server check`, with its standard error as JSON lines."""

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        self._output = directory / "stdout"
        self._errors = directory / "stderr"
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [script("authz-server"), "check"], stdout=output, stderr=errors, cwd=directory, env=dict(settings)
            )

    def listening(self) -> dict[str, Any]:
        """Wait until it listens; what it says of that."""
        wait_until(lambda: self._process.poll() is not None or bool(self.events("listening")), "listening", SECONDS)
        assert self._process.poll() is None, self.errors
        return self.events("listening")[0]

    @property
    def errors(self) -> str:
        """Standard error."""
        return self._errors.read_text()

    @property
    def output(self) -> str:
        """Standard output."""
        return self._output.read_text()

    def events(self, event: str) -> list[dict[str, Any]]:
        """The lines of one kind."""
        lines = (line for line in self.errors.splitlines() if line.startswith("{") and line.endswith("}"))
        return [found for line in lines if (found := json.loads(line))["event"] == event]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit code, once it has ended."""
        try:
            return self._process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise


Start = Callable[..., Process]


@pytest.fixture(name="start")
def a_start(tmp_path: Path) -> Iterator[Start]:
    """Start processes with nothing but these settings in their environment; all are ended after the test."""
    started: list[Process] = []

    def start(**settings: str) -> Process:
        directory = tmp_path / str(len(started))
        directory.mkdir()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AUTHZ_")}
        given = {f"AUTHZ_{name}": value for name, value in settings.items()}
        started.append(Process(directory, inherited | ANYWHERE | given))
        return started[-1]

    yield start
    for process in started:
        process.end()


@pytest.fixture(name="file")
def a_profiles_file(tmp_path: Path) -> Path:
    """A profiles file with one token profile."""
    path = tmp_path / "profiles.yaml"
    path.write_text(PROFILES)
    return path


def asked(token: str = TOKEN, method: str = "GET", **headers: str) -> bytes:
    """A CheckRequest for the one profile."""
    request = wire.CheckRequest()
    http = request.attributes.request.http
    http.method = method
    http.headers.update(
        {"x-client-id": "cl_acme", "x-profile-id": "pr_production", "authorization": f"Bearer {token}", **headers}
    )
    return request.SerializeToString()


def check(address: str, request: bytes) -> wire.CheckResponse:
    """One Check call."""
    with grpc.insecure_channel(address) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(CHECK)
        return wire.CheckResponse.FromString(ask(request, timeout=SECONDS))


def get(address: str, path: str) -> tuple[int, str]:
    """Status and body over HTTP."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def test_a_file_is_served_counted_and_logged_until_sigterm(start: Start, file: Path) -> None:
    process = start(PROFILES_FILE=str(file))
    where = process.listening()
    (address,), metrics = where["grpc"], where["metrics"]
    wait_until(lambda: get(metrics, "/readyz")[0] == 200, "ready", SECONDS)
    assert get(metrics, "/healthz") == (200, "ok\n")
    assert check(address, asked()).status.code == 0
    assert check(address, asked("wrong-token", **{"x-request-id": "r-1"})).denied_response.status.code == 401
    assert check(address, asked(method="POST")).denied_response.status.code == 405
    scraped = get(metrics, "/metrics")[1]
    assert 'authz_checks_total{auth_type="token",code="allowed",outcome="allowed"} 1.0' in scraped
    assert 'authz_checks_total{auth_type="token",code="token_invalid",outcome="denied"} 1.0' in scraped
    assert "authz_profiles 1.0" in scraped
    assert "authz_ready 1.0" in scraped
    assert "authz_profiles_file_ok 1.0" in scraped
    assert process.end() == 0
    refusals = process.events("check")
    assert [line["code"] for line in refusals] == ["token_invalid", "method_not_allowed"]
    assert refusals[0]["request_id"] == "r-1"
    assert [line["event"] for line in map(json.loads, process.errors.splitlines())][-2:] == ["draining", "stopped"]
    assert process.output == ""
    assert TOKEN not in process.errors
    assert "wrong-token" not in process.errors


def test_health_over_grpc_follows_the_profiles(start: Start, file: Path) -> None:
    (address,) = start(PROFILES_FILE=str(file)).listening()["grpc"]
    with grpc.insecure_channel(address) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/grpc.health.v1.Health/Check")
        wait_until(lambda: ask(b"", timeout=SECONDS) == b"\x08\x01", "SERVING", SECONDS)


def test_sigint_is_an_interruption(start: Start, file: Path) -> None:
    process = start(PROFILES_FILE=str(file))
    process.listening()
    assert process.end(signal.SIGINT) == 130


def test_a_file_that_turns_wrong_is_a_warning_and_the_last_good_one_serves(start: Start, file: Path) -> None:
    process = start(PROFILES_FILE=str(file))
    where = process.listening()
    file.write_text("clients: [")
    wait_until(lambda: "authz_profiles_file_ok 0.0" in get(where["metrics"], "/metrics")[1], "noticed", SECONDS)
    status, body = get(where["metrics"], "/readyz")
    assert status == 200
    assert json.loads(body)["warnings"] != []
    assert check(where["grpc"][0], asked()).status.code == 0


def test_without_redis_it_starts_lives_and_is_not_ready(start: Start) -> None:
    process = start(REDIS_URL="redis://:hunter2@127.0.0.1:1/0")
    where = process.listening()
    assert get(where["metrics"], "/healthz")[0] == 200
    status, body = get(where["metrics"], "/readyz")
    assert status == 503
    assert json.loads(body)["reasons"] != []
    with pytest.raises(grpc.RpcError) as failed:
        check(where["grpc"][0], asked())
    assert cast(grpc.Call, failed.value).code() is grpc.StatusCode.UNAVAILABLE
    assert process.end() == 0
    assert "hunter2" not in process.errors


def test_cannot_tell_may_be_an_error_response(start: Start) -> None:
    (address,) = start(REDIS_URL="redis://127.0.0.1:1/0", FAULT_AS="error_response").listening()["grpc"]
    answer = check(address, asked())
    assert answer.WhichOneof("http_response") == "error_response"
    assert answer.status.code == 14


def test_every_wrong_setting_is_told_and_the_exit_code_is_2(start: Start) -> None:
    process = start(WORKERS="x", LOG_LEVEL="loud", SECRET_KEYS="hunter2", GRPC_LISTEN="0.0.0.0:1")
    assert process.wait() == 2
    lines = process.errors.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("authz-server: AUTHZ_") for line in lines)
    assert "hunter2" not in process.errors


def test_a_wrong_file_is_told_with_its_places_and_the_exit_code_is_1(start: Start, file: Path) -> None:
    file.write_text(PROFILES.replace("GET", "get").replace("cl_acme", "not an id"))
    process = start(PROFILES_FILE=str(file))
    assert process.wait() == 1
    lines = process.errors.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"authz-server check: {file}:") for line in lines)


def test_a_file_that_cannot_be_read_is_a_wrong_setting(start: Start, tmp_path: Path) -> None:
    """Exit code 2, as `validate` and `publish` have it: nothing is known about its profiles."""
    for file, why in ((tmp_path / "none.yaml", "No such file or directory"), (tmp_path, "Is a directory")):
        process = start(PROFILES_FILE=str(file))
        assert process.wait() == 2
        assert process.errors == f"authz-server check: {file} (AUTHZ_PROFILES_FILE) cannot be read: {why}\n"


def test_a_second_process_on_the_same_port_is_refused(start: Start, file: Path) -> None:
    (address,) = start(PROFILES_FILE=str(file)).listening()["grpc"]
    second = start(PROFILES_FILE=str(file), GRPC_LISTEN=address)
    assert second.wait() == 2
    assert f"cannot listen on {address}: another process is listening there" in second.errors


def test_a_metrics_port_that_is_taken_is_refused(start: Start, file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        process = start(PROFILES_FILE=str(file), METRICS_LISTEN=address)
        assert process.wait() == 2
    assert f"cannot listen on {address} (AUTHZ_METRICS_LISTEN): " in process.errors


def test_a_misspelt_setting_is_a_warning_in_the_log(start: Start, file: Path) -> None:
    process = start(PROFILES_FILE=str(file), RELAM="x")
    process.listening()
    assert process.events("setting")[0]["warning"] == "AUTHZ_RELAM is not a setting; did you mean AUTHZ_REALM?"


def test_a_redis_url_that_its_client_refuses_is_a_setting(start: Start) -> None:
    process = start(REDIS_URL="redis://:hunter2@127.0.0.1:1/0?socket_timeout=soon")
    assert process.wait() == 2
    assert process.errors.startswith("authz-server check: AUTHZ_REDIS_URL: ")
    assert "hunter2" not in process.errors


def test_profiles_come_from_redis_and_signed_ones_need_their_keys(start: Start, tmp_path: Path) -> None:
    profile = Profile(
        id="pr_production",
        name="production",
        client=Client(id="cl_acme", name="Acme"),
        auth=TokenAuth(token_sha256=digest(TOKEN)),
    )
    with valkey(tmp_path / "valkey") as redis, connected(redis) as client:
        Records(client).publish(profile)
        process = start(REDIS_URL=redis.url, RECORD_KEYS=KEYS.to_text())
        where = process.listening()
        wait_until(lambda: get(where["metrics"], "/readyz")[0] == 200, "ready", SECONDS)
        assert check(where["grpc"][0], asked()).status.code == 0
        assert "authz_profiles 1.0" in get(where["metrics"], "/metrics")[1]
        without_keys = start(REDIS_URL=redis.url)
        assert without_keys.wait() == 2
        assert "signed" in without_keys.errors
        assert process.end() == 0
