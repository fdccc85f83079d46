"""Clients: who they are and how many profiles each has, and adding one."""

from __future__ import annotations

from typing import Any, Final

from authz_server.managing.commands import CreateClient
from authz_server.managing.errors import Refused
from authz_server.managing.records import Role, Shape
from authz_server.web.pages import forms, lists, rule_scripts
from authz_server.web.pages.forms import Filled, Form
from authz_server.web.pages.notices import Notice
from authz_server.web.pages.visits import Action, Answer, Page, Redirect, Services, View, Visit

LABELS: Final = {"name": "Name", "description": "Description", "labels": "Labels"}
"""The fields of a client that can be changed, as the page calls them."""
_NEW: Final = (*LABELS, "id")


def _list(services: Services, visit: Visit) -> Answer:
    q = lists.search(visit)
    reading = services.managing.reading
    page = reading.clients(q=q, after=lists.after(visit), limit=lists.ITEMS)
    context = {
        "q": q or "",
        "clients": page.items,
        "counts": reading.client_counts([client["id"] for client in page.items]),
        "next_href": lists.following(visit, page.next),
        "first_href": lists.first(visit),
        "commands": rule_scripts.clients(q, visit.origin),
    }
    return View(template="clients.html", context=context)


def _new(_: Services, visit: Visit) -> Answer:
    return _form(visit, Filled())


def _create(services: Services, visit: Visit) -> Answer:
    given = read(visit.form)
    if visit.form.text("id"):
        given["id"] = visit.form.text("id")
    command = CreateClient(actor=visit.actor, fields=given, idempotency=visit.idempotency)
    try:
        edited = services.managing.clients.create(command)
    except Refused as refusal:
        return _form(visit, forms.refused(visit.form, refusal, _NEW), forms.status(refusal))
    notice = Notice.ALREADY_DONE if edited.replayed else Notice.CLIENT_CREATED
    return Redirect(to=f"/clients/{edited.shape['id']}", notice=notice)


def _form(visit: Visit, filled: Filled, status: int = 200) -> View:
    context = {"filled": filled, "commands": rule_scripts.new_client(visit.origin)}
    return View(template="client_new.html", context=context, status=status)


def read(form: Form) -> dict[str, Any]:
    """A command's fields for a client."""
    return {
        "name": form.needed("name"),
        "description": form.text("description"),
        "labels": form.mapping("labels"),
    }


def filled_from(client: Shape) -> dict[str, str]:
    """The values of the form's fields for a client."""
    return {
        "name": client["name"],
        "description": client["description"],
        "labels": forms.written_pairs(client["labels"].items()),
    }


PAGES: Final = (
    Page("/clients", {"GET": Action(Role.VIEWER, _list)}),
    Page("/clients/new", {"GET": Action(Role.OPERATOR, _new), "POST": Action(Role.OPERATOR, _create)}),
)
