"""What an edit changes, field by field, in a form that holds no secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from authz_server.core.profile import Client, Profile
from authz_server.core.secret import REDACTED
from authz_server.documents.shapes import Hidden, compared_profile, shown_client
from authz_server.managing.records import FieldChange

_LONGEST: Final = 4_096  # characters of a value that is kept; a bundle of certificates has more

Changes = Mapping[str, FieldChange]


def client_changes(before: Client | None, after: Client | None) -> Changes:
    """By field name."""
    return _changes({} if before is None else shown_client(before), {} if after is None else shown_client(after))


def profile_changes(before: Profile | None, after: Profile | None) -> Changes:
    """By field name, those of `auth` as `auth.<name>`."""
    return _changes({} if before is None else _flat(before), {} if after is None else _flat(after))


def _flat(profile: Profile) -> dict[str, Any]:
    shape = compared_profile(profile)
    auth = shape.pop("auth")
    return shape | {f"auth.{name}": value for name, value in auth.items()}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    if before and after and _text(before) == _text(after):
        return {}
    return {
        name: FieldChange(_kept(before.get(name)), _kept(after.get(name)))
        for name in dict.fromkeys((*before, *after))
        if _text(before.get(name)) != _text(after.get(name))
    }


# Compared as text, since Python takes True for 1. The order of labels and claims has no meaning.
_text: Final = json.JSONEncoder(sort_keys=True, default=lambda hidden: {"hidden": hidden.digest.hex()}).encode


def _kept(value: Any) -> Any:
    shown = _redacted(value)
    if not isinstance(shown, str | list | dict):
        return shown
    length = len(_text(shown))
    return shown if length <= _LONGEST else f"({length} characters)"


def _redacted(value: Any) -> Any:
    if isinstance(value, Hidden):
        return REDACTED
    if isinstance(value, Mapping):
        return {name: _redacted(each) for name, each in value.items()}
    return value
