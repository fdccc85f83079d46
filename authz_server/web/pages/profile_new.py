"""Adding a profile to a client. The answer shows its credential, this once."""

from __future__ import annotations

from typing import Final

from authz_server.managing.commands import CreateProfile
from authz_server.managing.errors import Refused
from authz_server.managing.records import Role
from authz_server.web.api.problems import ApiError
from authz_server.web.pages import auth_form, forms, profile_form, profile_page, rule_scripts
from authz_server.web.pages.forms import Filled
from authz_server.web.pages.visits import Action, Answer, Page, Services, View, Visit

_FIELDS: Final = tuple(dict.fromkeys(("name", "active", *auth_form.FIELDS, *profile_form.LABELS, "id")))


def _new(services: Services, visit: Visit) -> Answer:
    return _form(services, visit, Filled({**profile_form.DEFAULTS, **auth_form.DEFAULTS}))


def _create(services: Services, visit: Visit) -> Answer:
    form = visit.form
    if visit.idempotency is None:  # sent again by a reload, it would make a second credential
        raise ApiError(
            "malformed_request", "The form has no one-time key: go back, reload the page, and send it again."
        )
    given = {**profile_form.read(form), "auth": auth_form.read(form), **auth_form.expiry(form)}
    if form.text("id"):
        given["id"] = form.text("id")
    command = CreateProfile(
        actor=visit.actor, client_id=visit.id("client_id"), fields=given, idempotency=visit.idempotency
    )
    try:
        edited = services.managing.profiles.create(command)
    except Refused as refusal:
        filled = forms.refused(auth_form.without_private_keys(form), refusal, _FIELDS, auth_form.RENAMED)
        return _form(services, visit, filled, forms.status(refusal))
    return profile_page.view(services, visit, edited.shape, edited=edited)


def _form(services: Services, visit: Visit, filled: Filled, status: int = 200) -> View:
    client = services.managing.reading.client(visit.id("client_id")).shape
    context = {
        "client": client,
        "filled": filled,
        "auth_form": auth_form,
        "commands": rule_scripts.new_profile(client["id"], visit.origin),
    }
    return View(template="profile_new.html", context=context, status=status)


PAGES: Final = (
    Page(
        "/clients/{client_id}/profiles/new",
        {"GET": Action(Role.OPERATOR, _new), "POST": Action(Role.OPERATOR, _create)},
    ),
)
