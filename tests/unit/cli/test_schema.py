"""`authz-server schema`."""

import json

from typer.testing import CliRunner

from authz_server.cli.app import program
from authz_server.documents.schema import document_schema


def test_the_documents_schema_is_printed_as_json() -> None:
    result = CliRunner().invoke(program(["schema"]), ["schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == document_schema()
