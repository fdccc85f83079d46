"""Clients and profiles: who calls, and under which contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from authz_server.core.allow_list import AllowList
from authz_server.core.auth import AuthConfig, NoAuth

# RFC 9110 section 5.6.2: a token, here without lower-case letters.
_METHOD: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Z]{1,64}")


class ProfileKey(NamedTuple):
    """The pair of ids that a caller names."""

    client_id: str
    profile_id: str


class Version(NamedTuple):
    """Which state of the records a profile is from. Sequences are compared within one epoch only."""

    epoch: str
    sequence: int


ANYWHERE: Final = AllowList()
NO_AUTH: Final = NoAuth()
UNPUBLISHED: Final = Version("", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An API consumer: an app, a partner, a job."""

    id: str
    name: str
    description: str = ""
    active: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A client's runtime access contract. Empty lists restrict nothing.

    `prepared` is room for an edge to keep what it has already worked out from this profile alone.
    """

    id: str
    client: Client
    name: str
    active: bool = True
    allowed_methods: tuple[str, ...] = ()
    allowed_ips: AllowList = ANYWHERE
    allowed_routes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    auth: AuthConfig = NO_AUTH
    version: Version = UNPUBLISHED
    prepared: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def key(self) -> ProfileKey:
        """The pair of ids."""
        return ProfileKey(self.client.id, self.id)


def is_method(text: str) -> bool:
    """Whether `text` can stand in a profile's list of methods."""
    return _METHOD.fullmatch(text) is not None
