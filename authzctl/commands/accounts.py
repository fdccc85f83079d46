"""`authzctl accounts`: people who sign in with a password."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from authzctl import asking, shown
from authzctl.api import identified
from authzctl.edited import write_edited
from authzctl.failures import Misused
from authzctl.options import LIMIT, AllOption, LimitOption, OutputOption, Role, YesOption, present
from authzctl.output import Output, facts, is_for_people, table, write
from authzctl.session import opened

app: Final = typer.Typer(help="Accounts of people who sign in (admin).", no_args_is_help=True, rich_markup_mode=None)

AccountId = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id, as `list` shows it.")]


@app.command("list")
def list_accounts(
    context: typer.Context,
    *,
    limit: LimitOption = LIMIT,
    everything: AllOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """List accounts: whose they are, and when each signed in last.

    Example: authzctl accounts list
    """
    with opened(context) as api:
        found = list(api.items("/accounts", {}, None if everything else limit))
    if is_for_people(output):
        table(("ID", "NAME", "ROLE", "ACTIVE", "SIGNED IN"), map(shown.account_row, found), whole=("ROLE", "ACTIVE"))
    else:
        write(found, output)


@app.command("show")
def show(context: typer.Context, account: AccountId, output: OutputOption = Output.TABLE) -> None:
    """Show an account.

    Example: authzctl accounts show ac_2TkGxYzW
    """
    with opened(context) as api:
        found = api.get(f"/accounts/{identified(account)}")
    if is_for_people(output):
        facts(shown.account_facts(found))
    else:
        write(found, output)


@app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user name, as it is typed to sign in.")],
    *,
    role: Annotated[Role, typer.Option("--role", help="What it may do.")],
    output: OutputOption = Output.TABLE,
) -> None:
    """Make an account. The password is typed twice, unseen, or is the first line of standard input.

    Example: authzctl accounts create "Ada Lovelace" --role operator
    """
    with opened(context) as api:
        body = {"name": name, "role": role.value, "password": asking.new_password()}
        answer = api.change("POST", "/accounts", body)
    made = answer.body
    write_edited(made, output, f"Created account {shown.named(made)}, role {made['role']}.")


@app.command("update")
def update(
    context: typer.Context,
    account: AccountId,
    *,
    role: Annotated[Role | None, typer.Option("--role", help="What it may do from now on.")] = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="Whether it may sign in.")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Change an account. Whoever is signed in with it is signed out.

    Example: authzctl accounts update ac_2TkGxYzW --role viewer
    """
    body = present(role=None if role is None else role.value, active=active)
    if not body:
        raise Misused("nothing is given that should change", advice="`authzctl accounts update --help` shows what can.")
    _change(context, account, body, "Updated", output)


@app.command("password")
def password(context: typer.Context, account: AccountId, output: OutputOption = Output.TABLE) -> None:
    """Set another password: typed twice, unseen, or the first line of standard input.

    Whoever is signed in with the account is signed out.

    Example: authzctl accounts password ac_2TkGxYzW
    """
    with opened(context) as api:
        path = f"/accounts/{identified(account)}"
        answer = api.change("PATCH", path, {"password": asking.new_password()})
    write_edited(answer.body, output, f"Set another password of account {shown.named(answer.body)}.")


@app.command("disable")
def disable(context: typer.Context, account: AccountId, output: OutputOption = Output.TABLE) -> None:
    """Switch an account off. Whoever is signed in with it is signed out.

    Example: authzctl accounts disable ac_2TkGxYzW
    """
    _change(context, account, {"active": False}, "Disabled", output)


@app.command("enable")
def enable(context: typer.Context, account: AccountId, output: OutputOption = Output.TABLE) -> None:
    """Let an account sign in again.

    Example: authzctl accounts enable ac_2TkGxYzW
    """
    _change(context, account, {"active": True}, "Enabled", output)


@app.command("delete")
def delete(
    context: typer.Context, account: AccountId, *, yes: YesOption = False, output: OutputOption = Output.TABLE
) -> None:
    """Delete an account. Its name has to be typed first, unless --yes is given.

    Example: authzctl accounts delete ac_2TkGxYzW
    """
    path = f"/accounts/{identified(account)}"
    with opened(context) as api:
        if not yes:
            name = str(api.get(path)["name"])
            consequence = f'This deletes account {account} "{name}"; whoever is signed in with it is signed out.'
            asking.name_of("account", name, consequence)
        answer = api.change("DELETE", path)
    write_edited(answer.body, output, f"Deleted account {shown.named(answer.body)}.")


def _change(context: typer.Context, account: str, body: dict[str, Any], verb: str, output: Output) -> None:
    with opened(context) as api:
        answer = api.change("PATCH", f"/accounts/{identified(account)}", body)
    write_edited(answer.body, output, f"{verb} account {shown.named(answer.body)}.")
