"""Everything from the records to Redis under a new epoch: how long it takes, and at which rate.

    python -m benchmarks.republish [PROFILES]

SQLite in a temporary folder, a real Valkey on this machine, records signed, one profile in ten with a sealed HMAC
secret and the others with a token's digest.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from authz_server.cli.republish import RepublishProgress
from authz_server.compose.records import publisher, records, relay, verify_secrets
from authz_server.core.profile import Version
from authz_server.core.token import Prefix, issue
from authz_server.managing.outbox import CHANGES_AT_ONCE
from authz_server.managing.records import ProfileRecord
from authz_server.sealing.keys import KEY_BYTES, as_text
from authz_server.settings import Settings, load
from authz_server.sql.database import SqlDatabase
from tests.support.profiles import a_client, a_profile, hmac_auth, token_auth
from tests.support.records import a_client_record, a_profile_record
from tests.support.redis_records import valkey

PROFILES: Final = 100_000
PROFILES_OF_A_CLIENT: Final = 100
TIMES: Final = 3


def main(profiles: int) -> None:
    """Fill a database, republish it a few times, print the figures."""
    with tempfile.TemporaryDirectory() as name, valkey(Path(name) / "valkey") as address:
        settings = load(
            {
                "AUTHZ_DATABASE_URL": f"sqlite:///{name}/authz.db",
                "AUTHZ_REDIS_URL": address.url,
                "AUTHZ_SECRET_KEYS": as_text(b"k" * KEY_BYTES),
            }
        )
        with records(settings) as opened:
            began = time.perf_counter()
            fill(opened.database, profiles)
            told("rows written", profiles, time.perf_counter() - began)
            began = time.perf_counter()
            verify_secrets(opened.database)
            told("rows read, secrets opened", profiles, time.perf_counter() - began)
            for seconds in republished(settings, opened.database, profiles):
                told("republished", profiles, seconds)


def fill(database: SqlDatabase, profiles: int) -> None:
    """Write that many profiles, a hundred of each client."""
    for first in range(0, profiles, CHANGES_AT_ONCE):
        batch = [record(number) for number in range(first, min(first + CHANGES_AT_ONCE, profiles))]
        with database.edit() as unit:
            for each in dict.fromkeys(each.profile.client.id for each in batch):
                unit.clients.add(a_client_record(each, name=each))
            unit.profiles.add(batch)
            assert unit.publication.take_sequences(len(batch))[-1] == batch[-1].version


def record(number: int) -> ProfileRecord:
    """One profile."""
    made = a_profile(
        profile_id(number),
        client=a_client(client_id(number)),
        name=f"profile {number}",
        version=Version("", number + 1),
        auth=token_auth(token(number)) if has_token(number) else hmac_auth(),
        allowed_methods=("GET", "POST"),
    )
    return ProfileRecord(profile=made, created_at=0.0, updated_at=0.0, credential=a_profile_record().credential)


def client_id(number: int) -> str:
    """The client of that profile."""
    return f"cl_{number // PROFILES_OF_A_CLIENT:06}"


def profile_id(number: int) -> str:
    """The id of that profile."""
    return f"pr_{number:08}"


def has_token(number: int) -> bool:
    """Whether that profile is one of the nine in ten with a token."""
    return number % 10 != 0


def token(number: int) -> str:
    """The token of that profile."""
    return issue(Prefix.TOKEN, lambda _below: number)


def republished(settings: Settings, database: SqlDatabase, profiles: int) -> list[float]:
    """How long each republish took, in seconds."""
    taken = []
    with publisher(settings, database, timeout=30.0) as to, RepublishProgress() as progress:
        relaying = relay(settings, database, to, progress)
        for _ in range(TIMES):
            began = time.perf_counter()
            assert relaying.republish("the benchmark") == profiles
            taken.append(time.perf_counter() - began)
    return taken


def told(what: str, profiles: int, seconds: float) -> None:
    """One line."""
    print(f"{what:<28}{profiles:>9} profiles{seconds:>9.2f} s{profiles / seconds:>10.0f}/s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PROFILES)
