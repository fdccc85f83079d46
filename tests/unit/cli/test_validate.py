"""`authz-server validate`: what it says, where, and how it ends."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from authz_server.cli import app
from authz_server.core.secret import Secret
from authz_server.sealing.keys import SecretKeys, as_text
from authz_server.sealing.seal import Seal

KEY = as_text(bytes(range(32)))
HMAC_SECRET = "a-secret-of-the-tests-0123456789"
FINE = """\
clients:
  - {id: a, name: A, profiles: [{id: p, name: p, auth: {type: none}}]}
  - {id: b, name: B}
"""


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTHZ_SECRET_KEYS", raising=False)


def validate(file: str, **options: Any) -> Result:
    """Run the command."""
    return CliRunner().invoke(app.program(["validate"]), ["validate", file], **options)


def written(tmp_path: Path, text: str) -> str:
    """A file with this text."""
    path = tmp_path / "profiles.yaml"
    path.write_text(text)
    return str(path)


def with_auth(auth: str) -> str:
    """A document with this auth."""
    return f"clients: [{{id: a, name: a, profiles: [{{id: pr, name: b, auth: {auth}}}]}}]"


def test_a_good_file_is_counted(tmp_path: Path) -> None:
    file = written(tmp_path, FINE)
    result = validate(file)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{file}: 2 clients, 1 profile\n", "")


def test_every_error_goes_to_standard_error_with_its_place(tmp_path: Path) -> None:
    file = written(tmp_path, FINE.replace("{id: b, name: B}", "{id: a, nam: B}"))
    result = validate(file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"{file}:3:5: clients[1].name: is missing, and has to be given",
        f"{file}:3:10: clients[1].id: is that of clients[0] already; it has to be unique",
        f"{file}:3:13: clients[1].nam: is no field of a client; did you mean name?",
    ]


def test_a_thousand_errors_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    file = written(tmp_path, "clients: [" + "x, " * 1_001 + "]")
    lines = validate(file).stderr.splitlines()
    assert len(lines) == 1_001
    assert lines[-1] == f"{file}: 1001 errors, of which 1000 are shown"


def test_a_warning_is_shown_and_refuses_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, with_auth("{type: mtls, san_dns: [a.example]}"))
    result = validate(file)
    assert (result.exit_code, result.stdout) == (0, f"{file}: 1 client, 1 profile\n")
    assert result.stderr.startswith(
        f"{file}:1:85: warning: clients[0].profiles[0].auth.san_dns: is worth something only"
    )


def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    result = validate(str(tmp_path / "none.yaml"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{tmp_path}/none.yaml: cannot be read: No such file or directory\n"


def test_standard_input_is_read_for_a_dash() -> None:
    assert validate("-", input=FINE).stdout == "-: 2 clients, 1 profile\n"


def test_a_variable_that_a_document_names_need_not_be_set_but_has_to_suit_if_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, with_auth("{type: jwt, algorithm: HS512, secret_env: PARTNER}"))
    monkeypatch.delenv("PARTNER", raising=False)
    assert validate(file).exit_code == 0
    monkeypatch.setenv("PARTNER", "too-short")
    result = validate(file)
    assert result.exit_code == 1
    assert result.stderr.endswith("auth.secret_env: is too short: HS512 needs at least 64 characters\n")


def test_a_sealed_secret_is_opened_by_the_secret_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = Seal.of_documents(SecretKeys.parse(KEY)).seal("pr", "c1", Secret(HMAC_SECRET))
    file = written(tmp_path, with_auth(f"{{type: jwt, algorithm: HS256, secret_sealed: {sealed}}}"))
    result = validate(file)
    assert result.exit_code == 1
    assert result.stderr.endswith("is sealed, and there is no key to open it: set AUTHZ_SECRET_KEYS\n")
    monkeypatch.setenv("AUTHZ_SECRET_KEYS", KEY)
    assert validate(file).exit_code == 0
