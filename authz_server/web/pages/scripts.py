"""How a script does what these pages do: lines for authzctl, and for curl over REST."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from authz_server.managing.records import Shape


class Command(NamedTuple):
    """Lines, and the program that they are for."""

    label: str
    text: str


def of_profile(profile: Shape, origin: str) -> tuple[Command, ...]:
    """To look at a profile, and to rotate its credential."""
    profile_id = profile["id"]
    lines = [f"authzctl profiles show {profile_id}"]
    calls = [call("GET", origin, f"/profiles/{profile_id}")]
    if profile["credential_state"]["state"] != "none":
        lines.append(f"authzctl rotate {profile_id} --expires-in-hours 720 --grace-seconds 3600")
        body = {"expires_in_hours": 720, "grace_seconds": 3600}
        calls.append(call("POST", origin, f"/profiles/{profile_id}/rotate", body))
    return Command("authzctl", "\n".join(lines)), Command("curl", "\n".join(calls))


def of_client(client_id: str, origin: str) -> tuple[Command, ...]:
    """To read a client's profiles."""
    return _both(f"authzctl profiles list {client_id} -o json", call("GET", origin, f"/clients/{client_id}/profiles"))


def of_switch(profile_id: str, origin: str) -> tuple[Command, ...]:
    """To switch a profile off."""
    return _both(f"authzctl disable {profile_id}", call("PATCH", origin, f"/profiles/{profile_id}", {"active": False}))


def of_expiry(profile_id: str, origin: str) -> tuple[Command, ...]:
    """To end a credential now."""
    return _both(f"authzctl expire {profile_id}", call("POST", origin, f"/profiles/{profile_id}/expire"))


def of_deletion(profile_id: str, origin: str) -> tuple[Command, ...]:
    """To delete a profile."""
    return _both(f"authzctl profiles delete {profile_id}", call("DELETE", origin, f"/profiles/{profile_id}"))


def of_auth(profile_id: str, origin: str) -> tuple[Command, ...]:
    """To change how its callers authenticate."""
    body = {"auth": {"type": "token"}, "expires_in_hours": 2160}
    return _both(
        f"authzctl set-auth {profile_id} --auth token --expires-in-hours 2160",
        call("PUT", origin, f"/profiles/{profile_id}/auth", body),
    )


def of_auth_removal(profile_id: str, origin: str) -> tuple[Command, ...]:
    """To ask for no credential any more."""
    return _both(f"authzctl remove-auth {profile_id}", call("DELETE", origin, f"/profiles/{profile_id}/auth"))


def of_try(profile: Shape, method: str, origin: str) -> tuple[Command, ...]:
    """To try a request."""
    ids = {"client_id": profile["client_id"], "profile_id": profile["id"]}
    return _both(
        f"authzctl check --client {ids['client_id']} --profile {ids['profile_id']} -X {shlex.quote(method)}"
        " --ip 192.0.2.1 --assume-credential",
        call("POST", origin, "/check", {**ids, "method": method, "client_ip": "192.0.2.1", "assume_credential": True}),
    )


def _both(authzctl: str, curl: str) -> tuple[Command, ...]:
    return Command("authzctl", authzctl), Command("curl", curl)


def call(method: str, origin: str, path: str, body: Mapping[str, Any] | None = None) -> str:
    """One line of curl for the REST API; the API key is a variable of the shell's."""
    parts = ["curl -sS", *(() if method == "GET" else (f"-X {method}",)), shlex.quote(f"{origin}/api/v1{path}")]
    parts.append('-H "Authorization: Bearer $AUTHZ_API_KEY"')
    if body is not None:
        parts += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(json.dumps(body))}"]
    return " ".join(parts)
