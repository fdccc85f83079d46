"""Transactions beside one another, in one process and in several, and what is left when one is killed."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from authz_server.managing.ports import AuditFilter, ProfileFilter
from authz_server.managing.records import Page, Position
from authz_server.sql.database import SqlDatabase
from tests.integration.sql import beside
from tests.integration.sql.conftest import Open
from tests.support.records import a_client_record, a_profile_record, at_version

ROOT = Path(__file__).parents[3]


@contextmanager
def process(url: str, what: Callable[[SqlDatabase], None]) -> Iterator[subprocess.Popen[str]]:
    """A second process at work on the database, killed at the end."""
    command = [sys.executable, "-m", beside.__name__, url, what.__name__]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def in_a_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_the_edits_of_two_processes_and_several_threads_follow_one_another(url: str, database: SqlDatabase) -> None:
    with process(url, beside.edit_often) as one, process(url, beside.edit_often) as other:
        threads = [in_a_thread(lambda: beside.edit_often(database)) for _ in range(3)]
        for thread in threads:
            thread.join()
        assert (one.wait(60), other.wait(60)) == (0, 0)
    every = range(1, 5 * beside.EDITS + 1)
    with database.read() as unit:
        assert unit.publication.get().sequence == every[-1]
        assert [event.sequence for event in unit.outbox.pending(1_000)] == list(every)
        recorded = [int(entry.client_id or 0) for entry in unit.audit.page(AuditFilter(), before=None, limit=1_000)]
    assert sorted(recorded) == list(every)


def test_a_process_that_is_killed_midway_leaves_nothing(url: str, database: SqlDatabase) -> None:
    with process(url, beside.stop_midway) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "midway\n"
        killed.kill()
        killed.wait()
    with database.edit() as unit:
        assert unit.clients.lock("cl_acme") is None
        assert unit.profiles.batch("", 10) == ()
        assert unit.publication.get().sequence == 0
        assert unit.audit.page(AuditFilter(), before=None, limit=1) == ()
        unit.clients.add(a_client_record(version=unit.publication.take_sequences(1)[0]))
    assert database.inspect().problems == ()


def test_what_was_committed_survives_the_process(url: str, database: SqlDatabase) -> None:
    with process(url, beside.commit_and_stop) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "committed\n"
        killed.kill()
        killed.wait()
    with database.read() as unit:
        assert unit.clients.get("cl_acme") == a_client_record()
        assert unit.publication.get().sequence == 7


def test_readers_see_one_moment_and_wait_for_nobody(database: SqlDatabase) -> None:
    with database.read() as reader:
        assert reader.publication.get().sequence == 0
        with database.edit() as unit:
            unit.clients.add(a_client_record())
            unit.publication.take_sequences(3)
            assert reader.clients.get("cl_acme") is None
        assert reader.publication.get().sequence == 0
        assert reader.clients.get("cl_acme") is None
        assert reader.clients.lock("cl_acme") is None
    with database.read() as reader:
        assert reader.publication.get().sequence == 3


def test_an_edit_of_a_profile_waits_for_the_edit_of_its_client_and_sees_it(database: SqlDatabase, opened: Open) -> None:
    with database.edit() as unit:
        unit.clients.add(a_client_record())
        unit.profiles.add((a_profile_record(),))
        unit.publication.take_sequences(1)
    seen = []

    def edit_profile() -> None:
        with database.edit() as unit:
            record = unit.profiles.lock("pr_1")
            assert record is not None
            seen.append((record.version, record.profile.client.active))

    with database.edit() as unit:
        unit.clients.lock("cl_acme")
        (record,) = unit.profiles.lock_of_client("cl_acme")
        waiting = in_a_thread(edit_profile)
        unit.clients.save(a_client_record(active=False, version=2))
        unit.profiles.save((at_version(record, 3),))
        waiting.join(0.3)
        assert waiting.is_alive()
    waiting.join()
    assert seen == [(3, False)]


def test_a_new_profile_waits_for_the_edit_of_its_client(database: SqlDatabase) -> None:
    with database.edit() as unit:
        unit.clients.add(a_client_record())

    def add_profile() -> None:
        with database.edit() as unit:
            unit.profiles.add((a_profile_record(),))

    with database.edit() as unit:
        unit.clients.lock("cl_acme")
        waiting = in_a_thread(add_profile)
        waiting.join(0.3)
        assert waiting.is_alive()
        assert unit.profiles.lock_of_client("cl_acme") == ()
    waiting.join()
    with database.read() as unit:
        assert unit.profiles.count_of_client("cl_acme") == 1


def test_a_key_waits_for_the_edit_that_has_taken_it(database: SqlDatabase) -> None:
    remembered = []

    def take() -> None:
        with database.edit() as unit:
            remembered.append(unit.idempotency.take("ak_1", "key", b"request", 2.0))

    with database.edit() as unit:
        assert unit.idempotency.take("ak_1", "key", b"request", 1.0) is None
        waiting = in_a_thread(take)
        waiting.join(0.3)
        assert waiting.is_alive()
        unit.idempotency.remember("ak_1", "key", {"n": 1})
    waiting.join()
    assert remembered == [(b"request", {"n": 1})]


def test_profiles_may_swap_their_names(database: SqlDatabase) -> None:
    with database.edit() as unit:
        unit.clients.add(a_client_record())
        unit.profiles.add([a_profile_record("pr_1", name="a"), a_profile_record("pr_2", name="b")])
    with database.edit() as unit:
        unit.profiles.save([a_profile_record("pr_1", name="b"), a_profile_record("pr_2", name="a")])
        assert [each.profile.name for each in unit.profiles.batch("", 2)] == ["b", "a"]


@pytest.mark.parametrize("text", ["nul\0", "half \ud800", "\udfff"])
def test_text_that_no_database_holds_is_not_there(database: SqlDatabase, text: str) -> None:

    with database.edit() as unit:
        unit.clients.add(a_client_record())
        assert unit.clients.get(text) is unit.clients.lock(text) is None
        assert unit.profiles.get(text) is unit.profiles.lock(text) is None
        assert unit.profiles.lock_of_client(text) == ()
        assert unit.api_keys.get(text) is unit.api_keys.lock(text) is None
        assert unit.clients.page(q=text, after=None, limit=9) == Page(())
        assert unit.clients.page(q=None, after=Position(1.0, text), limit=9) == Page(())
        assert unit.profiles.page(ProfileFilter(client_id=text), after=None, limit=9) == Page(())
        assert unit.audit.page(AuditFilter(actor_id=text), before=None, limit=9) == ()
        assert unit.audit.page(AuditFilter(), before=10**30, limit=9) == ()
