"""`authzctl check`: what would become of a call, step by step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from authzctl import files
from authzctl.exits import ExitCode
from authzctl.failures import Misused
from authzctl.options import OutputOption
from authzctl.output import Output, Shape, is_for_people, table, write
from authzctl.plain_text import on_one_line
from authzctl.session import opened

_WORDS = {"not_reached": "not reached"}


def check(
    context: typer.Context,
    *,
    client: Annotated[str | None, typer.Option("--client", metavar="ID", help="What X-Client-ID says.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", metavar="ID", help="What X-Profile-ID says.")] = None,
    method: Annotated[str, typer.Option("--method", "-X", help="The call's method.")] = "GET",
    path: Annotated[str, typer.Option("--path", help="The call's path.")] = "/",
    route: Annotated[str | None, typer.Option("--route", metavar="LABEL", help="The route's label in Envoy.")] = None,
    ip: Annotated[str | None, typer.Option("--ip", metavar="ADDRESS", help="Where the call comes from.")] = None,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", metavar="NAME:VALUE", help="A header; may be repeated.")
    ] = None,
    bearer: Annotated[
        str | None,
        typer.Option("--bearer-file", metavar="FILE", help="The token that the call brings; - is standard input."),
    ] = None,
    certificate: Annotated[
        str | None, typer.Option("--certificate", metavar="FILE", help="The client certificate (PEM) that it brings.")
    ] = None,
    assume_credential: Annotated[
        bool, typer.Option("--assume-credential", help="Take the credential for valid: nobody can read a token back.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Try a call without making it, step by step.

    Each step's verdict is shown, and what the caller would get. Nothing is changed. The exit code is 0 where the
    call would be allowed, and 1 where it would be refused.

    Example: authzctl check --client cl_acme --profile pr_a --method DELETE
    """
    body: dict[str, Any] = {"method": method, "path": path}
    headers = dict(_header(each) for each in header or ())
    if bearer is not None:
        headers["authorization"] = f"Bearer {files.secret(bearer)}"
    optional = {
        "client_id": client,
        "profile_id": profile,
        "route": route,
        "client_ip": ip,
        "headers": headers or None,
        "certificate": None if certificate is None else files.text(certificate),
        "assume_credential": assume_credential or None,
    }
    body |= {name: value for name, value in optional.items() if value is not None}
    with opened(context) as api:
        found = api.ask("/check", body)
    if is_for_people(output):
        _show(found)
    else:
        write(found, output)
    if found["outcome"] != "allowed":
        raise typer.Exit(ExitCode.REFUSED)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise Misused("a --header has no name", advice="Write --header 'NAME: VALUE'.")
    return name.strip().lower(), value.strip()


def _show(found: Shape) -> None:
    rows = [
        (each["step"].replace("_", " "), _WORDS.get(each["verdict"], each["verdict"]), each.get("detail") or "")
        for each in found["steps"]
    ]
    table(("STEP", "VERDICT", "DETAIL"), rows, whole=("STEP", "VERDICT"))
    if found["outcome"] == "allowed":
        typer.echo("\nallowed; the application gets:")
        _show_headers(found["upstream_headers"]["set"])
        return
    typer.echo(f"\n{found['outcome']}: {found['status']} {found['code']}; the caller gets:")
    _show_headers(found["headers"])
    content = found.get("body")
    if content:
        typer.echo(f"  {on_one_line(content if isinstance(content, str) else json.dumps(content))}")


def _show_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        typer.echo(f"  {on_one_line(name)}: {on_one_line(value)}")
