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


def call(method: str, origin: str, path: str, body: Mapping[str, Any] | None = None) -> str:
    """One line of curl for the REST API; the API key is a variable of the shell's."""
    parts = ["curl -sS", *(() if method == "GET" else (f"-X {method}",)), shlex.quote(f"{origin}/api/v1{path}")]
    parts.append('-H "Authorization: Bearer $AUTHZ_API_KEY"')
    if body is not None:
        parts += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(json.dumps(body))}"]
    return " ".join(parts)
