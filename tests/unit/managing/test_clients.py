"""Edits of clients."""

import re
from typing import Any

import pytest

from authz_server.documents.errors import Code, write_pointer
from authz_server.managing import errors
from authz_server.managing.commands import CreateClient, DeleteClient, Idempotency, UpdateClient
from authz_server.managing.credential_state import ProfileCounts
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import Edited
from tests.support.managing import ControlPlane
from tests.support.records import AN_ACTOR, NOW


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane()


def update(plane: ControlPlane, version: int | None = None, **fields: Any) -> Edited:
    command = UpdateClient(actor=AN_ACTOR, client_id="cl_acme", fields=fields, expected_version=version)
    return plane.service.clients.update(command)


def delete(plane: ControlPlane, version: int | None = None) -> Edited:
    return plane.service.clients.delete(DeleteClient(actor=AN_ACTOR, client_id="cl_acme", expected_version=version))


def audit(plane: ControlPlane) -> list[Any]:
    return list(reversed(plane.service.reading.audit(AuditFilter(), limit=100)))


def test_a_client_is_created_with_every_field_shown(plane: ControlPlane) -> None:
    created = plane.client(description="d", labels={"team": "a"}, active=False)
    assert created.shape == {
        "id": "cl_acme",
        "name": "name of cl_acme",
        "description": "d",
        "active": False,
        "labels": {"team": "a"},
        "version": 1,
        "created_at": "2023-11-14T22:13:20Z",
        "updated_at": "2023-11-14T22:13:20Z",
    }
    assert (created.version, created.sequence, created.credential) == (1, None, None)
    assert plane.service.reading.client("cl_acme").shape == created.shape


def test_a_client_without_an_id_gets_one_of_130_random_bits(plane: ControlPlane) -> None:
    ids = {
        plane.service.clients.create(CreateClient(actor=AN_ACTOR, fields={"name": name})).shape["id"]
        for name in ("a", "b")
    }
    assert len(ids) == 2
    assert all(re.fullmatch(r"cl_[0-9A-Za-z]{22}", each) for each in ids)


@pytest.mark.parametrize("character", ["\0", "\n", "\x7f", "\u202e", "\u2066"])
def test_names_with_characters_that_cannot_be_seen_are_refused(plane: ControlPlane, character: str) -> None:
    with pytest.raises(errors.ValidationFailed) as refused:
        plane.client(name=f"a{character}b")
    (problem,) = refused.value.problems
    assert (write_pointer(problem.path), problem.code) == ("/name", Code.INVALID)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", 'O\'Brien "&amp;"', "🙂", "שלום עולם", "%_\\", "x" * 200]
)
def test_names_of_any_script_come_back_unharmed(plane: ControlPlane, name: str) -> None:
    assert plane.client(name=name).shape["name"] == name


def test_all_errors_are_told_at_once(plane: ControlPlane) -> None:
    fields = {"id": "-", "name": 7, "activ": True, "labels": {"a": None}, "profiles": []}
    with pytest.raises(errors.ValidationFailed) as refused:
        plane.service.clients.create(CreateClient(actor=AN_ACTOR, fields=fields))
    found = {write_pointer(problem.path): problem.code for problem in refused.value.problems}
    assert found == {
        "/id": Code.INVALID,
        "/name": Code.WRONG_TYPE,
        "/activ": Code.UNKNOWN_FIELD,
        "/labels/a": Code.NULL,
        "/profiles": Code.UNAVAILABLE,
    }


def test_ids_and_names_are_taken_once(plane: ControlPlane) -> None:
    plane.client()
    with pytest.raises(errors.IdTaken):
        plane.client(name="another")
    with pytest.raises(errors.NameTaken, match="unique"):
        plane.client("cl_2", name="name of cl_acme")
    plane.client("cl_2")
    with pytest.raises(errors.NameTaken):
        update(plane, name="name of cl_2")
    assert [entry["action"] for entry in audit(plane)] == ["client.create"] * 2


def test_an_update_changes_what_it_names_and_nothing_else(plane: ControlPlane) -> None:
    plane.client(description="d", labels={"team": "a"})
    plane.clock.now += 1
    updated = update(plane, name="new")
    assert (updated.shape["name"], updated.shape["description"], updated.shape["labels"]) == ("new", "d", {"team": "a"})
    assert updated.version == 2
    assert updated.shape["updated_at"] == "2023-11-14T22:13:21Z"
    assert audit(plane)[-1]["changes"] == {"name": {"from": "name of cl_acme", "to": "new"}}


def test_an_update_that_changes_nothing_is_no_change(plane: ControlPlane) -> None:
    plane.client()
    plane.profile()
    assert update(plane, active=True, description="").version == 1
    assert update(plane).sequence == 2  # of the profile, which may still be pending
    assert len(audit(plane)) == 2


@pytest.mark.parametrize("fields", [{"id": "cl_2"}, {"profiles": []}, {"created_at": 1}, {"active": None}])
def test_an_update_takes_no_other_fields(plane: ControlPlane, fields: dict[str, Any]) -> None:
    plane.client()
    with pytest.raises(errors.ValidationFailed):
        update(plane, **fields)


def test_an_update_of_a_stale_version_is_refused(plane: ControlPlane) -> None:
    plane.client()
    update(plane, version=1, description="one")
    with pytest.raises(errors.VersionMismatch):
        update(plane, version=1, description="two")
    with pytest.raises(errors.VersionMismatch):
        delete(plane, version=1)
    assert plane.service.reading.client("cl_acme").shape["description"] == "one"


def test_an_update_publishes_all_profiles_of_the_client_as_one_edit(plane: ControlPlane) -> None:
    plane.client()
    for each in ("pr_a", "pr_b"):
        plane.profile(each)
    updated = update(plane, active=False)
    assert (updated.version, updated.sequence) == (4, 6)
    with plane.database.read() as unit:
        events = unit.outbox.since(3, 10)
    assert [(event.profile_id, event.sequence, event.edit) for event in events] == [("pr_a", 5, 5), ("pr_b", 6, 5)]
    shown = plane.service.reading.profile("pr_b")
    assert shown.version == 6


def test_a_client_goes_with_all_its_profiles(plane: ControlPlane) -> None:
    plane.client()
    plane.client("cl_2")
    plane.profile("pr_a")
    plane.profile("pr_b")
    plane.profile("pr_x", "cl_2")
    gone = delete(plane)
    assert (gone.shape, gone.version, gone.sequence) == ({"id": "cl_acme"}, None, 7)
    for each in ("pr_a", "pr_b"):
        with pytest.raises(errors.NotFound):
            plane.service.reading.profile(each)
    assert plane.service.reading.profile("pr_x").shape["id"] == "pr_x"
    actions = [(entry["action"], entry["profile_id"]) for entry in audit(plane)[-3:]]
    assert actions == [("profile.delete", "pr_a"), ("profile.delete", "pr_b"), ("client.delete", None)]


def test_a_client_without_profiles_has_nothing_to_publish(plane: ControlPlane) -> None:
    plane.client()
    assert update(plane, active=False).sequence is None
    assert delete(plane).sequence is None


def test_a_client_that_is_not_there_cannot_be_edited_or_read(plane: ControlPlane) -> None:
    with pytest.raises(errors.NotFound):
        update(plane, name="new")
    with pytest.raises(errors.NotFound):
        delete(plane)
    with pytest.raises(errors.NotFound):
        plane.service.reading.client("cl_acme")


def test_a_retried_creation_is_answered_what_it_was_answered(plane: ControlPlane) -> None:
    key = Idempotency("key", b"r" * 32)
    first = plane.client(idempotency=key)
    update(plane, name="changed since")
    again = plane.client(idempotency=key)
    assert again.replayed
    assert not first.replayed
    assert (again.shape, again.version, again.sequence) == (first.shape, first.version, first.sequence)
    with pytest.raises(errors.IdempotencyKeyReused):
        plane.client("cl_2", idempotency=Idempotency("key", b"other"))
    plane.clock.now = NOW + 86_401
    with pytest.raises(errors.IdTaken):
        plane.client(idempotency=key)


def test_a_key_whose_creation_was_refused_is_free(plane: ControlPlane) -> None:
    plane.client()
    key = Idempotency("key", b"r" * 32)
    with pytest.raises(errors.IdTaken):
        plane.client(idempotency=key)
    assert not plane.client("cl_2", idempotency=Idempotency("key", b"other")).replayed


def test_nothing_is_done_where_the_commit_fails(plane: ControlPlane) -> None:
    plane.database.fail_commit = True
    with pytest.raises(errors.DatabaseUnavailable, match="full"):
        plane.client()
    plane.database.fail_commit = False
    assert plane.service.reading.clients(limit=10).items == ()
    assert plane.service.reading.overview() == (0, ProfileCounts())
    assert audit(plane) == []


def test_clients_and_their_profiles_are_counted_as_things_are_now(plane: ControlPlane) -> None:
    plane.client()
    plane.client("cl_2", active=False)
    plane.profile("pr_1", expires_in_hours=25)
    plane.profile("pr_2", "cl_2")
    assert plane.service.reading.overview() == (2, ProfileCounts(total=2, inactive=1))
    plane.clock.now = NOW + 3_600
    assert plane.service.reading.overview().profiles == ProfileCounts(total=2, inactive=1, expiring_soon=1)
    plane.clock.now = NOW + 25 * 3_600
    assert plane.service.reading.client_counts(("cl_acme", "cl_2", "cl_none")) == {
        "cl_acme": ProfileCounts(total=1, expired=1),
        "cl_2": ProfileCounts(total=1, inactive=1),
        "cl_none": ProfileCounts(),
    }


def test_every_entry_tells_who_did_it_and_when(plane: ControlPlane) -> None:
    plane.client(labels={"team": "a"})
    (entry,) = audit(plane)
    assert (entry["actor"], entry["at"]) == ({"id": "ak_1", "name": "deploy"}, "2023-11-14T22:13:20Z")
    assert entry["changes"]["labels"] == {"from": None, "to": {"team": "a"}}
