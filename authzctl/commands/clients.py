"""`authzctl clients`: who consumes the API behind Envoy."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from authzctl import asking, shown
from authzctl.activity import set_active
from authzctl.api import identified
from authzctl.edited import write_edited
from authzctl.failures import Misused
from authzctl.options import (
    LIMIT,
    AllOption,
    ClientId,
    KeyOption,
    LabelsOption,
    LimitOption,
    OutputOption,
    SearchOption,
    VersionOption,
    YesOption,
    labels,
    present,
)
from authzctl.output import Output, facts, is_for_people, say, table, write
from authzctl.session import opened

app: Final = typer.Typer(help="Clients: who consumes the API.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_clients(
    context: typer.Context,
    *,
    search: SearchOption = None,
    limit: LimitOption = LIMIT,
    everything: AllOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """List clients, newest first.

    Example: authzctl clients list -q acme
    """
    with opened(context) as api:
        found = list(api.items("/clients", {"q": search}, None if everything else limit))
    if not is_for_people(output):
        write(found, output)
        return
    rows = [
        (each["id"], each["name"], shown.yes_or_no(each["active"]), shown.labels(each), shown.time(each["updated_at"]))
        for each in found
    ]
    table(("ID", "NAME", "ACTIVE", "LABELS", "UPDATED"), rows, whole=("ID", "ACTIVE", "UPDATED"))
    if len(found) == limit and not everything:
        say(f"the first {limit} are shown; --all shows all")


@app.command("show")
def show(context: typer.Context, client: ClientId, output: OutputOption = Output.TABLE) -> None:
    """Show a client and, to people, its profiles.

    Example: authzctl clients show cl_acme
    """
    path = f"/clients/{identified(client)}"
    with opened(context) as api:
        found = api.get(path)
        if not is_for_people(output):
            write(found, output)
            return
        profiles = list(api.items(f"{path}/profiles", {}, None))
    facts(shown.client_facts(found))
    if profiles:
        typer.echo()
        rows = [(each["id"], each["name"], each["auth"]["type"], shown.state(each)) for each in profiles]
        table(("PROFILE", "NAME", "AUTH", "STATE"), rows, whole=("PROFILE", "AUTH", "STATE"))


@app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", help="Its name, for people; unique.")],
    *,
    client_id: Annotated[str | None, typer.Option("--id", help="Its id; without it, one is made.")] = None,
    description: Annotated[str | None, typer.Option("--description", help="What it is, for people.")] = None,
    label: LabelsOption = None,
    inactive: Annotated[bool, typer.Option("--inactive", help="Refuse its calls until it is enabled.")] = False,
    key: KeyOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Create a client. Its profiles are made by `profiles create`.

    Example: authzctl clients create --name "Acme mobile" --id cl_acme
    """
    body = present(id=client_id, name=name, description=description, active=False if inactive else None)
    if label:
        body["labels"] = labels(label)
    with opened(context) as api:
        answer = api.create("/clients", body, key=key)
    write_edited(answer.body, output, f"Created client {shown.named(answer.body)}.")


@app.command("update")
def update(
    context: typer.Context,
    client: ClientId,
    *,
    name: Annotated[str | None, typer.Option("--name", help="Its new name.")] = None,
    description: Annotated[str | None, typer.Option("--description", help="What it is, for people.")] = None,
    label: LabelsOption = None,
    no_labels: Annotated[bool, typer.Option("--no-labels", help="Take all labels away.")] = False,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="Whether its calls may pass.")] = None,
    version: VersionOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Change a client. What is not given stays; labels that are given replace all.

    Example: authzctl clients update cl_acme --name "Acme apps" --version 12
    """
    body = present(name=name, description=description, active=active)
    if label or no_labels:
        body["labels"] = labels(label or ())
    if not body:
        raise Misused("nothing is given that should change", advice="`authzctl clients update --help` shows what can.")
    with opened(context) as api:
        answer = api.change("PATCH", f"/clients/{identified(client)}", body, version=version)
    write_edited(answer.body, output, f"Updated client {shown.named(answer.body)}.")


@app.command("delete")
def delete(
    context: typer.Context,
    client: ClientId,
    *,
    yes: YesOption = False,
    version: VersionOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Delete a client and all its profiles. Its name has to be typed first, unless --yes is given.

    Example: authzctl clients delete cl_acme
    """
    path = f"/clients/{identified(client)}"
    with opened(context) as api:
        if not yes:
            name = str(api.get(path)["name"])
            consequence = f'This deletes client {client} "{name}" and all its profiles; their calls are refused then.'
            asking.name_of("client", name, consequence)
        answer = api.change("DELETE", path, version=version)
    write_edited(answer.body, output, f"Deleted client {shown.named(answer.body)}.")


@app.command("disable")
def disable(
    context: typer.Context, client: ClientId, *, version: VersionOption = None, output: OutputOption = Output.TABLE
) -> None:
    """Refuse the calls of all profiles of a client. Nothing is deleted.

    Example: authzctl clients disable cl_acme
    """
    with opened(context) as api:
        set_active(api, "clients", client, version, output, active=False)


@app.command("enable")
def enable(
    context: typer.Context, client: ClientId, *, version: VersionOption = None, output: OutputOption = Output.TABLE
) -> None:
    """Let the calls of a client pass again.

    Those of its profiles that are disabled themselves are still refused.

    Example: authzctl clients enable cl_acme
    """
    with opened(context) as api:
        set_active(api, "clients", client, version, output, active=True)
