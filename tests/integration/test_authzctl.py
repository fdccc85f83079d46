"""`authzctl` against the real `authz-server manage` over SQLite and a real Valkey."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest

from authzctl import app
from tests.support.certificates import CertificateAuthority
from tests.support.manage_process import RunningManage, environment, new_key
from tests.support.processes import script, wait_until
from tests.support.redis_records import valkey

SECRET_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


class Outcome(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


class Operator:
    """Somebody with `authzctl`, a home of their own, and nothing in the environment."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AUTHZ")}
        self.environment = inherited | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")} | environment

    def run(self, *arguments: str, stdin: str = "") -> Outcome:
        """One command, in this process: starting another one for each takes most of the time."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environment, clear=True),
            mock.patch.object(sys, "argv", ["authzctl", *arguments]),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()))),
            contextlib.chdir(self.home),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            app.main()
        return Outcome(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    def must(self, *arguments: str, stdin: str = "") -> str:
        """What a command prints that has to end with 0."""
        outcome = self.run(*arguments, stdin=stdin)
        assert outcome.code == 0, (arguments, outcome.err)
        return outcome.out

    def read(self, *arguments: str) -> Any:
        """What it prints as JSON."""
        return json.loads(self.must(*arguments, "-o", "json"))


@pytest.fixture(name="settings", scope="module")
def a_control_planes_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with valkey(tmp_path_factory.mktemp("valkey")) as address:
        directory = tmp_path_factory.mktemp("records")
        yield environment(directory, address.url, AUTHZ_SECRET_KEYS=SECRET_KEY)


@pytest.fixture(name="key", scope="module")
def an_admins_key(settings: Mapping[str, str]) -> str:
    return new_key(settings)


@pytest.fixture(name="manage", scope="module")
def a_control_plane(
    settings: Mapping[str, str], key: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningManage]:
    del key  # made first: it makes the database as well
    running = RunningManage(tmp_path_factory.mktemp("manage"), settings)
    running.wait_until_in_step()
    yield running
    assert running.stop() == 0, running.log_tail()


@pytest.fixture(name="url")
def where_it_listens(manage: RunningManage) -> str:
    return f"http://127.0.0.1:{manage.port}"


@pytest.fixture(name="operator")
def somebody_who_is_logged_in(url: str, key: str, tmp_path: Path) -> Operator:
    operator = Operator(tmp_path)
    operator.must("login", url, stdin=key + "\n")
    return operator


def test_a_credential_lives_from_its_creation_to_its_end(operator: Operator) -> None:
    operator.must("clients", "create", "--name", "Acme", "--id", "cl_life", "--label", "team=mobile")
    create = ("profiles", "create", "cl_life", "--name", "production", "--id", "pr_life", "--method", "GET,POST")
    first = operator.must(*create, "--expires-in-hours", "720", "-o", "value").strip()
    check = ("check", "--client", "cl_life", "--profile", "pr_life", "--bearer-file", "-")
    assert operator.run(*check, stdin=first).code == 0
    second = operator.must("rotate", "pr_life", "-o", "value").strip()
    assert operator.run(*check, stdin=first).code == 1
    assert operator.run(*check, stdin=second).code == 0
    assert operator.run(*check, "-X", "DELETE", stdin=second).out.splitlines()[9].startswith("denied: 405")
    assert operator.must("disable", "pr_life") == 'Disabled profile pr_life "production".\n'
    assert operator.run(*check, stdin=second).code == 1
    operator.must("enable", "pr_life")
    operator.must("expire", "pr_life")
    assert operator.read("profiles", "show", "pr_life")["credential_state"]["state"] == "expired"
    operator.must("remove-auth", "pr_life", stdin="production\n")
    assert operator.run("check", "--client", "cl_life", "--profile", "pr_life").code == 0
    actions = [entry["action"] for entry in operator.read("audit", "--profile", "pr_life")]
    assert actions[::-1] == [
        *("profile.create", "credential.rotate", "profile.update", "profile.update"),
        *("credential.expire", "credential.remove_auth"),
    ]
    operator.must("clients", "delete", "cl_life", stdin="Acme\n")
    gone = operator.run("profiles", "show", "pr_life")
    assert gone.code == 1
    assert "(404 not_found)" in gone.err


def test_a_round_trip_of_export_and_apply_changes_nothing(operator: Operator) -> None:
    operator.must(
        "clients", "create", "--name", 'on "<b>" \u00e9 \U0001f600 \u05d0', "--id", "cl_round", "--description", "null"
    )
    operator.must("profiles", "create", "cl_round", "--name", "a token", "--id", "pr_token", "--ip", "10.0.0.0/8,::1")
    operator.must("rotate", "pr_token", "--grace-seconds", "3600", "--expires-in-hours", "1")
    secret = ("--auth", "jwt", "--algorithm", "HS256", "--claim", "n=1", "--claim", "yes=true")
    operator.must("profiles", "create", "cl_round", "--name", "a secret", "--id", "pr_secret", *secret)
    operator.must("profiles", "create", "cl_round", "--name", "a certificate", "--auth", "mtls", "--any-verified")
    for form in ("yaml", "json"):
        document = operator.must("export", "-o", form)
        (operator.home / "all").write_text(document)
        applied = operator.read("apply", "all", "--prune", "--yes")
        for kind in ("clients", "profiles"):
            assert {
                what: len(applied[kind][what]) for what in ("added", "changed", "removed", "kept")
            } == dict.fromkeys(("added", "changed", "removed", "kept"), 0)
            assert applied[kind]["unchanged"]
        assert operator.must("export", "-o", form) == document


def test_a_document_is_applied_once_it_is_agreed(operator: Operator) -> None:
    document = "clients: [{id: cl_doc, name: Doc, profiles: [{id: pr_doc, name: a, auth: {type: none}}]}]\n"
    (operator.home / "mine.yaml").write_text(document)
    assert operator.run("apply", "mine.yaml", stdin="n\n").code == 1
    assert operator.run("clients", "show", "cl_doc").code == 1
    assert operator.must("apply", "mine.yaml", stdin="y\n").startswith("+ client cl_doc\n+ profile pr_doc\n")
    assert operator.read("profiles", "show", "pr_doc")["auth"] == {"type": "none"}
    (operator.home / "mine.yaml").write_text(document.replace("id: pr_doc", "id: pr_doc, allowed_method: [GET]"))
    refused = operator.run("apply", "mine.yaml")
    assert refused.code == 1
    assert "  mine.yaml: clients[0].profiles[0].allowed_method: line 1, column" in refused.err


def test_a_version_that_is_stale_changes_nothing(operator: Operator) -> None:
    made = operator.read("clients", "create", "--name", "Versions", "--id", "cl_version")
    assert operator.run("clients", "update", "cl_version", "--name", "x", "--version", "1").code == 1
    operator.must("clients", "update", "cl_version", "--name", "Changed", "--version", str(made["version"]))


def test_the_same_idempotency_key_creates_once_and_shows_once(operator: Operator) -> None:
    operator.must("clients", "create", "--name", "Once", "--id", "cl_once", "--idempotency-key", "k1")
    operator.must("clients", "create", "--name", "Once", "--id", "cl_once", "--idempotency-key", "k1")
    create = ("profiles", "create", "cl_once", "--name", "a", "-o", "value", "--idempotency-key", "k2")
    operator.must(*create)
    again = operator.run(*create)
    assert (again.code, again.out) == (1, "")
    assert "a credential is shown once" in again.err
    assert len(operator.read("profiles", "list", "cl_once")) == 1
    reused = operator.run("clients", "create", "--name", "Twice", "--idempotency-key", "k1")
    assert "idempotency_key_reused" in reused.err


def test_lists_go_on_page_by_page(operator: Operator) -> None:
    profiles = ", ".join(f"{{id: pr_page_{n}, name: n{n}, auth: {{type: none}}}}" for n in range(205))
    document = f"clients: [{{id: cl_page, name: Pages, profiles: [{profiles}]}}]"
    operator.must("apply", "-", "--yes", stdin=document)
    listed = operator.read("profiles", "list", "cl_page", "--all")
    assert len({each["id"] for each in listed}) == 205
    assert len(operator.read("profiles", "list", "cl_page", "--limit", "3")) == 3
    assert [each["id"] for each in operator.read("profiles", "list", "-q", "pr_page_204")] == ["pr_page_204"]


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_a_key_may_do_what_its_role_says(role: str, operator: Operator, url: str, tmp_path: Path) -> None:
    made = operator.read("api-keys", "create", role, "--role", role)
    other = Operator(tmp_path, AUTHZCTL_URL=url, AUTHZCTL_API_KEY=made["credential"]["value"])
    assert other.read("whoami")["role"] == role
    assert other.run("clients", "list").code == 0
    assert other.run("export").code == (1 if role == "viewer" else 0)
    assert other.run("api-keys", "list").code == (0 if role == "admin" else 1)
    operator.must("api-keys", "revoke", made["id"], "--yes")
    refused = other.run("clients", "list")
    assert refused.code == 1
    assert "(401 unauthenticated)" in refused.err


def test_an_account_is_made_changed_and_deleted(operator: Operator) -> None:
    operator.must("accounts", "create", "Root", "--role", "admin", stdin="correct horse battery\n")
    refused = operator.run("accounts", "create", "Ada", "--role", "viewer", stdin="too short\n")
    assert "password: has 9 characters; accepted are 12 to 256" in refused.err
    operator.must("accounts", "create", "Ada", "--role", "viewer", stdin="correct horse battery\n")
    account_id = {each["name"]: each["id"] for each in operator.read("accounts", "list", "--all")}["Ada"]
    assert operator.read("accounts", "update", account_id, "--role", "operator")["role"] == "operator"
    operator.must("accounts", "password", account_id, stdin="another password\n")
    operator.must("accounts", "disable", account_id)
    assert operator.read("accounts", "show", account_id)["active"] is False
    operator.must("accounts", "delete", account_id, stdin="Ada\n")
    trail = operator.read("audit", "--account", account_id, "--since", "2020-01-01T00:00:00Z")
    assert [each["action"] for each in trail][::-1] == [
        *("account.create", "account.update", "account.set_password", "account.update", "account.delete"),
    ]
    root = operator.read("accounts", "list", "--all")[-1]["id"]
    assert "(409 last_admin)" in operator.run("accounts", "disable", root).err


def test_every_field_error_comes_back_at_once(operator: Operator) -> None:
    operator.must("clients", "create", "--name", "Errors", "--id", "cl_errors")
    rules = ("--ip", "10.0.0.1/8", "--ip", "localhost", "--method", "get")
    refused = operator.run("profiles", "create", "cl_errors", "--name", "a", *rules)
    assert refused.code == 1
    assert [line.split(":")[0].strip() for line in refused.err.splitlines()[1:]] == [
        "allowed_methods[0]",
        "allowed_ips[0]",
        "allowed_ips[1]",
    ]


def test_an_interruption_at_a_question_changes_nothing(operator: Operator) -> None:
    operator.must("clients", "create", "--name", "Kept", "--id", "cl_kept")
    errors = operator.home / "errors"
    with errors.open("w") as file:
        asking = subprocess.Popen(
            [str(script("authzctl")), "clients", "delete", "cl_kept"],
            stdin=subprocess.PIPE,
            stderr=file,
            env=operator.environment,
        )
        wait_until(lambda: "Type the client's name" in errors.read_text(), "the question")
        asking.send_signal(signal.SIGINT)
        assert asking.wait(timeout=10) == 130
        assert asking.stdin is not None
        asking.stdin.close()
    operator.must("clients", "show", "cl_kept")


def test_tls_is_verified_by_the_ca_that_is_named(
    settings: Mapping[str, str], key: str, manage: RunningManage, tmp_path: Path
) -> None:
    authority = CertificateAuthority("ca", tmp_path)
    certificate = authority.issue("manage", ips=["127.0.0.1"])
    files = {"AUTHZ_HTTP_TLS_CERT": str(certificate.certificate_path), "AUTHZ_HTTP_TLS_KEY": str(certificate.key_path)}
    secure = RunningManage(tmp_path / "manage", dict(settings) | files)
    try:
        url, operator = f"https://127.0.0.1:{secure.port}", Operator(tmp_path)
        refused = operator.run("login", url, stdin=key)
        assert refused.code == 3
        assert "--ca FILE, or AUTHZCTL_CA, names the CA that issued it" in refused.err
        operator.must("login", url, "--ca", "ca.pem", stdin=key)
        operator.must("clients", "list")
    finally:
        assert secure.stop() == 0, secure.log_tail()


def test_the_module_is_the_program_too(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "authzctl", "--version"]
    outcome = subprocess.run(arguments, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert outcome.stdout.startswith("authzctl ")


def test_an_api_that_is_not_there_ends_with_3(tmp_path: Path) -> None:
    nobody = Operator(tmp_path, AUTHZCTL_URL="http://127.0.0.1:1", AUTHZCTL_API_KEY="aza_x")
    outcome = nobody.run("clients", "list")
    assert outcome.code == 3
    assert "http://127.0.0.1:1 cannot be reached" in outcome.err
