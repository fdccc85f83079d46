"""What a profile's page does by one button: switching on and off, rotating, ending, showing again, deleting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from authz_server.managing.commands import (
    DeleteProfile,
    EndGrace,
    ExpireCredential,
    RevealCredential,
    RotateCredential,
    UpdateProfile,
)
from authz_server.managing.errors import Code, Refused
from authz_server.managing.records import Edited, Role, Shape
from authz_server.web.api.problems import ApiError
from authz_server.web.pages import conflicts, forms, profile_page, scripts
from authz_server.web.pages.forms import Filled
from authz_server.web.pages.notices import Notice
from authz_server.web.pages.visits import Action, Answer, Page, Redirect, Services, View, Visit

_SENTENCES: Final = {
    Code.VERSION_MISMATCH: (
        "Somebody else has changed this profile since you opened the page, and nothing was done. This is how it is now."
    ),
    Code.NO_CREDENTIAL: (
        "This profile has no credential that was made here, and nothing was done."
        " Change its auth type to have one made."
    ),
    Code.REVEAL_OFF: "This credential is not kept so that it could be shown again. Rotate it to get a new one.",
}
_NO_KEY: Final = "The form has no one-time key: go back, reload the page, and send it again."
_ACTIVE: Final = "active"
_CONFIRMED: Final = "confirmed"
_TYPED: Final = "typed"
_ROTATION: Final = ("expires_in_hours", "grace_seconds")


def require_key(visit: Visit) -> None:
    """Raises `ApiError` where the form has no one-time key: a reload would make another credential."""
    if visit.idempotency is None:
        raise ApiError("malformed_request", _NO_KEY)


def profile_of(services: Services, visit: Visit) -> Shape:
    """The profile that the path names."""
    return services.managing.reading.profile(visit.id("profile_id")).shape


def not_done(services: Services, visit: Visit, refusal: Refused) -> View:
    """The profile's page as it is now, and why something was not done to it."""
    sentence = _SENTENCES.get(refusal.code) or " ".join(forms.refused(visit.form, refusal, ()).general)
    profile = profile_of(services, visit)
    return profile_page.view(services, visit, profile, status=forms.status(refusal), sentence=sentence)


def done(services: Services, visit: Visit, notice: Notice, edit: Callable[[], Edited], to: str | None = None) -> Answer:
    """Do it; lead to the profile, or to where that is `to`, with what was done; or say why nothing was."""
    try:
        edited = edit()
    except Refused as refusal:
        if refusal.code is Code.NOT_FOUND:
            raise
        return not_done(services, visit, refusal)
    return Redirect(to=to or f"/profiles/{visit.id('profile_id')}", notice=notice, sequence=edited.sequence)


def _common(visit: Visit) -> dict[str, Any]:
    """What every command has."""
    return {
        "actor": visit.actor,
        "profile_id": visit.id("profile_id"),
        "expected_version": conflicts.expected_version(visit.form),
    }


def _ask_before_switching_off(services: Services, visit: Visit) -> Answer:
    profile = profile_of(services, visit)
    context = {"profile": profile, "commands": scripts.of_switch(profile["id"], visit.origin)}
    return View(template="profile_off.html", context=context)


def _switch(services: Services, visit: Visit) -> Answer:
    active = visit.form.is_checked(_ACTIVE)
    if not active and not visit.form.is_checked(_CONFIRMED):
        return Redirect(to=f"/profiles/{visit.id('profile_id')}/active")
    command = UpdateProfile(**_common(visit), fields={_ACTIVE: active})
    notice = Notice.PROFILE_ENABLED if active else Notice.PROFILE_DISABLED
    return done(services, visit, notice, lambda: services.managing.profiles.update(command))


def _rotate(services: Services, visit: Visit) -> Answer:
    require_key(visit)
    fields = {name: visit.form.number(name) for name in _ROTATION if visit.form.text(name)}
    command = RotateCredential(**_common(visit), fields=fields, idempotency=visit.idempotency)
    try:
        edited = services.managing.credentials.rotate(command)
    except Refused as refusal:
        if refusal.code is not Code.VALIDATION_FAILED:
            return not_done(services, visit, refusal)
        filled = forms.refused(visit.form, refusal, _ROTATION)
        profile = profile_of(services, visit)
        return profile_page.view(services, visit, profile, status=forms.status(refusal), filled=filled)
    return profile_page.view(services, visit, edited.shape, edited=edited)


def _end_grace(services: Services, visit: Visit) -> Answer:
    command = EndGrace(**_common(visit))
    return done(services, visit, Notice.GRACE_ENDED, lambda: services.managing.credentials.end_grace(command))


def _ask_before_expiring(services: Services, visit: Visit) -> Answer:
    profile = profile_of(services, visit)
    context = {
        "profile": profile,
        "grace_until": profile_page.grace_until(profile, visit.now),
        "possible": services.managing.reading.possible(profile["id"]),
        "commands": scripts.of_expiry(profile["id"], visit.origin),
    }
    return View(template="profile_expire.html", context=context)


def _expire(services: Services, visit: Visit) -> Answer:
    command = ExpireCredential(**_common(visit))
    return done(services, visit, Notice.CREDENTIAL_EXPIRED, lambda: services.managing.credentials.expire(command))


def _reveal(services: Services, visit: Visit) -> Answer:
    command = RevealCredential(actor=visit.actor, profile_id=visit.id("profile_id"))
    try:
        edited = services.managing.credentials.reveal(command)
    except Refused as refusal:
        return not_done(services, visit, refusal)
    return profile_page.view(services, visit, edited.shape, edited=edited, revealed=True)


def _ask_before_deleting(services: Services, visit: Visit) -> Answer:
    return _deletion(visit, profile_of(services, visit), Filled())


def _delete(services: Services, visit: Visit) -> Answer:
    profile = profile_of(services, visit)
    if visit.form.text(_TYPED) != profile["name"]:
        filled = Filled(visit.form.values, {_TYPED: ("This is not its name, and nothing was deleted.",)})
        return _deletion(visit, profile, filled, 422)
    command = DeleteProfile(actor=visit.actor, profile_id=profile["id"])
    to = f"/clients/{profile['client_id']}"
    return done(services, visit, Notice.PROFILE_DELETED, lambda: services.managing.profiles.delete(command), to)


def _deletion(visit: Visit, profile: Shape, filled: Filled, status: int = 200) -> View:
    context = {
        "profile": profile,
        "filled": filled,
        "commands": scripts.of_deletion(profile["id"], visit.origin),
    }
    return View(template="profile_delete.html", context=context, status=status)


def _asked(path: str, ask: Callable[[Services, Visit], Answer], do: Callable[[Services, Visit], Answer]) -> Page:
    """What is asked before it is done."""
    return Page(f"{profile_page.PATH}/{path}", {"GET": Action(Role.OPERATOR, ask), "POST": Action(Role.OPERATOR, do)})


def _at_once(path: str, do: Callable[[Services, Visit], Answer]) -> Page:
    return Page(f"{profile_page.PATH}/{path}", {"POST": Action(Role.OPERATOR, do)})


PAGES: Final = (
    _asked("active", _ask_before_switching_off, _switch),
    _at_once("rotate", _rotate),
    _at_once("end-grace", _end_grace),
    _asked("expire", _ask_before_expiring, _expire),
    _at_once("reveal", _reveal),
    _asked("delete", _ask_before_deleting, _delete),
)
