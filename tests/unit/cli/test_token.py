"""`authz-server token new`."""

import yaml
from typer.testing import CliRunner

from authz_server.cli import app
from authz_server.core.token import Prefix, digest, is_well_formed


def test_a_new_token_is_printed_with_its_digest_as_two_lines_of_yaml() -> None:
    result = CliRunner().invoke(app.program(["token"]), ["token", "new"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == ["token", "token_sha256"]
    read = yaml.safe_load(result.stdout)
    assert is_well_formed(read["token"], Prefix.TOKEN)
    assert read["token_sha256"] == digest(read["token"]).hex()


def test_no_two_tokens_are_alike() -> None:
    first, second = (CliRunner().invoke(app.program(["token"]), ["token", "new"]).stdout for _ in range(2))
    assert first != second
