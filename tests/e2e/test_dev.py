"""`authz-server dev` as people run it: every example line is true, and nothing is left behind."""

import json
import os
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.curl import require_curl
from tests.support.laptop import READY, RunningLaptop, free_ports, is_running
from tests.support.processes import script, wait_until

_STATE: Final = ".authz-dev"


@pytest.fixture(name="laptop", scope="module")
def the_laptop_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLaptop]:
    """One stack for all tests that only look at it, started with a setting in `.env`."""
    directory = tmp_path_factory.mktemp("laptop")
    (directory / ".env").write_text("AUTHZ_REALM='from .env'\nOTHER=untouched\nAUTHZ_GRPC_LISTEN=127.0.0.1:1\n")
    running = RunningLaptop(directory, tmp_path_factory.mktemp("logs"))
    running.wait_for_line(READY)
    yield running
    assert running.stop() == 0


def answer(command: str) -> tuple[int, dict[str, str], str]:
    """Run an example; its status, headers and body."""
    outcome = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True)
    head, _, body = outcome.stdout.partition("\n\n")
    first, *lines = head.splitlines()
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


def code_of(status: int, body: str) -> str:
    """The code of a refusal; what reached the upstream was allowed."""
    document = json.loads(body)
    return str(document["code"]) if status != 200 else "allowed"


def test_every_example_is_answered_as_its_comment_says(laptop: RunningLaptop) -> None:
    require_curl()
    for example in laptop.examples():
        status, _, body = answer(example.command)
        assert (status, code_of(status, body)) == (example.status, example.code), example.command


def test_examples_come_in_the_order_200_403_405_401(laptop: RunningLaptop) -> None:
    statuses = [example.status for example in laptop.examples()]
    assert list(dict.fromkeys(statuses)) == [200, 403, 405, 401]
    assert statuses == sorted(statuses, key=[200, 403, 405, 401].index)


def test_every_example_is_one_curl_line_after_its_comment(laptop: RunningLaptop) -> None:
    lines = laptop.printed()
    commands = [index for index, line in enumerate(lines) if line.startswith("curl ")]
    assert commands
    for index in commands:
        assert lines[index].startswith("curl -sS -i http")
        assert lines[index - 1].startswith("# ")
        assert lines[index + 1] == ""


def test_the_last_line_of_the_start_is_ready(laptop: RunningLaptop) -> None:
    """Although nothing but a file reads it: the output is flushed."""
    assert laptop.printed()[-1] == READY


def test_allowed_examples_use_all_five_auth_types(laptop: RunningLaptop) -> None:
    """As the upstream saw them."""
    require_curl()
    bodies = [answer(example.command)[2] for example in laptop.examples() if example.status == 200]
    seen = {json.loads(body)["headers"]["x-authz-auth-type"] for body in bodies}
    assert seen == {"token", "jwt", "oidc", "mtls", "none"}


def test_a_setting_in_the_env_file_is_honoured(laptop: RunningLaptop) -> None:
    require_curl()
    (example,) = [each for each in laptop.examples() if each.code == "credential_missing"]
    _, headers, _ = answer(example.command)
    assert headers["www-authenticate"] == 'bearer realm="from .env"'


def test_a_setting_that_the_stack_decides_itself_is_said_to_have_no_effect(laptop: RunningLaptop) -> None:
    assert laptop.complaints() == (
        "authz-server dev: AUTHZ_GRPC_LISTEN has no effect here: --port-check chooses the port\n"
    )


def test_another_terminal_has_what_the_stack_wrote_down(laptop: RunningLaptop) -> None:
    directory = Path(f"/proc/{laptop.pid}/cwd").resolve()
    command = (
        f"set -a; . {_STATE}/env; set +a; {script('authz-server')} show pr_sandbox; {script('authzctl')} clients list"
    )
    outcome = subprocess.run(["/bin/sh", "-c", command], cwd=directory, capture_output=True, text=True, check=True)
    assert "name: sandbox" in outcome.stdout
    assert "Acme" in outcome.stdout


def test_the_first_edits_that_are_printed_end_with_an_allowed_call(laptop: RunningLaptop) -> None:
    require_curl()
    lines = laptop.printed()
    begin = lines.index("Create a client, add a profile, and call Envoy with its new token:") + 1
    edits = "\n".join(lines[begin : lines.index("", begin)])
    outcome = subprocess.run(["/bin/sh", "-e", "-c", edits], capture_output=True, text=True, check=True)
    assert '"propagation":"published"' in outcome.stdout.replace(" ", "")
    assert "HTTP/1.1 200 OK" in outcome.stdout
    assert '"x-authz-client-id": "cl_mine"' in outcome.stdout


def test_everything_is_kept_in_one_private_folder(laptop: RunningLaptop) -> None:
    directory = Path(f"/proc/{laptop.pid}/cwd").resolve()
    assert {path.name for path in directory.iterdir()} == {".env", _STATE}
    assert (directory / _STATE).stat().st_mode & 0o777 == 0o700


def test_a_second_stack_keeps_out_of_the_folder_of_the_first(laptop: RunningLaptop, tmp_path: Path) -> None:
    directory = Path(f"/proc/{laptop.pid}/cwd").resolve()
    ports = (f"--port-http={laptop.http}", f"--port-check={laptop.check}")
    second = RunningLaptop(directory, tmp_path, ports)
    assert second.wait_until_ended() == 1
    assert f"another `authz-server dev` uses {directory / _STATE}: end it first" in second.complaints()


@pytest.mark.parametrize(
    ("number", "exit_code", "after"),
    [(signal.SIGINT, 130, READY), (signal.SIGTERM, 0, READY), (signal.SIGHUP, 0, "Starting the check server ...")],
)
def test_a_signal_ends_everything_that_was_started(
    number: signal.Signals, exit_code: int, after: str, tmp_path: Path
) -> None:
    """During the start, too."""
    running = RunningLaptop(tmp_path, tmp_path / "logs")
    running.wait_for_line(after)
    wait_until(lambda: len(running.descendants()) >= 2, "children")
    children = running.descendants()
    assert running.end(number) == exit_code
    assert running.printed()[-1] == "Everything that was started has ended."
    assert [name for pid, name in children.items() if is_running(pid)] == []
    for port in (running.http, running.https, running.check, running.metrics, running.manage):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_program_that_ends_by_itself_ends_the_stack_with_its_log(tmp_path: Path) -> None:
    running = RunningLaptop(tmp_path, tmp_path / "logs")
    running.wait_for_line(READY)
    children = running.descendants()
    (envoy,) = [pid for pid, name in children.items() if name == "envoy"]
    os.kill(envoy, signal.SIGKILL)
    assert running.wait_until_ended() == 1
    assert "authz-server dev: envoy has ended (signal 9). Its log ends with:\n" in running.complaints()
    assert f"(all of it: {_STATE}/envoy.log)" in running.complaints()
    assert [name for pid, name in children.items() if is_running(pid)] == []


def test_what_a_killed_stack_left_running_is_named_with_its_ids(tmp_path: Path) -> None:
    """It could not end them itself; the next start says how to."""
    killed = RunningLaptop(tmp_path, tmp_path / "killed")
    killed.wait_for_line(READY)
    children = killed.descendants()
    assert killed.end(signal.SIGKILL) == -signal.SIGKILL
    try:
        second = RunningLaptop(tmp_path, tmp_path / "second", killed.chosen_ports)
        assert second.wait_until_ended() == 1
        _, _, told = second.complaints().rstrip().rpartition(" seem to run on: kill ")
        assert {int(pid) for pid in told.split()} == set(children)
    finally:
        for pid in children:
            os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not any(map(is_running, children)), "the end of what was left")


def test_ports_that_are_taken_are_named_with_the_option_that_chooses_another(tmp_path: Path) -> None:
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
            each.listen()
        http, check = first.getsockname()[1], second.getsockname()[1]
        https, metrics, manage = free_ports(3)
        ports = (
            f"--port-http={http}",
            f"--port-https={https}",
            f"--port-check={check}",
            f"--port-metrics={metrics}",
            f"--port-manage={manage}",
        )
        running = RunningLaptop(tmp_path, tmp_path / "logs", ports)
        assert running.wait_until_ended() == 1
    for port, option in ((http, "--port-http"), (check, "--port-check")):
        sentence = f"port {port} cannot be used (Address already in use): end what holds it, or choose with {option}\n"
        assert sentence in running.complaints()


def test_a_redis_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    settings = {"AUTHZ_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    running = RunningLaptop(tmp_path, tmp_path / "logs", environment=settings)
    assert running.wait_until_ended() == 3
    assert "Redis is not reachable" in running.complaints()
    assert "Correct AUTHZ_REDIS_URL, or unset it" in running.complaints()


def test_a_wrong_setting_is_a_usage_error(tmp_path: Path) -> None:
    running = RunningLaptop(tmp_path, tmp_path / "logs", environment={"AUTHZ_LOG_LEVEL": "loud"})
    assert running.wait_until_ended() == 2
    assert running.complaints().startswith("authz-server dev: AUTHZ_LOG_LEVEL: accepted: one of")
