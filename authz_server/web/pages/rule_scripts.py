"""How a script does what the pages of clients and of profiles' rules do."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from authz_server.web.pages.scripts import Command, call

Commands = tuple[Command, ...]

_NAME: Final = "Acme mobile"
_FLAGS: Final = {"true": "--active", "false": "--inactive"}


def clients(q: str | None, origin: str) -> Commands:
    """To list clients."""
    search = f" -q {shlex.quote(q)}" if q else ""
    query = f"?{urlencode({'q': q})}" if q else ""
    return _both(f"authzctl clients list{search}", call("GET", origin, f"/clients{query}"))


def new_client(origin: str) -> Commands:
    """To add one."""
    return _both(f'authzctl clients create --name "{_NAME}"', call("POST", origin, "/clients", {"name": _NAME}))


def client(client_id: str, origin: str) -> Commands:
    """To look at one and at its profiles."""
    return _both(
        f"authzctl clients show {client_id}\nauthzctl profiles list {client_id}",
        call("GET", origin, f"/clients/{client_id}"),
        call("GET", origin, f"/clients/{client_id}/profiles"),
    )


def changed_client(client_id: str, origin: str) -> Commands:
    """To change one."""
    return _both(
        f'authzctl clients update {client_id} --name "{_NAME}" --label plan=gold',
        call("PATCH", origin, f"/clients/{client_id}", {"name": _NAME, "labels": {"plan": "gold"}}),
    )


def disabled_client(client_id: str, origin: str) -> Commands:
    """To switch one off."""
    return _both(
        f"authzctl clients disable {client_id}", call("PATCH", origin, f"/clients/{client_id}", {"active": False})
    )


def deleted_client(client_id: str, origin: str) -> Commands:
    """To delete one."""
    return _both(f"authzctl clients delete {client_id}", call("DELETE", origin, f"/clients/{client_id}"))


def profiles(asked: Mapping[str, str], origin: str) -> Commands:
    """To list profiles. `asked`: what the list is narrowed down to, as the address has it."""
    given = {name: text for name, text in asked.items() if text}
    options = [f"-q {shlex.quote(given['q'])}"] if "q" in given else []
    options += [f"--state {given['state']}"] if "state" in given else []
    options += [_FLAGS[given["active"]]] if "active" in given else []
    query = f"?{urlencode(given)}" if given else ""
    return _both(" ".join(("authzctl profiles list", *options)), call("GET", origin, f"/profiles{query}"))


def new_profile(client_id: str, origin: str) -> Commands:
    """To add one."""
    body = {"name": "sandbox", "allowed_methods": ["GET", "POST"], "auth": {"type": "token"}, "expires_in_hours": 2160}
    return _both(
        f"authzctl profiles create {client_id} --name sandbox --method GET,POST --expires-in-hours 2160",
        call("POST", origin, f"/clients/{client_id}/profiles", body),
    )


def profile_rules(profile_id: str, origin: str) -> Commands:
    """To change the rules of one."""
    body = {"allowed_methods": ["GET", "POST"], "allowed_ips": ["10.0.0.0/8"]}
    return _both(
        f"authzctl profiles update {profile_id} --method GET,POST --ip 10.0.0.0/8",
        call("PATCH", origin, f"/profiles/{profile_id}", body),
    )


def _both(authzctl: str, *calls: str) -> Commands:
    return Command("authzctl", authzctl), Command("curl", "\n".join(calls))
