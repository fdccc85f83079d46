"""/accounts: who may sign in, and as what."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Final

from authz_server.managing.accounts import LEAST_CHARACTERS, MOST_CHARACTERS
from authz_server.managing.commands import CreateAccount, DeleteAccount, EndSessions, UpdateAccount
from authz_server.managing.errors import LastAdmin, Refused
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import Role, Shape
from authz_server.web.api.problems import KINDS
from authz_server.web.pages import forms, lists, roles, scripts
from authz_server.web.pages.forms import Filled, Form
from authz_server.web.pages.notices import Notice
from authz_server.web.pages.visits import Action, Answer, Page, Redirect, Services, View, Visit

PATH: Final = "/accounts"
PASSWORD_RULES: Final = (
    f"{LEAST_CHARACTERS} to {MOST_CHARACTERS} characters, and not the user name. Nothing else is asked for: four words"
    " that do not belong together are good, and a password manager's are better."
)
_FIELDS: Final = ("name", "role", "password")
_SECRET_FIELDS: Final = ("password", "current_password", "new_password")
_RECENT: Final = 8


def kept(form: Form, refusal: Refused, known: tuple[str, ...]) -> Filled:
    """The form again, with what is wrong, and without the passwords in it."""
    filled = forms.refused(form, refusal, known)
    values = {name: text for name, text in filled.values.items() if name not in _SECRET_FIELDS}
    return Filled(values, filled.errors)


def _list(services: Services, visit: Visit) -> Answer:
    page = services.managing.reading.accounts(after=lists.after(visit), limit=lists.ITEMS)
    context = {
        "accounts": page.items,
        "next_href": lists.following(visit, page.next),
        "first_href": lists.first(visit),
        "commands": _commands(visit, "authzctl accounts list", "GET"),
    }
    return View(template="accounts.html", context=context)


def _new(_: Services, visit: Visit) -> Answer:
    return _asked(visit, Filled({"role": Role.VIEWER.value}))


def _asked(visit: Visit, filled: Filled, status: int = 200) -> View:
    example = {"name": "ada", "role": Role.OPERATOR.value, "password": "…"}
    context = {
        "filled": filled,
        "roles": roles.CHOICES,
        "password_rules": PASSWORD_RULES,
        "commands": _commands(visit, "authzctl accounts create ada --role operator", "POST", body=example),
    }
    return View(template="account_new.html", context=context, status=status)


def _create(services: Services, visit: Visit) -> Answer:
    form = visit.form
    typed = {"name": form.text("name"), "role": form.text("role"), "password": form.exact("password")}
    fields = {name: text for name, text in typed.items() if text}  # what is empty is missing
    try:
        made = services.managing.accounts.create(CreateAccount(actor=visit.actor, fields=fields))
    except Refused as refusal:
        return _asked(visit, kept(form, refusal, _FIELDS), _status(refusal))
    return Redirect(to=f"{PATH}/{made.shape['id']}", notice=Notice.ACCOUNT_CREATED)


def _account(services: Services, visit: Visit) -> Answer:
    return _shown(services, visit)


def _shown(
    services: Services, visit: Visit, refused: Filled | None = None, status: int = 200, *, of: str = "access"
) -> View:
    """The page; `refused` is the form named `of`, as it was sent."""
    account = services.managing.reading.account(visit.id("account_id")).shape
    values = {"role": account["role"], **({"active": "on"} if account["active"] else {})}
    wanted = AuditFilter(account_id=account["id"])
    name = shlex.quote(account["id"])
    context = {
        "shown": account,
        "is_own": account["id"] == visit.account.id,
        "is_last_admin": _is_last_admin(services, account),
        "access": refused if refused and of == "access" else Filled(values),
        "password": refused if refused and of == "password" else Filled(),
        "roles": roles.CHOICES,
        "password_rules": PASSWORD_RULES,
        "recent": services.managing.reading.audit(wanted, limit=_RECENT),
        "commands": _commands(
            visit, f"authzctl accounts update {name} --role viewer", "PATCH", f"/{account['id']}", {"role": "viewer"}
        ),
    }
    return View(template="account.html", context=context, status=status)


def _update(services: Services, visit: Visit) -> Answer:
    """One of two forms of the page: what the account may do, or its password."""
    form, account_id = visit.form, visit.id("account_id")
    if form.text("change") == "password":
        of, notice = "password", Notice.PASSWORD_SET
        fields: dict[str, Any] = {"password": form.exact("password")}
    else:
        of, notice = "access", Notice.ACCOUNT_SAVED
        fields = {"role": form.text("role"), "active": form.is_checked("active")}
    try:
        services.managing.accounts.update(UpdateAccount(actor=visit.actor, account_id=account_id, fields=fields))
    except Refused as refusal:
        return _shown(services, visit, kept(form, refusal, tuple(fields)), _status(refusal), of=of)
    return Redirect(to=f"{PATH}/{account_id}", notice=notice)


def _end_sessions(services: Services, visit: Visit) -> Answer:
    account_id = visit.id("account_id")
    services.managing.accounts.end_sessions(EndSessions(actor=visit.actor, account_id=account_id))
    return Redirect(to=f"{PATH}/{account_id}", notice=Notice.SESSIONS_ENDED)


def _ask_deletion(services: Services, visit: Visit) -> Answer:
    return _deletion(services, visit, Filled())


def _deletion(services: Services, visit: Visit, filled: Filled, status: int = 200) -> View:
    account = services.managing.reading.account(visit.id("account_id")).shape
    context = {
        "shown": account,
        "is_own": account["id"] == visit.account.id,
        "is_last_admin": _is_last_admin(services, account),
        "filled": filled,
        "commands": _commands(visit, f"authzctl accounts delete {account['id']}", "DELETE", f"/{account['id']}"),
    }
    return View(template="account_delete.html", context=context, status=status)


def _delete(services: Services, visit: Visit) -> Answer:
    account_id = visit.id("account_id")
    try:
        services.managing.accounts.delete(DeleteAccount(actor=visit.actor, account_id=account_id))
    except LastAdmin as refusal:
        return _deletion(services, visit, kept(visit.form, refusal, ()), _status(refusal))
    return Redirect(to=PATH, notice=Notice.ACCOUNT_DELETED)


def _is_last_admin(services: Services, account: Shape) -> bool:
    is_admin = account["active"] and account["role"] == Role.ADMIN.value
    return is_admin and services.managing.reading.admins() == 1


def _status(refusal: Refused) -> int:
    return KINDS[refusal.code].status


def _commands(
    visit: Visit, authzctl: str, method: str, path: str = "", body: Mapping[str, Any] | None = None
) -> tuple[scripts.Command, ...]:
    return (
        scripts.Command("authzctl", authzctl),
        scripts.Command("curl", scripts.call(method, visit.origin, f"{PATH}{path}", body)),
    )


PAGES: Final = (
    Page(PATH, {"GET": Action(Role.ADMIN, _list)}),
    Page(f"{PATH}/new", {"GET": Action(Role.ADMIN, _new), "POST": Action(Role.ADMIN, _create)}),
    Page(f"{PATH}/{{account_id}}", {"GET": Action(Role.ADMIN, _account), "POST": Action(Role.ADMIN, _update)}),
    Page(f"{PATH}/{{account_id}}/sign-out", {"POST": Action(Role.ADMIN, _end_sessions)}),
    Page(
        f"{PATH}/{{account_id}}/delete",
        {"GET": Action(Role.ADMIN, _ask_deletion), "POST": Action(Role.ADMIN, _delete)},
    ),
)
