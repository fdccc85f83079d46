"""Disabling and enabling, of clients and of profiles alike."""

from __future__ import annotations

from authzctl import shown
from authzctl.api import Api, identified
from authzctl.edited import write_edited
from authzctl.failures import Misused, Refused
from authzctl.output import Output

_NOUNS = {"clients": "client", "profiles": "profile"}


def set_active(api: Api, kind: str, identifier: str, version: int | None, output: Output, *, active: bool) -> None:
    """Switch one of `kind`, which is `clients` or `profiles`, on or off."""
    answer = api.change("PATCH", f"/{kind}/{identified(identifier)}", {"active": active}, version=version)
    verb = "Enabled" if active else "Disabled"
    write_edited(answer.body, output, f"{verb} {_NOUNS[kind]} {shown.named(answer.body)}.")


def kind_of(api: Api, identifier: str) -> str:
    """Whether it is the id of a profile or of a client. Raises `Refused` of neither, `Misused` of both."""
    found = [kind for kind in _NOUNS if _is_there(api, f"/{kind}/{identified(identifier)}")]
    if not found:
        raise Refused(
            f"there is neither a client nor a profile {identifier}",
            advice="`authzctl clients list` and `authzctl profiles list` show what is there.",
        )
    if len(found) > 1:
        raise Misused(
            f"{identifier} is a client's id and a profile's",
            advice="Say which: `authzctl clients disable`, `authzctl profiles disable`, and the like.",
        )
    return found[0]


def _is_there(api: Api, path: str) -> bool:
    try:
        api.get(path)
    except Refused as refused:
        if refused.code != "not_found":
            raise
        return False
    return True
