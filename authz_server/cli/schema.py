"""`authz-server schema`: the profile document as JSON Schema."""

from __future__ import annotations

import json

import typer

from authz_server.documents.schema import document_schema


def schema() -> None:
    """Print the JSON Schema (2020-12) of the profile document, for editors to complete and check by.

    Example: authz-server schema > profiles.schema.json
    """
    typer.echo(json.dumps(document_schema(), indent=2, ensure_ascii=False))
