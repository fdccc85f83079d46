"""The API over fakes, or over any database, and clients for it that need no socket."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from fastapi import FastAPI

from authz_server.core.allow_list import AllowList
from authz_server.managing.commands import CreateApiKey
from authz_server.managing.ports import Database, RandomBelow, SecretSeal
from authz_server.managing.records import COMMAND_LINE, Actor, Role
from authz_server.managing.relay import Propagation, Relay
from authz_server.managing.service import Service
from authz_server.sealing.keys import SecretKeys, as_text
from authz_server.sealing.seal import Seal
from authz_server.web.app import Attempts, application
from tests.support.memory_database import MemoryDatabase
from tests.support.memory_publisher import MemoryPublisher
from tests.support.passwords import PASSWORDS

API: Final = "http://manage.test/api/v1"


@dataclass
class RecordedRequests:
    """What the API has told."""

    answers: list[tuple[str, str, int, str | None, str]] = field(default_factory=list)
    faults: list[tuple[str, BaseException | None]] = field(default_factory=list)

    def answered(
        self, *, method: str, path: str, status: int, duration_s: float, actor: Actor | None, peer: str
    ) -> None:
        assert duration_s >= 0
        self.answers.append((method, path, status, None if actor is None else actor.name, peer))

    def fault(self, kind: str, error: BaseException | None) -> None:
        self.faults.append((kind, error))


class _SilentRelay:
    """A relay's observer that nobody listens to."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


class Api:
    """The application with its parts in reach, and a client for each role."""

    def __init__(
        self,
        database: Database | None = None,
        *,
        seal: SecretSeal | None = None,
        reveal: bool = False,
        attempts: Attempts = Attempts(),  # noqa: B008 - it is frozen
        trusted_proxies: AllowList = AllowList(),  # noqa: B008 - it is frozen
        propagation_seconds: float = 1.0,
        clock: Callable[[], float] = time.time,
        random_below: RandomBelow = secrets.randbelow,
        deliver: Callable[[int | None], Propagation] | None = None,
    ) -> None:
        self.database: Any = database or MemoryDatabase()
        self.publisher = MemoryPublisher()
        self.recorded = RecordedRequests()
        self.now = 1_000.0
        self.service = Service(
            self.database, clock=clock, random_below=random_below, passwords=PASSWORDS, seal=seal, reveal=reveal
        )
        self.relay = Relay(
            self.database,
            self.publisher,
            _SilentRelay(),
            clock=clock,
            random_below=random_below,
            turn=threading.Lock(),
        )
        self.relay.round()
        if deliver is not None:
            self.relay.deliver = deliver  # type: ignore[method-assign, assignment]  # what the test wants
        self.app: FastAPI = application(
            self.service,
            self.relay,
            self.recorded,
            database=self.database,
            clock=clock,
            realm="authz",
            attempts=attempts,
            trusted_proxies=trusted_proxies,
            propagation_seconds=propagation_seconds,
            monotonic=lambda: self.now,
            request_ids=lambda: "made-here",
        )
        self.keys = {role: self.new_key(role) for role in Role}

    def new_key(self, role: Role, **fields: Any) -> str:
        """An API key of that role, of which the name is the role's."""
        given = {"name": role.value, "role": role.value, **fields}
        credential = self.service.api_keys.create(CreateApiKey(actor=COMMAND_LINE, fields=given)).credential
        assert credential is not None
        assert credential.value is not None
        return credential.value.reveal()

    def client(self, key: Role | str | None = Role.ADMIN, peer: str = "192.0.2.1") -> httpx.AsyncClient:
        """A client that sends this key, or none."""
        secret = self.keys[key] if isinstance(key, Role) else key
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        transport = httpx.ASGITransport(self.app, client=(peer, 40_000))
        return httpx.AsyncClient(transport=transport, base_url=API, headers=headers)


def a_seal() -> Seal:
    """A seal, under a key of the tests'."""
    return Seal.of_documents(SecretKeys.parse(as_text(bytes(32))))
