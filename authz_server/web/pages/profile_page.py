"""/profiles/{profile_id}: one profile, its credential and all that can be done with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

from authz_server.core.auth import AuthType
from authz_server.documents.shapes import written_time
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import Edited, IssuedCredential, Role, Shape
from authz_server.web.pages import auth_form, rules, scripts, snippets
from authz_server.web.pages.forms import Filled
from authz_server.web.pages.visits import Action, Answer, Page, Services, View, Visit
from authz_server.web.pages.words import HOUR, moment

GRACES: Final = ((300, "5 minutes"), (3_600, "1 hour"), (86_400, "24 hours"))
"""For how long the present credential may be left to work, in seconds and in words."""
PATH: Final = "/profiles/{profile_id}"
_RECENT: Final = 8


class Panel(NamedTuple):
    """A credential that is shown, and everything that it can be copied as.

    `once`: it cannot be shown again. `hidden`: until somebody wants to see it.
    `header` and `curl` are None where it is not sent itself, but signs what is sent.
    """

    value: str
    kind: str
    once: bool
    hidden: bool
    expires_at: str | None
    header: str | None
    header_label: str
    curl: str | None


class Grace(NamedTuple):
    """For how long the present credential works on beside the next, and until when, were it rotated now.

    `label` is empty where it expires before.
    """

    seconds: int
    label: str
    until: str


def view(
    services: Services,
    visit: Visit,
    profile: Shape,
    *,
    edited: Edited | None = None,
    status: int = 200,
    filled: Filled | None = None,
    sentence: str = "",
    revealed: bool = False,
) -> View:
    """The page of this profile (as REST shows it).

    `edited`: what has just been done to it; a credential that was made is shown, and the page waits for Redis.
    `filled`: the form for a rotation, as it was refused. `sentence`: why something else was not done. `revealed`: the
    credential is shown again, since somebody asked for that.
    """
    if edited is not None and edited.replayed:  # it may have changed since
        profile = services.managing.reading.profile(profile["id"]).shape
    client = services.managing.reading.client(profile["client_id"]).shape
    possible = services.managing.reading.possible(profile["id"])
    panel = None
    if edited is not None and edited.credential is not None:
        panel = _panel(services, profile, edited.credential, once=not possible.reveal, hidden=not revealed)
    context = {
        "profile": profile,
        "client": client,
        "panel": panel,
        "replayed": edited is not None and edited.replayed,
        "sentence": sentence,
        "possible": possible,
        "grace_until": grace_until(profile, visit.now),
        "graces": _graces(profile, visit.now),
        "presets": auth_form.PRESETS,
        "rotation": filled or Filled({"expires_in_hours": lifetime_hours(profile), "grace_seconds": "0"}),
        "rules": rules,
        "auth_name": rules.AUTH_NAMES[AuthType(profile["auth"]["type"])],
        "is_hmac": rules.is_hmac(profile["auth"]),
        "settings": rules.settings(profile["auth"]),
        "snippets": snippets.of(profile, services.gateway_url),
        "trial": snippets.trial(profile),
        "recent": services.managing.reading.audit(AuditFilter(profile_id=profile["id"]), limit=_RECENT),
        "commands": scripts.of_profile(profile, visit.origin),
    }
    sequence = None if edited is None else edited.sequence
    return View(template="profile.html", context=context, status=status, sequence=sequence)


def grace_until(profile: Shape, now: float) -> str | None:
    """Until when the credential before the last rotation works; None where it does not, or there is none."""
    previous = profile["auth"].get("previous")
    if previous is None:
        return None
    ends = min(filter(None, (previous["until"], previous["expires_at"])), key=_seconds)
    return ends if _seconds(ends) > now else None


def lifetime_hours(profile: Shape) -> str:
    """For how long the present credential was made, in whole hours: the next one will hardly be for another time."""
    state = profile["credential_state"]
    if state["expires_at"] is None or state["created_at"] is None:
        return ""
    hours = round((_seconds(state["expires_at"]) - _seconds(state["created_at"])) / HOUR)
    return str(hours) if hours > 0 else ""


def _panel(
    services: Services, profile: Shape, credential: IssuedCredential, *, once: bool, hidden: bool
) -> Panel | None:
    if credential.value is None:
        return None
    value = credential.value.reveal()
    is_sent = snippets.carries_credential(profile)
    header = snippets.credential_header(profile, value) if is_sent else None
    return Panel(
        value=value,
        kind="token" if is_sent else "secret",
        once=once,
        hidden=hidden,
        expires_at=written_time(credential.expires_at),
        header=header,
        header_label="" if header is None else f"Copy {header.partition(':')[0]} header",
        curl=snippets.curl(profile, services.gateway_url, value) if is_sent else None,
    )


def _graces(profile: Shape, now: float) -> list[Grace]:
    """What can be chosen beside none; nothing where the present one has expired."""
    expires_at = profile["credential_state"]["expires_at"]
    latest = None if expires_at is None else _seconds(expires_at)
    graces: list[Grace] = []
    for seconds, label in GRACES if latest is None or latest > now else ():
        end = now + seconds
        if latest is not None and end >= latest:
            graces.append(Grace(seconds, "", expires_at))
            break
        graces.append(Grace(seconds, label, f"{datetime.fromtimestamp(end, UTC):%Y-%m-%dT%H:%M:%SZ}"))
    return graces


def _seconds(text: str) -> float:
    return moment(text).timestamp()


def _profile(services: Services, visit: Visit) -> Answer:
    return view(services, visit, services.managing.reading.profile(visit.id("profile_id")).shape)


PAGES: Final = (Page(PATH, {"GET": Action(Role.VIEWER, _profile)}),)
