"""`authzctl profiles`: the contracts of a client: how it may come, from where, and for what."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from authzctl import asking, files, shown
from authzctl.activity import set_active
from authzctl.api import identified
from authzctl.auth_options import AuthType, Settings, auth_of, with_auth_options
from authzctl.edited import write_edited
from authzctl.failures import Misused
from authzctl.issued import write_issued
from authzctl.options import (
    LIMIT,
    AllOption,
    ClientId,
    CredentialOption,
    HoursOption,
    KeyOption,
    LabelsOption,
    LimitOption,
    OutputOption,
    ProfileId,
    SearchOption,
    VersionOption,
    YesOption,
    labels,
    present,
    separated,
)
from authzctl.output import CredentialOutput, Output, facts, is_for_people, say, table, write
from authzctl.session import opened

app: Final = typer.Typer(
    help="Profiles: how a client may come, from where, and for what.", no_args_is_help=True, rich_markup_mode=None
)

FileOption = Annotated[
    str | None,
    typer.Option("--file", "-f", metavar="FILE", help="Fields as a document has them, YAML or JSON; options win."),
]
MethodsOption = Annotated[
    list[str] | None,
    typer.Option("--method", metavar="METHOD", help="A method that it may use; repeated, or with commas."),
]
AddressesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--ip", metavar="ADDRESS", help="From where it may call, 10.0.0.0/8 as well; repeated, or with commas."
    ),
]
RoutesOption = Annotated[
    list[str] | None, typer.Option("--route", metavar="LABEL", help="A route that it may use; may be repeated.")
]


@app.command("list")
def list_profiles(
    context: typer.Context,
    client: Annotated[str | None, typer.Argument(metavar="[CLIENT]", help="Those of this client alone.")] = None,
    *,
    search: SearchOption = None,
    state: Annotated[
        str | None,
        typer.Option("--state", help="By the credential's state: valid, expiring_soon, expired or none."),
    ] = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="Only these.")] = None,
    limit: LimitOption = LIMIT,
    everything: AllOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """List profiles, newest first: of one client, or of all.

    Example: authzctl profiles list --state expiring_soon
    """
    path = "/profiles" if client is None else f"/clients/{identified(client)}/profiles"
    query = {"q": search, "state": state, "active": active}
    with opened(context) as api:
        found = list(api.items(path, query, None if everything else limit))
    if not is_for_people(output):
        write(found, output)
        return
    rows = [(each["id"], each["name"], each["client_id"], each["auth"]["type"], shown.state(each)) for each in found]
    table(("ID", "NAME", "CLIENT", "AUTH", "STATE"), rows, whole=("ID", "AUTH", "STATE"))
    if len(found) == limit and not everything:
        say(f"the first {limit} are shown; --all shows all")


@app.command("show")
def show(context: typer.Context, profile: ProfileId, output: OutputOption = Output.TABLE) -> None:
    """Show a profile, and the state of its credential. Secrets are never shown.

    Example: authzctl profiles show pr_production
    """
    with opened(context) as api:
        found = api.get(f"/profiles/{identified(profile)}")
    if is_for_people(output):
        facts(shown.profile_facts(found))
    else:
        write(found, output)


@app.command("create")
@with_auth_options
def create(
    context: typer.Context,
    client: ClientId,
    *,
    name: Annotated[str | None, typer.Option("--name", help="Its name, unique among the client's profiles.")] = None,
    profile_id: Annotated[str | None, typer.Option("--id", help="Its id; without it, one is made.")] = None,
    method: MethodsOption = None,
    ip: AddressesOption = None,
    route: RoutesOption = None,
    label: LabelsOption = None,
    inactive: Annotated[bool, typer.Option("--inactive", help="Refuse its calls until it is enabled.")] = False,
    expires_in_hours: HoursOption = None,
    file: FileOption = None,
    key: KeyOption = None,
    output: CredentialOption = CredentialOutput.TABLE,
    settings: Settings,
) -> None:
    """Create a profile of a client, and its credential.

    A token, or an HMAC secret, is made for the types token and jwt, and shown once. Without --auth the
    profile has a token. Without --method, --ip or --route, all of them are allowed.

    Example: authzctl profiles create cl_acme --name sandbox --method GET,POST
    """
    body = files.mapping(file) if file else {}
    body |= present(id=profile_id, name=name, expires_in_hours=expires_in_hours, active=False if inactive else None)
    body |= _rules(method, ip, route, label)
    body["auth"] = auth_of(settings, body.get("auth"), AuthType.TOKEN)
    with opened(context) as api:
        answer = api.create(f"/clients/{identified(client)}/profiles", body, key=key)
    created = answer.body
    sentence = f"Created profile {shown.named(created)} of client {created['client_id']}."
    write_issued(answer, output, sentence, again=f"Have another one made: authzctl rotate {created['id']}")


@app.command("update")
def update(
    context: typer.Context,
    profile: ProfileId,
    *,
    name: Annotated[str | None, typer.Option("--name", help="Its new name.")] = None,
    method: MethodsOption = None,
    all_methods: Annotated[bool, typer.Option("--all-methods", help="Allow every method.")] = False,
    ip: AddressesOption = None,
    any_ip: Annotated[bool, typer.Option("--any-ip", help="Allow calls from everywhere.")] = False,
    route: RoutesOption = None,
    all_routes: Annotated[bool, typer.Option("--all-routes", help="Allow every route.")] = False,
    label: LabelsOption = None,
    no_labels: Annotated[bool, typer.Option("--no-labels", help="Take all labels away.")] = False,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="Whether its calls may pass.")] = None,
    file: FileOption = None,
    version: VersionOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Change a profile. What is not given stays; a list that is given replaces the one that was there.

    How callers prove who they are is changed by `set-auth`, `rotate` and `remove-auth`.

    Example: authzctl profiles update pr_production --ip 10.0.0.0/8,::1
    """
    body = files.mapping(file) if file else {}
    body |= present(name=name, active=active)
    body |= _rules(method, ip, route, label)
    for wanted, field, given in (
        (all_methods, "allowed_methods", method),
        (any_ip, "allowed_ips", ip),
        (all_routes, "allowed_routes", route),
        (no_labels, "labels", label),
    ):
        if wanted and given:
            raise Misused(f"{field} is both given and taken away")
        if wanted:
            body[field] = {} if field == "labels" else []
    if not body:
        raise Misused("nothing is given that should change", advice="`authzctl profiles update --help` shows what can.")
    with opened(context) as api:
        answer = api.change("PATCH", f"/profiles/{identified(profile)}", body, version=version)
    write_edited(answer.body, output, f"Updated profile {shown.named(answer.body)}.")


@app.command("delete")
def delete(
    context: typer.Context,
    profile: ProfileId,
    *,
    yes: YesOption = False,
    version: VersionOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Delete a profile. Its name has to be typed first, unless --yes is given.

    Example: authzctl profiles delete pr_sandbox
    """
    path = f"/profiles/{identified(profile)}"
    with opened(context) as api:
        if not yes:
            found = api.get(path)
            whose = f"of client {found['client_id']}"
            consequence = f"This deletes profile {shown.named(found)} {whose}; its calls are refused then."
            asking.name_of("profile", str(found["name"]), consequence)
        answer = api.change("DELETE", path, version=version)
    write_edited(answer.body, output, f"Deleted profile {shown.named(answer.body)}.")


@app.command("disable")
def disable(
    context: typer.Context, profile: ProfileId, *, version: VersionOption = None, output: OutputOption = Output.TABLE
) -> None:
    """Refuse a profile's calls. Nothing is deleted.

    Example: authzctl profiles disable pr_sandbox
    """
    with opened(context) as api:
        set_active(api, "profiles", profile, version, output, active=False)


@app.command("enable")
def enable(
    context: typer.Context, profile: ProfileId, *, version: VersionOption = None, output: OutputOption = Output.TABLE
) -> None:
    """Let a profile's calls pass again.

    Example: authzctl profiles enable pr_sandbox
    """
    with opened(context) as api:
        set_active(api, "profiles", profile, version, output, active=True)


def _rules(
    method: list[str] | None, ip: list[str] | None, route: list[str] | None, label: list[str] | None
) -> dict[str, Any]:
    return present(
        allowed_methods=separated(method) if method else None,
        allowed_ips=separated(ip) if ip else None,
        allowed_routes=list(route) if route else None,
        labels=labels(label) if label else None,
    )
