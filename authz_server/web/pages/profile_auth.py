"""Changing a profile's auth type, and removing its auth."""

from __future__ import annotations

from typing import Final

from authz_server.core.auth import AuthType
from authz_server.managing.commands import RemoveAuth, SetAuth
from authz_server.managing.errors import Code, Refused
from authz_server.managing.records import Role, Shape
from authz_server.web.pages import auth_form, conflicts, forms, profile_edits, profile_page, rules, scripts
from authz_server.web.pages.forms import Filled
from authz_server.web.pages.notices import Notice
from authz_server.web.pages.visits import Action, Answer, Page, Redirect, Services, View, Visit

PATH: Final = f"{profile_page.PATH}/auth"


def _change(services: Services, visit: Visit) -> Answer:
    profile = profile_edits.profile_of(services, visit)
    return _form(visit, profile, Filled(auth_form.filled_from(profile["auth"]) | {"version": str(profile["version"])}))


def _set(services: Services, visit: Visit) -> Answer:
    profile_edits.require_key(visit)
    form = visit.form
    command = SetAuth(
        actor=visit.actor,
        profile_id=visit.id("profile_id"),
        fields={"auth": auth_form.read(form), **auth_form.expiry(form)},
        expected_version=conflicts.expected_version(form),
        idempotency=visit.idempotency,
    )
    try:
        edited = services.managing.credentials.set_auth(command)
    except Refused as refusal:
        return _refused(services, visit, refusal)
    if edited.credential is None and not edited.replayed:
        return Redirect(to=f"/profiles/{command.profile_id}", notice=Notice.AUTH_CHANGED, sequence=edited.sequence)
    return profile_page.view(services, visit, edited.shape, edited=edited)


def _refused(services: Services, visit: Visit, refusal: Refused) -> View:
    profile = profile_edits.profile_of(services, visit)
    form = auth_form.without_private_keys(visit.form)
    if refusal.code is Code.VERSION_MISMATCH:
        return _form(visit, profile, conflicts.again(form, profile["version"]), conflicts.STATUS)
    filled = forms.refused(form, refusal, auth_form.FIELDS, auth_form.RENAMED)
    return _form(visit, profile, filled, forms.status(refusal))


def _form(visit: Visit, profile: Shape, filled: Filled, status: int = 200) -> View:
    context = {
        "profile": profile,
        "auth_name": rules.AUTH_NAMES[AuthType(profile["auth"]["type"])],
        "filled": filled,
        "auth_form": auth_form,
        "commands": scripts.of_auth(profile["id"], visit.origin),
    }
    return View(template="profile_auth.html", context=context, status=status)


def _ask_before_removing(services: Services, visit: Visit) -> Answer:
    profile = profile_edits.profile_of(services, visit)
    context = {
        "profile": profile,
        "rules": rules,
        "commands": scripts.of_auth_removal(profile["id"], visit.origin),
    }
    return View(template="profile_auth_remove.html", context=context)


def _remove(services: Services, visit: Visit) -> Answer:
    command = RemoveAuth(
        actor=visit.actor,
        profile_id=visit.id("profile_id"),
        expected_version=conflicts.expected_version(visit.form),
    )
    return profile_edits.done(
        services, visit, Notice.AUTH_REMOVED, lambda: services.managing.credentials.remove_auth(command)
    )


PAGES: Final = (
    Page(PATH, {"GET": Action(Role.OPERATOR, _change), "POST": Action(Role.OPERATOR, _set)}),
    Page(
        f"{PATH}/remove",
        {"GET": Action(Role.OPERATOR, _ask_before_removing), "POST": Action(Role.OPERATOR, _remove)},
    ),
)
