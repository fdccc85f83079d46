"""`authz-server show`: one profile, as Redis holds it."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from typing import Annotated, Final

import typer

from authz_server.cache.layout import Layout
from authz_server.cache.record import RecordCodec
from authz_server.cache.writer import RecordWriter
from authz_server.cli.exits import ExitCode, ended
from authz_server.cli.redis_client import redis_client
from authz_server.core.errors import ProfileUnusable
from authz_server.core.profile import Profile
from authz_server.documents.shapes import shown_profile
from authz_server.documents.yaml_text import write_yaml
from authz_server.settings import Settings, load
from authz_server.settings.redis import record_keys

_COMMAND: Final = "show"


class Output(StrEnum):
    """How the profile is written."""

    YAML = "yaml"
    JSON = "json"


class _NotThere(Exception):
    pass


def show(
    profile_id: Annotated[str, typer.Argument(metavar="PROFILE", help="The profile's id.")],
    output: Annotated[Output, typer.Option("-o", "--output", help="How to write it.")] = Output.YAML,
) -> None:
    """Print a profile as Redis holds it, with its version. Secrets are masked.

    Example: authz-server show pr_production
    """
    settings = load(os.environ)
    try:
        shape = shown_profile(_read(settings, profile_id))
    except (_NotThere, ProfileUnusable) as error:
        raise ended(_COMMAND, str(error), ExitCode.REFUSED) from None
    text = write_yaml(shape) if output is Output.YAML else json.dumps(shape, indent=2, ensure_ascii=False) + "\n"
    typer.echo(text, nl=False)


def _read(settings: Settings, profile_id: str) -> Profile:
    codec = RecordCodec(settings.redis_prefix, record_keys(settings))
    with redis_client(settings, _COMMAND) as client:
        writer = RecordWriter(client, Layout(settings.redis_prefix), codec, writer="")
        meta = writer.in_force().meta
        record = meta and writer.record(meta.epoch, profile_id)
        if meta is None:
            raise _NotThere(f"Redis holds no profiles under the prefix {settings.redis_prefix}")
        profile = codec.profile(codec.open(profile_id, meta.epoch, record)) if record else None
        if profile is None:
            raise _NotThere(f"there is no profile {ascii(profile_id)[1:-1]}")
        return profile
