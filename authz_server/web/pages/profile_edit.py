"""Changing a profile's rules; its auth has a page of its own. And checking a field of rules while it is typed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from authz_server.managing.commands import UpdateProfile
from authz_server.managing.errors import Refused, ValidationFailed, VersionMismatch
from authz_server.managing.fields import checked, reader
from authz_server.managing.records import Role, Shape
from authz_server.web.pages import conflicts, forms, profile_form, rule_scripts
from authz_server.web.pages.conflicts import Difference
from authz_server.web.pages.forms import Filled
from authz_server.web.pages.notices import Notice
from authz_server.web.pages.visits import Action, Answer, Page, Redirect, Services, View, Visit

_IPS: Final = "allowed_ips"


def _edit(services: Services, visit: Visit) -> Answer:
    profile = _profile(services, visit)
    filled = Filled({**profile_form.filled_from(profile), conflicts.VERSION: str(profile["version"])})
    return _form(services, visit, filled)


def _save(services: Services, visit: Visit) -> Answer:
    profile_id = visit.id("profile_id")
    command = UpdateProfile(
        actor=visit.actor,
        profile_id=profile_id,
        fields=profile_form.read(visit.form),
        expected_version=conflicts.expected_version(visit.form),
    )
    try:
        edited = services.managing.profiles.update(command)
    except VersionMismatch:
        return _conflict(services, visit)
    except Refused as refusal:
        filled = forms.refused(visit.form, refusal, profile_form.LABELS)
        return _form(services, visit, filled, forms.status(refusal))
    return Redirect(to=f"/profiles/{profile_id}", notice=Notice.PROFILE_SAVED, sequence=edited.sequence)


def _conflict(services: Services, visit: Visit) -> View:
    profile = _profile(services, visit)
    differences = conflicts.differences(visit.form, profile_form.filled_from(profile), profile_form.LABELS)
    return _form(services, visit, conflicts.again(visit.form, profile["version"]), conflicts.STATUS, differences)


def _form(
    services: Services, visit: Visit, filled: Filled, status: int = 200, differences: Sequence[Difference] = ()
) -> View:
    profile = _profile(services, visit)
    context = {
        "client": services.managing.reading.client(profile["client_id"]).shape,
        "profile": profile,
        "filled": filled,
        "differences": differences,
        "commands": rule_scripts.profile_rules(profile["id"], visit.origin),
    }
    return View(template="profile_edit.html", context=context, status=status)


def _profile(services: Services, visit: Visit) -> Shape:
    return services.managing.reading.profile(visit.id("profile_id")).shape


def _check_ips(_: Services, visit: Visit) -> Answer:
    """What is wrong with `IP Restrictions` as it is typed: by the reader that will read it, in its words."""
    try:
        with checked({_IPS: visit.form.items(_IPS)}) as fields:
            reader().profile_changes(fields)
    except ValidationFailed as refusal:
        errors = forms.refused(visit.form, refusal, (_IPS,)).wrong(_IPS)
    else:
        errors = ()
    return Response(json.dumps({"errors": errors}), media_type="application/json")


PAGES: Final = (
    Page("/profiles/{profile_id}/edit", {"GET": Action(Role.OPERATOR, _edit), "POST": Action(Role.OPERATOR, _save)}),
    Page("/validate/ips", {"POST": Action(Role.OPERATOR, _check_ips)}),
)
