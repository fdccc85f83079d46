"""Clients, profiles, credentials, audit entries, API keys and accounts as people read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import typer

from authzctl.output import Shape, say
from authzctl.plain_text import on_one_line
from authzctl.problems import field_error

NOTHING: Final = "-"
_UNSET: Final[tuple[Any, ...]] = (None, "", [], {}, False)
_SAID_ELSEWHERE: Final = ("type", "expires_at")  # of an auth's fields
_SUBJECTS: Final = ("profile_id", "client_id", "api_key_id", "account_id")  # of an audit entry
_MASKED: Final = "********"
_KINDS: Final = {"token": "token", "jwt": "HMAC secret, which signs the caller's JWTs", "api_key": "API key"}
PENDING: Final = (
    "pending: Redis has not taken this change yet, and calls are still judged by what was in force before; "
    "the server goes on trying"
)


def time(value: Any) -> str:
    """A time to the second; `-` for none."""
    text = str(value or NOTHING)
    head, dot, _ = text.partition(".")
    return f"{head}Z" if dot and text.endswith("Z") else text


def yes_or_no(value: Any) -> str:
    """A boolean."""
    return "yes" if value else "no"


def named(shape: Shape) -> str:
    """`cl_acme "Acme mobile"`; the id alone where the name is not known."""
    return on_one_line(f'{shape["id"]} "{shape["name"]}"' if "name" in shape else str(shape["id"]))


def labels(shape: Shape) -> str:
    """`team=mobile tier=gold`."""
    return " ".join(f"{name}={value}" for name, value in (shape.get("labels") or {}).items()) or NOTHING


def state(profile: Shape) -> str:
    """Whether it lets anybody through, in one word: `disabled`, or the state of its credential."""
    if not profile["active"]:
        return "disabled"
    return str((profile.get("credential_state") or {}).get("state", "none"))


def client_facts(client: Shape) -> Iterator[tuple[str, str]]:
    """A client, line by line."""
    yield "id", client["id"]
    yield "name", client["name"]
    yield "description", client.get("description") or NOTHING
    yield "active", yes_or_no(client["active"])
    yield "labels", labels(client)
    yield from _recorded(client)


def profile_facts(profile: Shape) -> Iterator[tuple[str, str]]:
    """A profile, line by line; of its auth only what is set."""
    yield "id", profile["id"]
    yield "client", profile["client_id"]
    yield "name", profile["name"]
    yield "active", yes_or_no(profile["active"])
    yield "methods", _or_all(profile["allowed_methods"])
    yield "addresses", _or_all(profile["allowed_ips"])
    yield "routes", _or_all(profile["allowed_routes"])
    yield "labels", labels(profile)
    auth = profile["auth"]
    yield "auth", auth["type"]
    for name, value in auth.items():
        if name not in _SAID_ELSEWHERE and value not in (*_UNSET, _MASKED):
            yield f"  {name}", _setting(value)
    yield "credential", _credential_state(profile.get("credential_state") or {})
    yield from _recorded(profile)


def api_key_row(key: Shape) -> tuple[str, ...]:
    """An API key in a list."""
    standing = "revoked" if key.get("revoked_at") else "valid" if key["active"] else "expired"
    return key["id"], key["name"], key["role"], standing, time(key["expires_at"]), time(key["last_used_at"])


def account_row(account: Shape) -> tuple[str, ...]:
    """An account in a list."""
    last = time(account["last_signed_in_at"])
    return account["id"], account["name"], account["role"], yes_or_no(account["active"]), last


def account_facts(account: Shape) -> Iterator[tuple[str, str]]:
    """An account, line by line."""
    yield "id", account["id"]
    yield "name", account["name"]
    yield "role", account["role"]
    yield "active", yes_or_no(account["active"])
    yield "signed in", time(account["last_signed_in_at"])
    yield "created", time(account["created_at"])
    yield "updated", time(account["updated_at"])


def audit_row(entry: Shape) -> tuple[str, ...]:
    """When, who, what, and to which thing."""
    what = next((entry[name] for name in _SUBJECTS if entry.get(name)), NOTHING)
    return time(entry["at"]), entry["actor"]["name"], entry["action"], what


def changes(changed: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """`active: true -> false`, each; of what is new only what is set, and of what is gone only its name."""
    is_new = all(each.get("from") is None for each in changed.values())
    is_gone = "name" in changed and changed["name"].get("to") is None
    for name, each in changed.items():
        before, after = each.get("from"), each.get("to")
        if is_gone:
            if name == "name":
                yield f"{name}: {_json(before)}"
        elif is_new:
            if after not in _UNSET:
                yield f"{name}: {_json(after)}"
        elif before not in _UNSET or after not in _UNSET:
            yield f"{name}: {_or_none(before)} -> {_or_none(after)}"


def credential(answer: Shape, last_words: str) -> None:
    """Print a credential, and what a caller sends with it."""
    issued = answer.get("credential")
    if not issued:
        return
    if "value" not in issued:
        return
    expiry = f"expires {time(issued['expires_at'])}" if issued.get("expires_at") else "never expires"
    typer.echo(f"\nThe {_KINDS.get(issued['type'], 'credential')} ({expiry}):\n\n  {issued['value']}\n")
    headers = issued.get("headers") or {}
    if "X-Profile-ID" in headers:
        typer.echo("A caller sends:\n")
        for name, value in headers.items():
            typer.echo(f"  {on_one_line(name)}: {on_one_line(value)}")
        if issued["type"] == "jwt":
            typer.echo("  Authorization: Bearer <a JWT signed with the secret>")
        typer.echo()
    typer.echo(last_words)


def propagation(answer: Shape) -> None:
    """Say so where a change is not in force yet."""
    if answer.get("propagation") == "pending":
        say(PENDING)


def warnings(answer: Shape) -> None:
    """What the API thinks should be looked at again."""
    for warning in answer.get("warnings") or ():
        say(f"warning: {field_error(warning)}")


def _recorded(shape: Shape) -> Iterator[tuple[str, str]]:
    yield "version", str(shape["version"])
    yield "created", time(shape["created_at"])
    yield "updated", time(shape["updated_at"])


def _or_all(entries: list[str]) -> str:
    return ", ".join(entries) or "all"


def _credential_state(credential: Shape) -> str:
    standing = str(credential.get("state", "none"))
    if standing == "none":
        return NOTHING
    expiry = f"expires {time(credential['expires_at'])}" if credential.get("expires_at") else "never expires"
    if standing == "expired":
        expiry = f"since {time(credential['expires_at'])}"
    return f"{standing}, {expiry}, made {time(credential.get('created_at'))}"


def _setting(value: Any) -> str:
    if isinstance(value, str) and value.startswith("-----BEGIN"):
        return f"PEM, {len(value.splitlines())} lines; -o yaml shows it"
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ", ".join(value)
    if isinstance(value, dict) and "keys" in value:
        return f"{len(value['keys'])} keys; -o yaml shows them"
    return value if isinstance(value, str) else _json(value)


def _or_none(value: Any) -> str:
    return "none" if value is None else _json(value)  # a string "none" has quotes


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
