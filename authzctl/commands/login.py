"""`authzctl login`, `logout`, `whoami`: which API, and by which key."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from authzctl import asking, session
from authzctl.api import Api
from authzctl.failures import Misused, Refused
from authzctl.login import (
    DEFAULT_URL,
    Login,
    check_safe,
    checked_key,
    checked_url,
    file,
    forget,
    kept,
    save,
)
from authzctl.options import OutputOption
from authzctl.output import Output, facts, is_for_people, write


def login(
    context: typer.Context,
    url: Annotated[
        str | None, typer.Argument(metavar="[URL]", help=f"Where the API is, such as {DEFAULT_URL}.")
    ] = None,
    *,
    ca: Annotated[
        Path | None, typer.Option("--ca", metavar="FILE", help="The CA (PEM) that the API's certificate is checked by.")
    ] = None,
    allow_http: Annotated[
        bool, typer.Option("--allow-http", help="Send the key over http to another machine all the same.")
    ] = False,
) -> None:
    """Keep an API's URL and key for the next commands.

    They are tried first, and kept where they work. The key is typed unseen at a prompt, or is the first line of
    standard input; it is never an argument, since those can be seen by others. It is kept in the platform's usual
    folder, in a file that only you can read. AUTHZCTL_URL and AUTHZCTL_API_KEY win over it.

    Example: authzctl login https://authz.example.com < key.txt
    """
    before = session.target(context)
    where = checked_url(url or before.url or os.environ.get("AUTHZCTL_URL") or DEFAULT_URL)
    trusted = str(ca.absolute()) if ca else before.ca or os.environ.get("AUTHZCTL_CA") or None
    wanted = Login(url=where, api_key="", ca=trusted, allow_http=allow_http)
    check_safe(wanted)
    key = checked_key(asking.secret(f"API key for {where}: "))
    wanted = Login(url=where, api_key=key, ca=trusted, allow_http=allow_http)
    with Api(wanted, session.transport()) as api:
        role = _role(api)
    try:
        path = save(wanted)
    except OSError as error:
        raise Misused(f"{file()} cannot be written: {error.strerror}") from None
    typer.echo(f"Logged in to {where} as {role}. The key is kept in {path}")


def logout() -> None:
    """Forget the URL and the key that `login` has kept. The key itself still works: api-keys revoke ends that.

    Example: authzctl logout
    """
    typer.echo(f"{file()} is removed." if forget() else "There was nothing to forget.")


def whoami(context: typer.Context, output: OutputOption = Output.TABLE) -> None:
    """Show which API is used, and what the key may do.

    Example: authzctl whoami
    """
    used = session.login_for(context)
    with session.opened(context) as api:
        role = _role(api)
    is_kept = kept() is not None and not os.environ.get("AUTHZCTL_API_KEY")
    shape = {
        "url": used.url,
        "key": f"{used.api_key[:8]}...",
        "key_from": str(file()) if is_kept else "AUTHZCTL_API_KEY",
        "role": role,
        "ca": used.ca,
    }
    if is_for_people(output):
        facts((name.replace("_", " "), value or "-") for name, value in shape.items())
    else:
        write(shape, output)


def _role(api: Api) -> str:
    """What the key may do: the highest role whose calls are not forbidden to it. Changes nothing."""
    list(api.items("/clients", {}, 1))
    if _is_allowed(lambda: api.get("/api-keys", {"limit": 1})):
        return "admin"
    return "operator" if _is_allowed(lambda: api.ask("/check", {})) else "viewer"


def _is_allowed(call: Callable[[], object]) -> bool:
    try:
        call()
    except Refused as refused:
        return refused.code != "forbidden"
    return True
