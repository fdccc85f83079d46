"""What every database of records does with accounts and their sessions."""

from dataclasses import replace

import pytest

from authz_server.managing.errors import NameTaken
from authz_server.managing.ports import Database
from authz_server.managing.records import Page, Role
from tests.support.records import NOW, a_session, an_account


def put(database: Database, *names: str) -> None:
    with database.edit() as unit:
        for name in names:
            unit.accounts.add(an_account(f"ac_{name}", name=name))


def test_an_account_is_found_by_its_id_and_its_name(database: Database) -> None:
    account = an_account("ac_1", name="Ünï <b>'\"🙂", password="$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA")
    with database.edit() as unit:
        unit.accounts.add(account)
        unit.accounts.add(an_account("ac_2", created_at=NOW + 1, last_signed_in_at=NOW + 0.125))
        assert unit.accounts.lock("ac_1") == account
        assert unit.accounts.lock("ac_9") is unit.accounts.lock("\0") is None
    with database.read() as unit:
        assert unit.accounts.get("ac_1") == unit.accounts.by_name(account.name) == account
        assert unit.accounts.get("AC_1") is unit.accounts.by_name(account.name.upper()) is None
        assert unit.accounts.get("\0") is unit.accounts.by_name("\ud800") is None
        assert [each.id for each in unit.accounts.page(after=None, limit=5).items] == ["ac_2", "ac_1"]
        first = unit.accounts.page(after=None, limit=1)
        assert unit.accounts.page(after=first.next, limit=1) == Page((account,))
    assert "argon2id" not in repr(account)


def test_names_of_accounts_are_unique_and_compared_exactly(database: Database) -> None:
    put(database, "ada", "Ada")
    with pytest.raises(NameTaken), database.edit() as unit:
        unit.accounts.add(an_account("ac_3", name="ada"))
    with pytest.raises(NameTaken), database.edit() as unit:
        unit.accounts.save(an_account("ac_Ada", name="ada"))


def test_an_account_is_replaced_and_deleted(database: Database) -> None:
    put(database, "ada", "bob")
    changed = an_account("ac_ada", name="ada", role=Role.VIEWER, active=False, password="other", updated_at=NOW + 1)
    with database.edit() as unit:
        unit.accounts.save(changed)
        unit.accounts.delete("ac_bob")
    with database.read() as unit:
        assert unit.accounts.get("ac_ada") == changed
        assert unit.accounts.get("ac_bob") is None


def test_admins_are_those_that_are_active(database: Database) -> None:
    with database.edit() as unit:
        assert unit.accounts.count_admins() == 0
        unit.accounts.add(an_account("ac_1"))
        unit.accounts.add(an_account("ac_2"))
        unit.accounts.add(an_account("ac_3", active=False))
        unit.accounts.add(an_account("ac_4", role=Role.OPERATOR))
        assert unit.accounts.count_admins() == 2


def test_a_session_is_found_by_its_digest_until_it_is_removed(database: Database) -> None:
    put(database, "ada")
    session = a_session(bytes(range(32)), "ac_ada", last_seen_at=NOW + 0.5)
    with database.edit() as unit:
        unit.sessions.add(session)
        unit.sessions.add(a_session(b"x" * 32, "ac_ada"))
    with database.edit() as unit:
        assert unit.sessions.get(session.digest) == session
        unit.sessions.delete(session.digest)
        unit.sessions.delete(session.digest)
        assert unit.sessions.get(session.digest) is None
        assert unit.sessions.get(b"x" * 32) is not None
    assert "x01" not in repr(session)


def test_noting_that_a_session_was_seen_brings_none_back(database: Database) -> None:
    put(database, "ada")
    session = a_session(account_id="ac_ada")
    with database.edit() as unit:
        unit.sessions.add(session)
        unit.sessions.note_seen(session.digest, NOW + 2)
        assert unit.sessions.get(session.digest) == replace(session, last_seen_at=NOW + 2)
        unit.sessions.delete(session.digest)
        unit.sessions.note_seen(session.digest, NOW + 3)
        assert unit.sessions.get(session.digest) is None


def test_all_sessions_of_one_account_are_removed(database: Database) -> None:
    put(database, "ada", "bob")
    with database.edit() as unit:
        for number, owner in enumerate(("ac_ada", "ac_bob", "ac_ada")):
            unit.sessions.add(a_session(bytes([number]) * 32, owner))
        unit.sessions.delete_of("ac_ada")
        assert [unit.sessions.get(bytes([number]) * 32) is not None for number in range(3)] == [False, True, False]


def test_sessions_that_are_over_are_pruned_some_at_a_time(database: Database) -> None:
    put(database, "ada")
    begun_and_seen = ((10, 10), (1, 10), (5, 5), (10, 10), (4, 4))  # seconds after NOW
    with database.edit() as unit:
        for number, (begun, seen) in enumerate(begun_and_seen):
            times = {"created_at": NOW + begun, "last_seen_at": NOW + seen}
            unit.sessions.add(a_session(bytes([number]) * 32, "ac_ada", **times))
    with database.edit() as unit:
        pruned = [unit.sessions.prune(created_before=NOW + 3, seen_before=NOW + 7, limit=2) for _ in range(3)]
        assert pruned == [2, 1, 0]
        left = [number for number in range(5) if unit.sessions.get(bytes([number]) * 32) is not None]
        assert left == [0, 3]
