"""How `authz-server manage` starts, refuses to start, listens and ends."""

import signal
import socket
import sqlite3
import ssl
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.integration.manage.conftest import Start
from tests.support.certificates import CertificateAuthority
from tests.support.manage_process import Api, RunningManage, command, new_key
from tests.support.processes import script, wait_until

KEYS = ("A" * 43 + "=", "B" * 42 + "A=")
AN_HMAC_PROFILE = {"id": "pr_1", "name": "one", "auth": {"type": "jwt", "algorithm": "HS256"}}


def refused(settings: dict[str, str], **others: str) -> subprocess.CompletedProcess[str]:
    """A start that ends by itself."""
    return command(["manage"], settings | others)


def make_hmac_profile(api: Api) -> None:
    api.must("POST", "/clients", {"id": "cl_1", "name": "one"})
    api.must("POST", "/clients/cl_1/profiles", AN_HMAC_PROFILE)


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_in_order(number: signal.Signals, exit_code: int, manage: RunningManage) -> None:
    assert manage.end(number) == exit_code
    assert [event["event"] for event in manage.all_events()][-2:] == ["draining", "stopped"]


def test_the_probes_need_no_key_and_the_api_does(manage: RunningManage) -> None:
    assert manage.probe("/healthz")[::2] == (200, "ok\n")
    assert manage.probe("/readyz").body == {"ready": True, "reasons": [], "warnings": []}
    assert manage.probe("/metrics").status == 200
    assert manage.probe("/healthz?x=1").status == 200
    assert Api(manage.port, "").call("POST", "/metrics", root="").status == 405
    assert manage.probe("/api/v1/clients").status == 401
    assert manage.probe("/nothing").status == 303  # who has not signed in does not learn what pages there are


def test_a_database_that_is_gone_is_a_reason_not_to_be_ready(manage: RunningManage, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "authz.db") as connection:
        connection.execute("ALTER TABLE publication RENAME TO elsewhere")
    connection.close()
    answered = manage.probe("/readyz")
    assert (answered.status, answered.body["ready"]) == (503, False)
    assert "authz_publish_pending" in manage.probe("/metrics").body


def test_a_database_of_a_newer_program_is_left_alone(settings: dict[str, str], key: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "authz.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    ended = refused(settings)
    assert ended.returncode == 1
    assert ended.stderr.startswith("authz-server manage: the database is at revision 9999, which a newer program")


def test_secrets_that_do_not_open_stop_the_start(settings: dict[str, str], start: Start) -> None:
    first = start(settings | {"AUTHZ_SECRET_KEYS": KEYS[0]})
    make_hmac_profile(first.api(new_key(settings)))
    assert first.stop() == 0
    for others in ({}, {"AUTHZ_SECRET_KEYS": KEYS[1]}):
        ended = refused(settings | others)
        assert ended.returncode == 1, ended.stderr
        assert "profile pr_1" in ended.stderr


@pytest.mark.parametrize(
    ("setting", "value", "exit_code", "told"),
    [
        ("AUTHZ_PROFILES_FILE", "profiles.yaml", 2, "AUTHZ_PROFILES_FILE"),
        ("AUTHZ_RECORD_KEYS", KEYS[0], 2, "needs AUTHZ_SECRET_KEYS"),
        ("AUTHZ_DATABASE_URL", "sqlite:////nowhere/at/all.db", 3, "/nowhere/at/all.db: No such file"),
        ("AUTHZ_DATABASE_URL", "postgresql://127.0.0.1:1/authz", 3, "PostgreSQL cannot be reached"),
        ("AUTHZ_REDIS_URL", "redis://127.0.0.1/0?hurry=1", 2, "AUTHZ_REDIS_URL"),
        ("AUTHZ_HTTP_LISTEN", "192.0.2.1:8080", 2, "in the clear"),
        ("AUTHZ_HTTP_LISTEN", "127.0.0.1:1", 2, "cannot listen on 127.0.0.1:1 (AUTHZ_HTTP_LISTEN)"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    setting: str, value: str, exit_code: int, told: str, settings: dict[str, str]
) -> None:
    if value == "127.0.0.1:1":
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            ended = refused(settings, AUTHZ_HTTP_LISTEN=address)
            told = told.replace(value, address)
    else:
        given = {name: each for name, each in settings.items() if name != "AUTHZ_REDIS_URL" or value != "profiles.yaml"}
        ended = refused(given | {setting: value})
    assert (ended.returncode, told in ended.stderr) == (exit_code, True), ended.stderr
    assert "Traceback" not in ended.stderr


def test_https_by_files(settings: dict[str, str], start: Start, tmp_path: Path) -> None:
    authority = CertificateAuthority("manage", tmp_path)
    issued = authority.issue("server", ips=("127.0.0.1",))
    files = {"AUTHZ_HTTP_TLS_CERT": str(issued.certificate_path), "AUTHZ_HTTP_TLS_KEY": str(issued.key_path)}
    running = start(settings | files)
    context = ssl.create_default_context(cafile=str(authority.certificate_path))
    url = f"https://127.0.0.1:{running.port}/healthz"
    with urllib.request.urlopen(url, context=context, timeout=5) as answer:
        assert answer.status == 200


def test_tls_files_that_cannot_be_used_are_named(settings: dict[str, str], tmp_path: Path) -> None:
    absent = refused(settings, AUTHZ_HTTP_TLS_CERT="/nowhere.pem", AUTHZ_HTTP_TLS_KEY="/nowhere.key")
    assert absent.returncode == 2
    assert "No such file" in absent.stderr
    (tmp_path / "no.pem").write_text("no certificate")
    files = dict.fromkeys(("AUTHZ_HTTP_TLS_CERT", "AUTHZ_HTTP_TLS_KEY"), str(tmp_path / "no.pem"))
    garbled = refused(settings, **files)
    assert garbled.returncode == 2
    assert "no certificate chain" in garbled.stderr


def test_what_is_said_of_settings_is_in_the_log(settings: dict[str, str], start: Start) -> None:
    running = start(settings | {"AUTHZ_REALN": "x"})
    wait_until(lambda: bool(running.events("setting")), "the log")
    assert "did you mean AUTHZ_REALM" in running.events("setting")[0]["warning"]


def test_help_has_an_example() -> None:
    for arguments in (["manage"], ["republish"], ["apikey", "create"], ["apikey", "list"], ["apikey", "revoke"]):
        shown = subprocess.run(
            [script("authz-server"), *arguments, "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert "Example: " in shown
