"""Where the API is, and by which key: from the environment, or as `authzctl login` keeps it."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import typer

from authzctl.failures import Misused

DEFAULT_URL: Final = "http://127.0.0.1:8080"
_HOST: Final = re.compile(r"[0-9A-Za-z._:%-]+").fullmatch  # other scripts are written in Punycode
_OTHERS: Final = 0o077  # the permissions of everybody but the owner
_WORDS: Final = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False, "": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """An API and the key for it. `ca` is the file (PEM) that its certificate is checked against."""

    url: str
    api_key: str = field(repr=False)
    ca: str | None = None
    allow_http: bool = False


def file() -> Path:
    """Where the login is kept: the platform's usual folder."""
    return Path(typer.get_app_dir("authzctl")) / "login.json"


def save(login: Login) -> Path:
    """Keep it for the next commands, readable by its owner alone from the first byte on."""
    path = file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # its mode is 600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as text:
            json.dump(asdict(login), text, indent=2)
            text.write("\n")
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    return path


def forget() -> bool:
    """Remove what is kept; whether there was anything."""
    try:
        file().unlink()
    except FileNotFoundError:
        return False
    return True


def kept() -> Login | None:
    """What `login` has kept. Raises `Misused` where it cannot be read, or others can read it."""
    path = file()
    try:
        with path.open(encoding="utf-8") as text:
            if os.name == "posix" and os.fstat(text.fileno()).st_mode & _OTHERS:
                raise Misused(
                    f"{path} holds a key, and others can read it", advice=f"Make it yours alone: chmod 600 '{path}'"
                )
            return Login(**json.load(text))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        raise Misused(f"{path} cannot be read", advice="Run `authzctl login` again.") from None


def chosen(environment: Mapping[str, str], *, url: str | None = None, ca: str | None = None) -> Login:
    """What holds for this command: options first, then the environment, then what is kept.

    A kept key goes to the URL that it was kept for, and to no other.
    """
    before = kept()
    url = url or environment.get("AUTHZCTL_URL") or (before.url if before else DEFAULT_URL)
    url = checked_url(url)
    is_kept = before is not None and before.url == url
    key = environment.get("AUTHZCTL_API_KEY") or (before.api_key if before and is_kept else "")
    if not key:
        raise Misused(f"there is no key for {url}", advice=f"Run `authzctl login {url}`, or set AUTHZCTL_API_KEY.")
    login = Login(url=url, api_key=checked_key(key), ca=before.ca if before and is_kept else None)
    login = replace(
        login,
        ca=ca or environment.get("AUTHZCTL_CA") or login.ca,
        allow_http=_is_on(environment, "AUTHZCTL_ALLOW_HTTP") or bool(before and is_kept and before.allow_http),
    )
    check_safe(login)
    return login


def checked_url(url: str) -> str:
    """The URL without what it need not have. Raises `Misused` where it is no URL of an API."""
    url = url.strip().rstrip("/").removesuffix("/api/v1")
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(_HOST(parts.hostname or "")) and parts.port != 0
    except ValueError:
        valid = False
        parts = urlsplit("")
    if not valid or parts.query or parts.fragment:
        raise Misused("the URL is none that an API can have", advice="Such as https://authz.example.com is expected.")
    if parts.username is not None:
        raise Misused("the URL holds a user name", advice="The key goes into the prompt, or into AUTHZCTL_API_KEY.")
    return url


def checked_key(key: str) -> str:
    """The key without white space around it. Raises `Misused` where it cannot be sent."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise Misused("what was given is no key", advice="A key looks like aza_..., in one line.")
    return key


def check_safe(login: Login) -> None:
    """Raises `Misused` where the key would go over a network that anybody may listen to."""
    parts = urlsplit(login.url)
    if parts.scheme == "https" or login.allow_http or _is_loopback(parts.hostname or ""):
        return
    raise Misused(
        f"{login.url} is not https, and the key would go there in the clear",
        advice="Use https; or, where the network itself is encrypted, --allow-http or AUTHZCTL_ALLOW_HTTP=on.",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_on(environment: Mapping[str, str], name: str) -> bool:
    value: Any = environment.get(name, "")
    if value not in _WORDS:
        raise Misused(f"{name} is neither on nor off")
    return _WORDS[value]
