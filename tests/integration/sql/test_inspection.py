"""What `db check` finds."""

import pytest

from authz_server.core.secret import Secret
from authz_server.managing.errors import DatabaseUnavailable
from authz_server.managing.records import Credential
from authz_server.sealing.content import SealMissing
from authz_server.sealing.keys import SecretKeys
from authz_server.sealing.seal import Seal
from authz_server.sql.database import SqlDatabase
from authz_server.sql.inspection import Inspected
from tests.support import statements
from tests.support.databases import SEAL
from tests.support.profiles import hmac_auth, token_auth
from tests.support.records import NOW, a_client_record, a_profile_record

KEPT = Credential(id="cr_1", created_at=NOW, issued=True, token=Secret("azt_kept"))


@pytest.fixture(autouse=True)
def records(database: SqlDatabase) -> None:
    with database.edit() as unit:
        unit.publication.take_sequences(1)
        unit.clients.add(a_client_record())
        plain = [a_profile_record(f"pr_{each:04}") for each in range(1_001)]
        unit.profiles.add([*plain, a_profile_record("pr_hmac", auth=hmac_auth())])
        unit.profiles.add((a_profile_record("pr_token", auth=token_auth(), credential=KEPT),))


def problems(url: str, seal: Seal | None = SEAL) -> tuple[str, ...]:
    database = SqlDatabase(url, seal)
    try:
        return database.inspect().problems
    finally:
        database.close()


def test_a_database_as_it_should_be(database: SqlDatabase) -> None:
    assert database.inspect() == Inspected(clients=1, profiles=1_003, problems=())


def test_secrets_that_no_key_opens(url: str) -> None:
    other = Seal.of_documents(SecretKeys((b"o" * 32,)))
    why = "does not open: it was sealed for another profile or under another key, or was altered"
    assert problems(url, other) == (
        f"profile pr_hmac holds a sealed secret that {why}",
        f"profile pr_token holds a sealed token that {why}",
    )
    assert problems(url, None) == (
        "profile pr_hmac holds a sealed secret, and there is no key to open it",
        "profile pr_token holds a sealed token, and there is no key to open it",
    )


def test_secrets_that_were_moved(url: str) -> None:
    statements.run(url, "UPDATE profiles SET credential_id = 'cr_2' WHERE id = 'pr_token'")
    assert problems(url) == ("profile pr_token holds the sealed token of another credential",)


def test_a_row_that_cannot_be_read_stops_its_readers_and_no_others(url: str, database: SqlDatabase) -> None:
    statements.run(url, "UPDATE profiles SET auth = '{}' WHERE id = 'pr_0003'")
    statements.run(url, """UPDATE profiles SET allowed_ips = '["nowhere"]' WHERE id = 'pr_1000'""")
    first, second = problems(url)
    assert first.startswith("profile pr_0003 is not of this schema")
    assert second.startswith("profile pr_1000 is not an IPv4")
    with database.read() as unit:
        assert unit.profiles.get("pr_0004") is not None
        with pytest.raises(DatabaseUnavailable, match="pr_0003"):
            unit.profiles.get("pr_0003")


def test_a_guard_that_is_gone(url: str) -> None:
    of_table = "" if url.startswith("sqlite") else " ON audit"
    statements.run(url, f"DROP TRIGGER audit_refuses_update{of_table}")
    assert problems(url) == ("trigger audit_refuses_update is gone or disabled: the audit trail can be changed",)


def test_sequences_that_were_never_given_out(url: str) -> None:
    statements.run(url, "UPDATE profiles SET sequence = 9 WHERE id = 'pr_0001'")
    statements.run(url, "UPDATE clients SET version = 8")
    assert problems(url) == (
        "clients has sequence 8, and only 1 were given out",
        "profiles has sequence 9, and only 1 were given out",
    )
    statements.run(url, "DELETE FROM publication")
    assert problems(url) == ("the row of publication is gone",)


def test_a_secret_is_not_kept_without_a_key(url: str) -> None:
    database = SqlDatabase(url, None)
    for record in (
        a_profile_record("pr_x", auth=hmac_auth()),
        a_profile_record("pr_x", auth=token_auth(), credential=KEPT),
    ):
        with pytest.raises(SealMissing, match="AUTHZ_SECRET_KEYS"), database.edit() as unit:
            unit.profiles.add((record,))
    database.close()
