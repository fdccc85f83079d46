"""/api-keys: what programs use this API with. A key is shown once, on the answer that makes it."""

from __future__ import annotations

import shlex
from typing import Any, Final

from authz_server.documents.shapes import written_time
from authz_server.managing.commands import CreateApiKey, RevokeApiKey
from authz_server.managing.errors import Refused
from authz_server.managing.records import Role, Shape
from authz_server.web.api.problems import ApiError
from authz_server.web.pages import forms, lists, roles, scripts
from authz_server.web.pages.auth_form import PRESETS
from authz_server.web.pages.forms import Filled
from authz_server.web.pages.notices import Notice
from authz_server.web.pages.visits import Action, Answer, Page, Redirect, Services, View, Visit

PATH: Final = "/api-keys"
_FIELDS: Final = ("name", "role", "expires_in_hours")
_SUGGESTED_HOURS: Final = "2160"  # 90 days: a key that nobody renews is one that nobody uses
_INVALID: Final = 422


def _list(services: Services, visit: Visit) -> Answer:
    page = services.managing.reading.api_keys(after=lists.after(visit), limit=lists.ITEMS)
    context = {
        "keys": page.items,
        "state": _state,
        "next_href": lists.following(visit, page.next),
        "first_href": lists.first(visit),
        "commands": (
            scripts.Command("authzctl", "authzctl api-keys list"),
            scripts.Command("curl", scripts.call("GET", visit.origin, PATH)),
        ),
    }
    return View(template="api_keys.html", context=context)


def _state(key: Shape) -> str:
    if key["active"]:
        return "active"
    return "revoked" if key["revoked_at"] is not None else "expired"


def _new(_: Services, visit: Visit) -> Answer:
    return _asked(visit, Filled({"role": Role.VIEWER.value, "expires_in_hours": _SUGGESTED_HOURS}))


def _asked(visit: Visit, filled: Filled, status: int = 200) -> View:
    body = {"name": "deploy", "role": Role.OPERATOR.value, "expires_in_hours": int(_SUGGESTED_HOURS)}
    line = f"authzctl api-keys create deploy --role operator --expires-in-hours {_SUGGESTED_HOURS}"
    context = {
        "filled": filled,
        "roles": roles.CHOICES,
        "presets": PRESETS,
        "commands": (
            scripts.Command("authzctl", line),
            scripts.Command("curl", scripts.call("POST", visit.origin, PATH, body)),
        ),
    }
    return View(template="api_key_new.html", context=context, status=status)


def _create(services: Services, visit: Visit) -> Answer:
    form = visit.form
    if visit.idempotency is None:
        raise ApiError("malformed_request", "The form cannot be read: reload the page, and send it again.")
    fields: dict[str, Any] = {name: text for name in ("name", "role") if (text := form.text(name))}
    hours = form.number("expires_in_hours")
    if hours is not None:
        fields["expires_in_hours"] = hours
    command = CreateApiKey(actor=visit.actor, fields=fields, idempotency=visit.idempotency)
    try:
        edited = services.managing.api_keys.create(command)
    except Refused as refusal:
        return _asked(visit, forms.refused(form, refusal, _FIELDS), _INVALID)
    issued = edited.credential
    context = {
        "key": edited.shape,
        "value": None if issued is None or issued.value is None else issued.value.reveal(),
        "expires_at": None if issued is None else written_time(issued.expires_at),
        "role_words": roles.WORDS[Role(edited.shape["role"])],
        "commands": (
            scripts.Command("authzctl", f"authzctl login {shlex.quote(visit.origin)}"),
            scripts.Command("curl", scripts.call("GET", visit.origin, "/clients")),
        ),
    }
    return View(template="api_key_made.html", context=context)


def _ask_revocation(services: Services, visit: Visit) -> Answer:
    key = services.managing.reading.api_key(visit.id("api_key_id")).shape
    context = {
        "key": key,
        "state": _state(key),
        "commands": (
            scripts.Command("authzctl", f"authzctl api-keys revoke {key['id']}"),
            scripts.Command("curl", scripts.call("DELETE", visit.origin, f"{PATH}/{key['id']}")),
        ),
    }
    return View(template="api_key_revoke.html", context=context)


def _revoke(services: Services, visit: Visit) -> Answer:
    command = RevokeApiKey(actor=visit.actor, api_key_id=visit.id("api_key_id"))
    services.managing.api_keys.revoke(command)
    return Redirect(to=PATH, notice=Notice.API_KEY_REVOKED)


PAGES: Final = (
    Page(PATH, {"GET": Action(Role.ADMIN, _list)}),
    Page(f"{PATH}/new", {"GET": Action(Role.ADMIN, _new), "POST": Action(Role.ADMIN, _create)}),
    Page(
        f"{PATH}/{{api_key_id}}/revoke",
        {"GET": Action(Role.ADMIN, _ask_revocation), "POST": Action(Role.ADMIN, _revoke)},
    ),
)
