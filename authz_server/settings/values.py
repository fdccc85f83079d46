"""From the text of an environment variable to a value. Each parser raises ValueError with what is accepted."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from authz_server.core.secret import REDACTED, Secret

T = TypeVar("T")
Parser = Callable[[str], T]

UNIX: Final = "unix:"
WORKER: Final = "{worker}"
LARGEST_PORT: Final = 65_535
SOCKET_PATH_BYTES: Final = 107  # sun_path on Linux, less its final NUL

_HOST_AND_PORT: Final = re.compile(r"(?:\[([^\[\]]+)\]|([^\[\]:/\s]+)):([0-9]{1,5})")
_PREFIX: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_REALM: Final = re.compile(r"[\x20-\x7e]{1,128}")
_SWITCH: Final = {"on": True, "true": True, "off": False, "false": False}
_PASSWORD_IN_QUERY: Final = re.compile(r"((?:^|&)password=)[^&]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where a server listens: `host:port`, `[v6]:port` or `unix:/path`. `{worker}` stands for a worker's number."""

    text: str

    @classmethod
    def parse(cls, text: str) -> ListenAddress:
        """Raises ValueError where `text` is no address."""
        if not _is_address(text.replace(WORKER, "0")):
            raise ValueError(
                "accepted: host:port such as 127.0.0.1:9191 or [::1]:9191,"
                f" or unix:/path of at most {SOCKET_PATH_BYTES} bytes"
            )
        return cls(text.replace("unix://", UNIX, 1) if text.startswith("unix://") else text)

    def for_worker(self, number: int) -> ListenAddress:
        """The address of one worker process, counted from 0."""
        return ListenAddress(self.text.replace(WORKER, str(number)))

    @property
    def per_worker(self) -> bool:
        """Whether every worker has an address of its own."""
        return WORKER in self.text

    @property
    def path(self) -> str | None:
        """The path of a Unix socket; None for TCP."""
        return self.text.removeprefix(UNIX) if self.text.startswith(UNIX) else None

    @property
    def host(self) -> str:
        """The TCP host, without brackets."""
        return self._host_and_port()[0]

    @property
    def port(self) -> int:
        """The TCP port; 0 lets the system choose."""
        return self._host_and_port()[1]

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it: a Unix socket or a loopback address."""
        return self.path is not None or is_loopback(self.for_worker(0).host)

    def __str__(self) -> str:
        return self.text

    def _host_and_port(self) -> tuple[str, int]:
        found = _HOST_AND_PORT.fullmatch(self.text)
        if found is None:
            raise ValueError(f"{self.text} is no TCP address")
        return found[1] or found[2], int(found[3])


def _is_address(text: str) -> bool:
    if text.startswith(UNIX):
        path = text.removeprefix(UNIX).removeprefix("//")
        return path.startswith("/") and "\0" not in path and len(path.encode()) <= SOCKET_PATH_BYTES
    found = _HOST_AND_PORT.fullmatch(text)
    return found is not None and int(found[3]) <= LARGEST_PORT and bool(found[2] or _is_v6(found[1]))


def _is_v6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def tcp_address(text: str) -> ListenAddress:
    """A ListenAddress that is no Unix socket."""
    address = ListenAddress.parse(text)
    if address.path is not None:
        raise ValueError("accepted: host:port such as 127.0.0.1:9192 or [::1]:9192")
    return address


def network(text: str) -> str:
    """A network such as 10.0.0.0/8, or one address."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError("accepted: networks such as 10.0.0.0/8 or fd00::/8, and addresses, by commas") from None


def is_loopback(host: str) -> bool:
    """Whether `host` can only be this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def optional(parser: Parser[T]) -> Parser[T | None]:
    """Empty text is None."""
    return lambda text: parser(text) if text else None


def listed(parser: Parser[T]) -> Parser[tuple[T, ...]]:
    """Comma-separated; empty text is the empty list."""
    return lambda text: tuple(parser(part.strip()) for part in text.split(",")) if text else ()


def one_of(*choices: str) -> Parser[str]:
    """One of a few words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"accepted: one of {', '.join(choices)}")
        return text

    return parse


def switch(text: str) -> bool:
    """`on` or `off`; YAML turns these words into `true` and `false`, which are accepted too."""
    try:
        return _SWITCH[text.lower()]
    except KeyError:
        raise ValueError("accepted: on or off") from None


def integer(lowest: int, highest: int) -> Parser[int]:
    """A decimal integer within bounds, both included."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", text) or not lowest <= int(text) <= highest:
            raise ValueError(f"accepted: an integer from {lowest} to {highest}")
        return int(text)

    return parse


def seconds(lowest: float, highest: float) -> Parser[float]:
    """A number of seconds within bounds, both included."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not lowest <= value <= highest:
            raise ValueError(f"accepted: a number of seconds from {lowest:g} to {highest:g}")
        return value

    return parse


def path(text: str) -> Path:
    """A path; whether it can be read shows where it is used."""
    if "\0" in text:
        raise ValueError("accepted: a path")
    return Path(text)


def prefix(text: str) -> str:
    """What every key in Redis begins with."""
    if not _PREFIX.fullmatch(text):
        raise ValueError("accepted: 1 to 64 letters, digits, dots, underscores or hyphens")
    return text


def realm(text: str) -> str:
    """The realm of `WWW-Authenticate`, written between quotes (RFC 9110 section 11.5)."""
    if not _REALM.fullmatch(text) or '"' in text or "\\" in text:
        raise ValueError("accepted: 1 to 128 printable ASCII characters without quotes and backslashes")
    return text


def keys(text: str) -> Secret:
    """Comma-separated keys, checked but kept as text: text redacts itself, and who needs the keys parses them."""
    from authz_server.sealing.keys import SecretKeys  # noqa: PLC0415 - it loads a cryptographic library

    SecretKeys.parse(text)
    return Secret(text)


def redis_url(text: str) -> Secret:
    """Where Redis is. A secret as a whole, since its password has no fixed place."""
    hosts = redis_hosts(text)
    if hosts is None or not all(hosts):
        raise ValueError("accepted: redis://host:port/database, rediss://host:port/database or unix:///path")
    return Secret(text)


def redis_hosts(text: str) -> tuple[str, ...] | None:
    """The hosts of a Redis URL: with Sentinel several, for a Unix socket none. None where it is no URL."""
    try:
        split = urlsplit(text)
        if split.scheme == "unix":
            return () if split.path.startswith("/") else None
        addresses = split.netloc.rpartition("@")[2].split(",")
        parts = [urlsplit(f"//{address}") for address in addresses]
        usable = split.scheme in ("redis", "rediss") and all(part.port != 0 for part in parts)
    except ValueError:  # a port that is none, an open bracket
        return None
    return tuple(part.hostname or "" for part in parts) if usable else None


def is_local_redis(url: Secret) -> bool:
    """Whether only this machine can reach that Redis."""
    hosts = redis_hosts(url.reveal())
    return hosts is not None and all(map(is_loopback, hosts))


def masked_url(url: Secret) -> str:
    """A Redis URL for people: the password is masked, wherever it stands."""
    split = urlsplit(url.reveal())
    credentials, at, hosts = split.netloc.rpartition("@")
    user, colon, _ = credentials.partition(":")
    masked = f"{user}:{REDACTED}" if colon else REDACTED  # a lone word may be a password in the wrong place
    query = _PASSWORD_IN_QUERY.sub(rf"\g<1>{REDACTED}", split.query)
    netloc = f"{masked}@{hosts}" if at else hosts
    return f"{split.scheme}://{netloc}{split.path}{'?' if query else ''}{query}"
