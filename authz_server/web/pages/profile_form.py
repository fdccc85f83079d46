"""The part of a form that is about a profile's rules: its fields, and what they make."""

from __future__ import annotations

from typing import Any, Final

from authz_server.managing.records import Shape
from authz_server.web.pages import forms
from authz_server.web.pages.forms import Form

LABELS: Final = {
    "name": "Name",
    "active": "Active",
    "allowed_methods": "Allowed Methods",
    "allowed_ips": "IP Restrictions",
    "allowed_routes": "Routes",
    "labels": "Labels",
}
"""The fields, as the page calls them."""
DEFAULTS: Final = {"active": "on"}
_ALL: Final = ["all"]


def read(form: Form) -> dict[str, Any]:
    """A command's fields for a profile's rules."""
    methods = form.names("allowed_methods")
    return {
        "name": form.needed("name"),
        "active": form.is_checked("active"),
        "allowed_methods": [] if methods == _ALL else methods,
        "allowed_ips": form.items("allowed_ips"),
        "allowed_routes": form.items("allowed_routes"),
        "labels": form.mapping("labels"),
    }


def filled_from(profile: Shape) -> dict[str, str]:
    """The values of the fields for a profile."""
    values = {
        "name": profile["name"],
        "active": "on" if profile["active"] else "",
        "allowed_methods": ", ".join(profile["allowed_methods"]),
        "allowed_ips": "\n".join(profile["allowed_ips"]),
        "allowed_routes": "\n".join(profile["allowed_routes"]),
        "labels": forms.written_pairs(profile["labels"].items()),
    }
    return {name: value for name, value in values.items() if value}
