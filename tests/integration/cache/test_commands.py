"""authz-server publish, show and secrets, as people and scripts see them."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from authz_server.cache.connection import RedisAddress
from authz_server.cache.publish import Progress
from authz_server.cli.app import program
from authz_server.cli.exits import ExitCode
from authz_server.cli.publishing_progress import LARGE
from authz_server.sealing.keys import RecordKeys, SecretKeys, as_text
from authz_server.settings import SettingsError
from tests.support.processes import script, wait_until
from tests.support.redis_records import Records

SECRET_KEYS = SecretKeys((b"s" * 32,))
DOCUMENT = """
clients:
  - id: cl_acme
    name: Acme
    profiles:
      - {id: pr_token, name: token, auth: {type: token, token_sha256: "DIGEST"}}
      - {id: pr_jwt, name: jwt, allowed_methods: [GET], auth: {type: jwt, algorithm: HS256, secret_env: THE_SECRET}}
""".replace("DIGEST", "ab" * 32)
WITHOUT_JWT = DOCUMENT.rpartition("      - {id: pr_jwt")[0]
THE_SECRET = "a-secret-of-at-least-thirty-two-bytes"

Run = Callable[..., Result]


@pytest.fixture
def run(address: RedisAddress, records: Records) -> Run:
    """Runs one command against an empty Redis; `without_keys` takes AUTHZ_SECRET_KEYS away."""

    def run(*arguments: str, given: str | None = None, without_keys: bool = False, **environment: str) -> Result:
        environment = {
            "AUTHZ_REDIS_URL": address.url,
            "AUTHZ_SECRET_KEYS": "" if without_keys else SECRET_KEYS.to_text(),
            "THE_SECRET": THE_SECRET,
            "COLUMNS": "100",
        } | environment
        return CliRunner().invoke(program(arguments), list(arguments), input=given, env=environment)

    return run


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "profiles.yaml"
    path.write_text(DOCUMENT)
    return str(path)


def test_publish_says_what_it_did_and_again_that_nothing_changed(run: Run, file: str) -> None:
    first, second = run("publish", file), run("publish", file)
    assert (first.exit_code, first.stdout, first.stderr) == (
        0,
        f"{file}: 2 added, 0 changed, 0 removed, 0 unchanged\n",
        "",
    )
    assert (second.exit_code, second.stdout) == (0, f"{file}: 0 added, 0 changed, 0 removed, 2 unchanged\n")


def test_a_dry_run_shows_a_table_and_writes_nothing(run: Run, file: str, records: Records) -> None:
    result = run("publish", file, "--dry-run")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()[:3]] == [
        ["CHANGE", "PROFILE"],
        ["added", "pr_token"],
        ["added", "pr_jwt"],
    ]
    assert result.stdout.splitlines()[3].endswith("0 unchanged (dry run: nothing was written)")
    assert records.client.dbsize() == 0


def test_a_dry_run_without_changes_exits_with_0_too(run: Run, file: str) -> None:
    run("publish", file)
    result = run("publish", file, "--dry-run")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)


def test_changes_come_as_json_for_scripts(run: Run, file: str) -> None:
    result = run("publish", file, "--dry-run", "-o", "json")
    assert json.loads(result.stdout) == {"added": ["pr_token", "pr_jwt"], "changed": [], "removed": [], "unchanged": []}


def test_a_long_table_is_cut_short(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    path.write_text(many(201))
    lines = run("publish", str(path), "--dry-run").stdout.splitlines()
    assert len(lines) == 203
    assert lines[-2] == "... and 1 more; -o json shows all"


def test_what_is_no_longer_in_the_file_goes_with_prune_only(run: Run, file: str) -> None:
    run("publish", file)
    Path(file).write_text(WITHOUT_JWT)
    kept = run("publish", file)
    assert kept.stderr == "authz-server publish: 1 profile is not in the file and stays; --prune removes\n"
    assert run("show", "pr_jwt").exit_code == 0
    pruned = run("publish", file, "--prune")
    assert pruned.stdout == f"{file}: 0 added, 0 changed, 1 removed, 1 unchanged\n"
    assert run("show", "pr_jwt").exit_code == ExitCode.REFUSED


def test_every_error_is_told_and_nothing_is_written(run: Run, file: str, records: Records) -> None:
    Path(file).write_text(DOCUMENT.replace("HS256", "HS255").replace("name: Acme", "name: 7"))
    result = run("publish", file)
    assert (result.exit_code, result.stdout) == (ExitCode.REFUSED, "")
    assert [line.partition(" ")[0] for line in result.stderr.splitlines()] == [f"{file}:4:11:", f"{file}:7:86:"]
    assert records.client.dbsize() == 0


def test_a_document_may_come_from_standard_input(run: Run) -> None:
    result = run("publish", "-", given=DOCUMENT)
    assert (result.exit_code, result.stdout) == (0, "-: 2 added, 0 changed, 0 removed, 0 unchanged\n")


def test_a_file_that_is_not_there_is_a_usage_error(run: Run) -> None:
    result = run("publish", "nowhere.yaml")
    assert (result.exit_code, result.stderr) == (
        ExitCode.USAGE,
        "nowhere.yaml: cannot be read: No such file or directory\n",
    )


def test_a_secret_that_is_not_in_the_environment_is_an_error_of_the_document(run: Run, file: str) -> None:
    result = run("publish", file, THE_SECRET="")
    assert result.exit_code == ExitCode.REFUSED
    assert "secret_env" in result.stderr


def test_hmac_secrets_without_keys_are_a_settings_error(run: Run, file: str, records: Records) -> None:
    result = run("publish", file, without_keys=True)
    assert result.exit_code == ExitCode.USAGE
    assert "AUTHZ_SECRET_KEYS" in result.stderr
    assert records.client.dbsize() == 0


def test_another_writer_is_refused_until_it_takes_over(run: Run, file: str) -> None:
    run("publish", file)
    refused = run("publish", file, "--as", "other")
    assert refused.exit_code == ExitCode.REFUSED
    assert "publish:file" in refused.stderr
    assert run("publish", file, "--as", "other", "--take-over").exit_code == 0
    assert run("publish", file, "--as", "other").exit_code == 0


@pytest.mark.parametrize("command", ["publish", "show"])
def test_redis_that_is_not_there_exits_with_3(run: Run, file: str, command: str) -> None:
    argument = file if command == "publish" else "pr_token"
    result = run(command, argument, AUTHZ_REDIS_URL="redis://127.0.0.1:1/0")
    assert (result.exit_code, result.stdout) == (ExitCode.UNREACHABLE, "")
    assert f"authz-server {command}: Redis is not reachable" in result.stderr


@pytest.mark.parametrize("command", ["publish", "show"])
@pytest.mark.parametrize("query", ["socket_timeout=soon", "no_such_option=1"])
def test_a_redis_url_with_an_option_that_cannot_be_is_a_settings_error(
    run: Run, file: str, command: str, query: str
) -> None:
    ended = run(command, file, AUTHZ_REDIS_URL=f"redis://:hunter2@127.0.0.1:1/0?{query}")
    assert isinstance(ended.exception, SettingsError)  # which ends the program with 2
    assert str(ended.exception).startswith("AUTHZ_REDIS_URL: ")
    assert "hunter2" not in str(ended.exception)


@pytest.mark.parametrize("command", ["publish", "show"])
def test_redis_that_refuses_exits_with_3(run: Run, file: str, records: Records, command: str) -> None:
    records.client.set(records.layout.meta, "text")
    argument = file if command == "publish" else "pr_token"
    result = run(command, argument)
    assert result.exit_code == ExitCode.UNREACHABLE
    assert f"authz-server {command}: Redis refuses: WRONGTYPE" in result.stderr


def test_show_prints_a_profile_with_its_version_and_without_secrets(run: Run, file: str) -> None:
    run("publish", file)
    result = run("show", "pr_jwt", "-o", "json")
    shown = json.loads(result.stdout)
    assert (shown["id"], shown["client_id"], shown["allowed_methods"]) == ("pr_jwt", "cl_acme", ["GET"])
    assert isinstance(shown["version"], int)
    for profile_id in ("pr_jwt", "pr_token"):
        text = run("show", profile_id).stdout
        assert "********" in text
        assert THE_SECRET not in text
        assert "ab" * 32 not in text


def test_show_works_with_the_record_keys_alone(run: Run, file: str) -> None:
    run("publish", file)
    keys = RecordKeys.derived_from(SECRET_KEYS).to_text()
    assert run("show", "pr_jwt", without_keys=True, AUTHZ_RECORD_KEYS=keys).exit_code == 0


@pytest.mark.parametrize(
    ("published", "profile_id", "told"),
    [
        (False, "pr_jwt", "Redis holds no profiles under the prefix authz"),
        (True, "nobody", "there is no profile nobody"),
        (True, "\x1b[31m", r"there is no profile \x1b[31m"),
    ],
)
def test_show_of_what_is_not_there_exits_with_1(
    run: Run,
    file: str,
    published: bool,  # noqa: FBT001 - a parameter of the test
    profile_id: str,
    told: str,
) -> None:
    if published:
        run("publish", file)
    result = run("show", profile_id)
    assert (result.exit_code, result.stdout) == (ExitCode.REFUSED, "")
    assert result.stderr == f"authz-server show: {told}\n"


def test_show_of_a_removed_profile_exits_with_1(run: Run, file: str) -> None:
    run("publish", file)
    Path(file).write_text(WITHOUT_JWT)
    run("publish", file, "--prune")
    assert run("show", "pr_jwt").stderr == "authz-server show: there is no profile pr_jwt\n"


def test_show_of_a_record_that_does_not_verify_exits_with_1(run: Run, file: str) -> None:
    run("publish", file)
    result = run("show", "pr_jwt", AUTHZ_SECRET_KEYS=as_text(b"x" * 32))
    assert result.exit_code == ExitCode.REFUSED
    assert "signature that does not match" in result.stderr


def test_secrets_new_prints_a_key_and_another_one_each_time(run: Run) -> None:
    first, second = run("secrets", "new").stdout, run("secrets", "new").stdout
    assert first != second
    assert len(SecretKeys.parse(first.removesuffix("\n")).keys) == 1


def test_secrets_derive_prints_the_record_keys(run: Run) -> None:
    result = run("secrets", "derive")
    assert RecordKeys.parse(result.stdout.removesuffix("\n")) == RecordKeys.derived_from(SECRET_KEYS)


def test_secrets_derive_without_keys_is_a_settings_error(run: Run) -> None:
    result = run("secrets", "derive", without_keys=True)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert "AUTHZ_SECRET_KEYS is not set" in result.stderr


def many(count: int) -> str:
    """A document of so many profiles."""
    profiles = "".join(f"      - {{id: pr_{i}, name: n{i}, auth: {{type: none}}}}\n" for i in range(count))
    return f"clients:\n  - id: cl_1\n    name: Acme\n    profiles:\n{profiles}"


def test_a_large_publish_tells_each_step(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text(many(LARGE) + "# " + "x" * 1_000_000 + "\n")
    result = run("publish", str(path))
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        f"Reading {path}",
        f"Preparing: {LARGE} profiles",
        f"Writing: {LARGE} profiles",
    ]


def test_an_interrupted_publish_exits_with_130_and_changes_nothing(
    address: RedisAddress, records: Records, tmp_path: Path
) -> None:
    path = tmp_path / "large.yaml"
    path.write_text(many(LARGE))
    records.client.client_pause(60_000, all=False)  # whoever writes waits
    publishing = subprocess.Popen(
        [script("authz-server"), "publish", path],
        env={"AUTHZ_REDIS_URL": address.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert publishing.stderr is not None
    assert publishing.stderr.readline() == f"Preparing: {LARGE} profiles\n".encode()
    wait_until(lambda: _is_running(records, "hset"), "the publish writes")
    publishing.send_signal(signal.SIGINT)
    wait_until(lambda: _is_running(records, "unlink"), "the publish takes back what it has written")
    records.client.client_unpause()
    output, errors = publishing.communicate(timeout=60)
    assert (publishing.returncode, output) == (ExitCode.INTERRUPTED, b"")
    assert b"interrupted; nothing was changed" in errors
    assert records.client.dbsize() == 0


@pytest.fixture
def interrupted_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C as soon as something is written: for a few changes, when their script has run."""
    steps: list[str] = []

    def advance(_self: Progress, _by: int) -> None:
        if steps[-1] == "Writing":
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "begin", lambda _self, step, _total: steps.append(step))
    monkeypatch.setattr(Progress, "advance", advance)


@pytest.mark.usefixtures("interrupted_writing")
def test_a_publish_that_is_interrupted_before_its_script_says_that_nothing_was_changed(
    run: Run, file: str, records: Records
) -> None:
    result = run("publish", file)
    assert result.exit_code == ExitCode.INTERRUPTED
    assert result.stderr == "authz-server publish: interrupted; nothing was changed\n"
    assert records.client.dbsize() == 0


def test_a_publish_that_is_interrupted_after_its_script_says_how_to_find_out(
    run: Run, file: str, request: pytest.FixtureRequest
) -> None:
    """It is in force by then, and nobody may be told that it is not."""
    run("publish", file)
    request.getfixturevalue("interrupted_writing")
    Path(file).write_text(WITHOUT_JWT)
    result = run("publish", file, "--prune")
    assert result.exit_code == ExitCode.INTERRUPTED
    assert "nothing was changed" not in result.stderr
    assert "run it again with --dry-run to see what is in force" in result.stderr
    again = run("publish", file, "--prune", "--dry-run")
    assert "0 added, 0 changed, 0 removed, 1 unchanged" in again.stdout


def _is_running(records: Records, command: str) -> bool:
    return any(client["cmd"] == command for client in records.client.client_list())
