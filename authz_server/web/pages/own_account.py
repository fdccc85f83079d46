"""/account: one's own, whatever one's role."""

from __future__ import annotations

from typing import Final

from authz_server.managing.commands import ChangePassword, EndSessions
from authz_server.managing.errors import Refused, WrongPassword
from authz_server.managing.records import Role
from authz_server.web.pages import accounts, roles
from authz_server.web.pages.forms import Filled
from authz_server.web.pages.notices import Notice
from authz_server.web.pages.serving import SIGN_IN
from authz_server.web.pages.visits import Action, Answer, Page, Redirect, Services, View, Visit

PATH: Final = "/account"
_FIELDS: Final = ("current_password", "new_password")
_INVALID: Final = 422
_TOO_MANY: Final = 429


def _account(services: Services, visit: Visit) -> Answer:
    return _shown(services, visit, Filled())


def _shown(services: Services, visit: Visit, filled: Filled, status: int = 200) -> View:
    context = {
        "own": services.managing.reading.account(visit.account.id).shape,
        "role_words": roles.WORDS[visit.account.role],
        "password_rules": accounts.PASSWORD_RULES,
        "filled": filled,
    }
    return View(template="own_account.html", context=context, status=status)


def _change_password(services: Services, visit: Visit) -> Answer:
    """Whoever finds a browser that somebody has left must not try passwords here, any more than where one signs in."""
    name, peer = visit.account.name, visit.peer
    wait = services.attempts.begin(name, peer)
    if wait:
        sentence = f"Too many attempts failed. Try again in {wait} seconds."
        return _shown(services, visit, Filled(errors={"": (sentence,)}), _TOO_MANY)
    try:
        fields = {field: visit.form.exact(field) for field in _FIELDS}
        signed_in = services.managing.accounts.change_password(
            ChangePassword(account_id=visit.account.id, fields=fields)
        )
    except WrongPassword as refusal:
        return _shown(services, visit, accounts.kept(visit.form, refusal, _FIELDS), _INVALID)
    except Refused as refusal:
        services.attempts.forgive(name, peer)
        return _shown(services, visit, accounts.kept(visit.form, refusal, _FIELDS), _INVALID)
    services.attempts.forgive(name, peer)
    return Redirect(to=PATH, notice=Notice.PASSWORD_CHANGED, session=signed_in.secret)


def _sign_out_everywhere(services: Services, visit: Visit) -> Answer:
    services.managing.accounts.end_sessions(EndSessions(actor=visit.actor, account_id=visit.account.id))
    return Redirect(to=SIGN_IN, notice=Notice.SIGNED_OUT_EVERYWHERE, ends=True)


PAGES: Final = (
    Page(PATH, {"GET": Action(Role.VIEWER, _account), "POST": Action(Role.VIEWER, _change_password)}),
    Page(f"{PATH}/sign-out", {"POST": Action(Role.VIEWER, _sign_out_everywhere)}),
)
