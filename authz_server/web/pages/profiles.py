"""All profiles, across clients."""

from __future__ import annotations

from typing import Final

from authz_server.documents import values
from authz_server.managing.credential_state import State
from authz_server.managing.ports import ProfileFilter
from authz_server.managing.records import Role
from authz_server.web.api import queries
from authz_server.web.pages import lists, rule_scripts, words
from authz_server.web.pages.visits import Action, Answer, Page, Services, View, Visit

_STATES: Final = (("", "Any"), *((state.value, words.LABELS[state]) for state in State))
_SWITCHES: Final = (("", "Any"), ("true", "Active"), ("false", "Inactive"))
_state: Final = values.one_of(tuple(State))


def _list(services: Services, visit: Visit) -> Answer:
    q, state = lists.search(visit), lists.asked(visit, "state", _state)
    active = lists.asked(visit, "active", queries.switch)
    wanted = ProfileFilter(q=q, state=None if state is None else State(state), active=active)
    page = services.managing.reading.profiles(wanted, after=lists.after(visit), limit=lists.ITEMS)
    asked = {"q": q or "", "state": state or "", "active": visit.query.get("active", "")}
    context = {
        "profiles": page.items,
        "asked": asked,
        "states": _STATES,
        "switches": _SWITCHES,
        "next_href": lists.following(visit, page.next),
        "first_href": lists.first(visit),
        "commands": rule_scripts.profiles(asked, visit.origin),
    }
    return View(template="profiles.html", context=context)


PAGES: Final = (Page("/profiles", {"GET": Action(Role.VIEWER, _list)}),)
