"""`authzctl api-keys`: the keys of this API itself."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from authzctl import asking, shown
from authzctl.api import identified
from authzctl.issued import write_issued
from authzctl.options import (
    LIMIT,
    AllOption,
    CredentialOption,
    HoursOption,
    KeyOption,
    LimitOption,
    OutputOption,
    Role,
    YesOption,
)
from authzctl.output import CredentialOutput, Output, is_for_people, table, write
from authzctl.session import opened

app: Final = typer.Typer(help="Keys for this API itself (admin).", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_keys(
    context: typer.Context,
    *,
    limit: LimitOption = LIMIT,
    everything: AllOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """List API keys: whose they are, and when each was used last. No key can be shown again.

    Example: authzctl api-keys list
    """
    with opened(context) as api:
        found = list(api.items("/api-keys", {}, None if everything else limit))
    if is_for_people(output):
        columns = ("ID", "NAME", "ROLE", "STATE", "EXPIRES", "LAST USED")
        table(columns, map(shown.api_key_row, found), whole=("ROLE", "STATE"))
    else:
        write(found, output)


@app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is, or what it is for.")],
    *,
    role: Annotated[Role, typer.Option("--role", help="What it may do.")],
    expires_in_hours: HoursOption = None,
    key: KeyOption = None,
    output: CredentialOption = CredentialOutput.TABLE,
) -> None:
    """Make an API key. It is shown once.

    Example: authzctl api-keys create deploy --role operator -o value > key.txt
    """
    body: dict[str, Any] = {"name": name, "role": role.value}
    if expires_in_hours is not None:
        body["expires_in_hours"] = expires_in_hours
    with opened(context) as api:
        answer = api.create("/api-keys", body, key=key)
    made = answer.body
    again = f"Have another one made, and end this one: authzctl api-keys revoke {made['id']}"
    write_issued(answer, output, f"Created API key {shown.named(made)}, role {made['role']}.", again=again)


@app.command("revoke")
def revoke(
    context: typer.Context,
    api_key: Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id, as `list` shows it.")],
    *,
    yes: YesOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """End an API key now. It stays on the list. You are asked first, unless --yes is given.

    Example: authzctl api-keys revoke ak_2TkGxYzW
    """
    with opened(context) as api:
        path = f"/api-keys/{identified(api_key)}"
        if not yes:
            asking.agreement(f"End API key {api_key}?")
        answer = api.change("DELETE", path)
    if is_for_people(output):
        typer.echo(f"Revoked API key {shown.named(answer.body)}.")
    else:
        write(answer.body, output)
