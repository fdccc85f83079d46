"""The control plane in memory: a service, a relay, a clock that stands still until it is told, and shorthands."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

from authz_server.managing.commands import CreateClient, CreateProfile, Idempotency
from authz_server.managing.records import Edited
from authz_server.managing.relay import Relay
from authz_server.managing.service import Service
from authz_server.sealing.keys import SecretKeys
from authz_server.sealing.seal import Seal
from tests.support.memory_database import MemoryDatabase
from tests.support.memory_publisher import MemoryPublisher
from tests.support.passwords import PASSWORDS
from tests.support.records import AN_ACTOR, NOW, a_profile_record

SEAL = Seal.of_documents(SecretKeys((b"k" * 32,)))


class Clock:
    """It moves only when it is told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Told:
    """A RelayObserver that remembers."""

    events: list[tuple[str, Any]] = field(default_factory=list)

    def republishing(self, why: str) -> None:
        self.events.append(("republishing", why))

    def progress(self, published: int) -> None:
        self.events.append(("progress", published))

    def republished(self, profiles: int) -> None:
        self.events.append(("republished", profiles))

    def published(self, changes: int) -> None:
        self.events.append(("published", changes))

    def failed(self, sentence: str, retry_seconds: float) -> None:
        self.events.append(("failed", (sentence, retry_seconds)))

    def all(self, kind: str) -> list[Any]:
        """What was told of one kind."""
        return [what for each, what in self.events if each == kind]


class ControlPlane:
    """One process's control plane; several share a database and what Redis keeps."""

    def __init__(
        self,
        *,
        database: MemoryDatabase | None = None,
        publisher: MemoryPublisher | None = None,
        seal: Seal | None = SEAL,
        reveal: bool = False,
        seed: int = 1,
        clock: Clock | None = None,
        audit_kept_seconds: float | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.database = database or MemoryDatabase()
        self.publisher = publisher or MemoryPublisher()
        self.told = Told()
        random_below = random.Random(seed).randrange
        self.service = Service(
            self.database,
            clock=self.clock,
            random_below=random_below,
            passwords=PASSWORDS,
            seal=seal,
            reveal=reveal,
        )
        self.turn = threading.Lock()
        self.relay = Relay(
            self.database,
            self.publisher,
            self.told,
            clock=self.clock,
            random_below=random_below,
            turn=self.turn,
            audit_kept_seconds=audit_kept_seconds,
        )

    def client(self, client_id: str = "cl_acme", idempotency: Idempotency | None = None, **fields: Any) -> Edited:
        """A new client."""
        wanted = {"id": client_id, "name": f"name of {client_id}", **fields}
        return self.service.clients.create(CreateClient(actor=AN_ACTOR, fields=wanted, idempotency=idempotency))

    def profile(self, profile_id: str = "pr_1", client_id: str = "cl_acme", **fields: Any) -> Edited:
        """A new profile; with a token unless `auth` is given."""
        wanted = {"id": profile_id, "name": f"name of {profile_id}", "auth": {"type": "token"}, **fields}
        return self.service.profiles.create(CreateProfile(actor=AN_ACTOR, client_id=client_id, fields=wanted))

    def profiles(self, count: int, client_id: str = "cl_acme") -> None:
        """So many profiles without a credential, whose events were published long ago."""
        with self.database.edit() as unit:
            sequences = unit.publication.take_sequences(count)
            unit.profiles.add([a_profile_record(f"{client_id}_{each}", client_id, version=each) for each in sequences])
