"""Home: what needs attention."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from authz_server.managing.credential_state import State
from authz_server.managing.ports import AuditFilter, ProfileFilter
from authz_server.managing.records import Role, Shape
from authz_server.web.pages.visits import Action, Answer, Page, Services, View, Visit

_SHOWN: Final = 5  # of each list
_RECENT: Final = 8


def _home(services: Services, _: Visit) -> Answer:
    reading = services.managing.reading

    def some(wanted: ProfileFilter) -> tuple[Shape, ...]:
        return reading.profiles(wanted, limit=_SHOWN).items

    context = {
        "overview": reading.overview(),
        "expired": some(ProfileFilter(state=State.EXPIRED)),
        "expiring": some(ProfileFilter(state=State.EXPIRING_SOON)),
        "inactive": some(ProfileFilter(active=False)),
        "relay": services.relay_state(),
        "recent": reading.audit(AuditFilter(), limit=_RECENT),
    }
    return View(template="home.html", context=context)


def _still_here(_: Services, __: Visit) -> Answer:
    """Asked by the script of somebody who says so: their session goes on."""
    return Response(status_code=204)


PAGES: Final = (
    Page("/", {"GET": Action(Role.VIEWER, _home)}),
    Page("/session", {"POST": Action(Role.VIEWER, _still_here)}),
)
