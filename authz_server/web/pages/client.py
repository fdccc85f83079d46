"""One client: its profiles, and switching it on and off, changing and deleting it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from authz_server.managing.commands import DeleteClient, UpdateClient
from authz_server.managing.errors import Refused, VersionMismatch
from authz_server.managing.ports import AuditFilter, ProfileFilter
from authz_server.managing.records import Role, Shape
from authz_server.web.pages import clients, conflicts, forms, lists, rule_scripts
from authz_server.web.pages.conflicts import Difference
from authz_server.web.pages.forms import Filled
from authz_server.web.pages.notices import Notice
from authz_server.web.pages.visits import Action, Answer, Page, Redirect, Services, View, Visit

_RECENT: Final = 8
_TYPED: Final = "typed"


def _show(services: Services, visit: Visit) -> Answer:
    reading = services.managing.reading
    client = _client(services, visit)
    page = reading.profiles(ProfileFilter(client_id=client["id"]), after=lists.after(visit), limit=lists.ITEMS)
    context = {
        "client": client,
        "profiles": page.items,
        "next_href": lists.following(visit, page.next),
        "first_href": lists.first(visit),
        "commands": rule_scripts.client(client["id"], visit.origin),
        "recent": reading.audit(AuditFilter(client_id=client["id"]), limit=_RECENT),
    }
    return View(template="client.html", context=context)


def _edit(services: Services, visit: Visit) -> Answer:
    client = _client(services, visit)
    return _form(visit, client, Filled({**clients.filled_from(client), conflicts.VERSION: str(client["version"])}))


def _save(services: Services, visit: Visit) -> Answer:
    client_id = visit.id("client_id")
    command = UpdateClient(
        actor=visit.actor,
        client_id=client_id,
        fields=clients.read(visit.form),
        expected_version=conflicts.expected_version(visit.form),
    )
    try:
        edited = services.managing.clients.update(command)
    except VersionMismatch:
        return _conflict(visit, _client(services, visit))
    except Refused as refusal:
        filled = forms.refused(visit.form, refusal, clients.LABELS)
        return _form(visit, _client(services, visit), filled, forms.status(refusal))
    return Redirect(to=f"/clients/{client_id}", notice=Notice.CLIENT_SAVED, sequence=edited.sequence)


def _conflict(visit: Visit, client: Shape) -> View:
    differences = conflicts.differences(visit.form, clients.filled_from(client), clients.LABELS)
    return _form(visit, client, conflicts.again(visit.form, client["version"]), conflicts.STATUS, differences)


def _form(
    visit: Visit, client: Shape, filled: Filled, status: int = 200, differences: Sequence[Difference] = ()
) -> View:
    context = {
        "client": client,
        "filled": filled,
        "differences": differences,
        "commands": rule_scripts.changed_client(client["id"], visit.origin),
    }
    return View(template="client_edit.html", context=context, status=status)


def _ask_before_switching_off(services: Services, visit: Visit) -> Answer:
    client = _client(services, visit)
    context = {
        "client": client,
        "number": _number(services, client["id"]),
        "commands": rule_scripts.disabled_client(client["id"], visit.origin),
    }
    return View(template="client_off.html", context=context)


def _switch(services: Services, visit: Visit) -> Answer:
    client_id, active = visit.id("client_id"), visit.form.is_checked("active")
    command = UpdateClient(actor=visit.actor, client_id=client_id, fields={"active": active})
    edited = services.managing.clients.update(command)
    notice = Notice.CLIENT_ENABLED if active else Notice.CLIENT_DISABLED
    return Redirect(to=f"/clients/{client_id}", notice=notice, sequence=edited.sequence)


def _ask_before_deleting(services: Services, visit: Visit) -> Answer:
    return _deletion(services, visit, _client(services, visit), Filled())


def _delete(services: Services, visit: Visit) -> Answer:
    client = _client(services, visit)
    if visit.form.text(_TYPED).split() != client["name"].split():  # as a page shows it, several spaces are one
        filled = Filled(visit.form.values, {_TYPED: ("This is not its name, and nothing was deleted.",)})
        return _deletion(services, visit, client, filled, 422)
    edited = services.managing.clients.delete(DeleteClient(actor=visit.actor, client_id=client["id"]))
    return Redirect(to="/clients", notice=Notice.CLIENT_DELETED, sequence=edited.sequence)


def _deletion(services: Services, visit: Visit, client: Shape, filled: Filled, status: int = 200) -> View:
    context = {
        "client": client,
        "number": _number(services, client["id"]),
        "filled": filled,
        "commands": rule_scripts.deleted_client(client["id"], visit.origin),
    }
    return View(template="client_delete.html", context=context, status=status)


def _client(services: Services, visit: Visit) -> Shape:
    return services.managing.reading.client(visit.id("client_id")).shape


def _number(services: Services, client_id: str) -> int:
    """How many profiles it has."""
    return services.managing.reading.client_counts([client_id])[client_id].total


PAGES: Final = (
    Page("/clients/{client_id}", {"GET": Action(Role.VIEWER, _show)}),
    Page("/clients/{client_id}/edit", {"GET": Action(Role.OPERATOR, _edit), "POST": Action(Role.OPERATOR, _save)}),
    Page(
        "/clients/{client_id}/active",
        {"GET": Action(Role.OPERATOR, _ask_before_switching_off), "POST": Action(Role.OPERATOR, _switch)},
    ),
    Page(
        "/clients/{client_id}/delete",
        {"GET": Action(Role.OPERATOR, _ask_before_deleting), "POST": Action(Role.OPERATOR, _delete)},
    ),
)
