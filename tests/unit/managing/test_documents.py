"""A document over the records, and the records as a document."""

import json
from typing import Any

import pytest

from authz_server.core.auth import JwtAuth
from authz_server.documents.errors import DocumentInvalid
from authz_server.documents.yaml_text import write_yaml
from authz_server.managing import errors
from authz_server.managing.commands import ApplyDocument, RotateCredential
from authz_server.managing.ports import AuditFilter, ProfileFilter
from authz_server.managing.records import Applied
from tests.support.managing import ControlPlane
from tests.support.records import AN_ACTOR

DIGEST = "ab" * 32
TOKEN = {"type": "token", "token_sha256": DIGEST}
HMAC = {"type": "jwt", "algorithm": "HS256"}


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane()


def a_client(client_id: str, *profiles: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"id": client_id, "name": f"name of {client_id}", "profiles": list(profiles), **fields}


def a_profile(profile_id: str, **fields: Any) -> dict[str, Any]:
    return {"id": profile_id, "name": f"name of {profile_id}", "auth": TOKEN, **fields}


def apply(plane: ControlPlane, *clients: dict[str, Any], prune: bool = False, dry_run: bool = False) -> Applied:
    document = json.dumps({"clients": clients}).encode()
    return plane.service.documents.apply(ApplyDocument(actor=AN_ACTOR, document=document, prune=prune, dry_run=dry_run))


def exported(plane: ControlPlane) -> dict[str, Any]:
    return dict(plane.service.documents.export())


def profile_ids(plane: ControlPlane) -> set[str]:
    return {shape["id"] for shape in plane.service.reading.profiles(ProfileFilter(), limit=99).items}


def test_a_document_becomes_records(plane: ControlPlane) -> None:
    applied = apply(plane, a_client("cl_1", a_profile("pr_2"), a_profile("pr_1")), a_client("cl_2"))
    assert applied.clients.added == ("cl_1", "cl_2")
    assert applied.profiles.added == ("pr_2", "pr_1")
    assert applied.sequence == 4
    shape = plane.service.reading.profile("pr_1").shape
    assert (shape["client_id"], shape["credential_state"]["state"], shape["version"]) == ("cl_1", "valid", 4)
    plane.relay.round()
    assert plane.publisher.profiles.keys() == {"pr_1", "pr_2"}


def test_the_same_document_again_changes_nothing(plane: ControlPlane) -> None:
    document = a_client("cl_1", a_profile("pr_1", labels={"a": "b"}, allowed_ips=["10.0.0.0/8"]))
    apply(plane, document)
    again = apply(plane, document)
    assert (again.clients.unchanged, again.profiles.unchanged, again.sequence) == (("cl_1",), ("pr_1",), 2)
    assert len(plane.service.reading.audit(AuditFilter(), limit=10)) == 2


def test_what_is_exported_and_applied_changes_nothing(plane: ControlPlane) -> None:
    plane.client(description="two\nlines", labels={"team": "é"})
    plane.client("cl_2", active=False)
    plane.profile(expires_in_hours=3, allowed_methods=["GET"], allowed_ips=["::1"], allowed_routes=["a"])
    plane.profile("pr_2", "cl_2", auth={**HMAC, "required_claims": {"a.b": [1, True, "x"]}}, expires_in_hours=1)
    plane.profile("pr_3", auth={"type": "mtls", "any_verified": True})
    plane.profile("pr_4", auth={"type": "none"})
    plane.clock.now += 0.777
    for each in ("pr_1", "pr_2"):
        command = RotateCredential(actor=AN_ACTOR, profile_id=each, fields={"grace_seconds": 60, "expires_in_hours": 1})
        plane.service.credentials.rotate(command)
    shape = exported(plane)
    document = write_yaml(shape).encode()
    with plane.database.read() as unit:
        sequence = unit.publication.get().sequence
    again = plane.service.documents.apply(ApplyDocument(actor=AN_ACTOR, document=document, prune=True))
    assert (again.client_changes, again.profile_changes, again.sequence) == ({}, {}, sequence)
    assert exported(plane) == shape
    other = ControlPlane()
    other.service.documents.apply(ApplyDocument(actor=AN_ACTOR, document=document))
    assert exported(other) == shape


def test_a_changed_field_is_changed_and_told(plane: ControlPlane) -> None:
    apply(plane, a_client("cl_1", a_profile("pr_1"), a_profile("pr_2")))
    applied = apply(plane, a_client("cl_1", a_profile("pr_1", active=False), a_profile("pr_2")))
    assert (applied.profiles.changed, applied.profiles.unchanged) == (("pr_1",), ("pr_2",))
    ((name, change),) = applied.profile_changes["pr_1"].items()
    assert (name, change.before, change.after) == ("active", True, False)
    assert plane.service.reading.profile("pr_1").version == 4
    assert plane.service.reading.profile("pr_2").version == 3


def test_a_changed_client_publishes_all_its_profiles(plane: ControlPlane) -> None:
    apply(plane, a_client("cl_1", a_profile("pr_1"), a_profile("pr_2")), a_client("cl_2", a_profile("pr_3")))
    applied = apply(plane, a_client("cl_1", a_profile("pr_1"), active=False), a_client("cl_2", a_profile("pr_3")))
    assert (applied.clients.changed, applied.profiles.changed, applied.profiles.kept) == (("cl_1",), (), ("pr_2",))
    plane.relay.round()
    active = {each: profile.client.active for each, profile in plane.publisher.profiles.items()}
    assert active == {"pr_1": False, "pr_2": False, "pr_3": True}


def test_what_is_not_in_the_document_stays_unless_it_is_pruned(plane: ControlPlane) -> None:
    plane.client("cl_x")
    plane.profile("pr_x", "cl_x")
    apply(plane, a_client("cl_1", a_profile("pr_1"), a_profile("pr_2")))
    plane.relay.round()
    kept = apply(plane, a_client("cl_1", a_profile("pr_1")))
    assert (kept.clients.kept, set(kept.profiles.kept)) == (("cl_x",), {"pr_2", "pr_x"})
    pruned = apply(plane, a_client("cl_1", a_profile("pr_1")), prune=True)
    assert (pruned.clients.removed, set(pruned.profiles.removed)) == (("cl_x",), {"pr_2", "pr_x"})
    assert profile_ids(plane) == {"pr_1"}
    plane.relay.round()
    assert plane.publisher.profiles.keys() == {"pr_1"}
    actions = [entry["action"] for entry in plane.service.reading.audit(AuditFilter(), limit=3)]
    assert sorted(actions) == ["client.delete", "profile.delete", "profile.delete"]


def test_a_name_that_becomes_free_can_be_taken_at_once(plane: ControlPlane) -> None:
    apply(plane, a_client("cl_1", a_profile("pr_1"), name="n"))
    apply(plane, a_client("cl_2", a_profile("pr_2"), name="n"), prune=True)
    assert profile_ids(plane) == {"pr_2"}


def test_names_can_change_places(plane: ControlPlane) -> None:
    apply(plane, a_client("cl_1", a_profile("pr_1", name="x"), a_profile("pr_2", name="y"), name="a"))
    apply(plane, a_client("cl_2", name="b"))
    wanted = (
        a_client("cl_1", a_profile("pr_1", name="y"), a_profile("pr_2", name="x"), name="b"),
        a_client("cl_2", name="a"),
    )
    applied = apply(plane, *wanted)
    assert applied.clients.changed == ("cl_1", "cl_2")
    names = [plane.service.reading.client(each).shape["name"] for each in ("cl_1", "cl_2")]
    names += [plane.service.reading.profile(each).shape["name"] for each in ("pr_1", "pr_2")]
    assert names == ["b", "a", "y", "x"]
    assert apply(plane, *wanted).sequence == applied.sequence


def test_a_dry_run_tells_the_same_and_does_nothing(plane: ControlPlane) -> None:
    apply(plane, a_client("cl_1", a_profile("pr_1")))
    before = exported(plane)
    wanted = (a_client("cl_1", a_profile("pr_2"), active=False),)
    planned = apply(plane, *wanted, prune=True, dry_run=True)
    assert exported(plane) == before
    assert planned.sequence is None
    done = apply(plane, *wanted, prune=True)
    assert (done.clients, done.profiles, done.profile_changes) == (
        planned.clients,
        planned.profiles,
        planned.profile_changes,
    )


def test_nothing_is_done_where_anything_is_refused(plane: ControlPlane) -> None:
    plane.client("cl_x", name="taken")
    plane.profile("pr_x", "cl_x")
    before = exported(plane)
    with pytest.raises(errors.NameTaken):
        apply(plane, a_client("cl_1", a_profile("pr_1")), a_client("cl_2", name="taken"))
    with pytest.raises(errors.IdTaken, match="cl_x"):
        apply(plane, a_client("cl_1", a_profile("pr_x")))
    with pytest.raises(DocumentInvalid, match=r"allowed_ips\[0\]"):
        apply(plane, a_client("cl_1", a_profile("pr_1"), a_profile("pr_2", allowed_ips=["10.0.0.1/8"])))
    with pytest.raises(errors.TooManyProfiles):
        apply(plane, a_client("cl_1", *(a_profile(f"pr_{each}") for each in range(1_001))))
    assert exported(plane) == before


def test_profiles_that_stay_count_too(plane: ControlPlane) -> None:
    plane.client("cl_1")
    plane.profiles(1_000, "cl_1")
    wanted = a_client("cl_1", a_profile("pr_1"))
    for dry_run in (True, False):
        with pytest.raises(errors.TooManyProfiles):
            apply(plane, wanted, dry_run=dry_run)
    assert len(apply(plane, wanted, prune=True).profiles.removed) == 1_000


def test_an_hmac_secret_of_a_document_gets_an_id_and_keeps_it(plane: ControlPlane) -> None:
    profile = a_profile("pr_1", auth={**HMAC, "secret": "s" * 32})
    apply(plane, a_client("cl_1", profile))

    def credential_id() -> str | None:
        with plane.database.read() as unit:
            record = unit.profiles.get("pr_1")
        assert record is not None
        assert record.credential is not None
        assert isinstance(record.profile.auth, JwtAuth)
        assert record.profile.auth.credential_id == record.credential.id
        return record.credential.id

    first = credential_id()
    apply(plane, a_client("cl_1", {**profile, "active": False}))
    assert credential_id() == first
    apply(plane, a_client("cl_1", a_profile("pr_1", auth={**HMAC, "secret": "t" * 32})))
    assert credential_id() != first


def test_a_credential_that_stays_was_still_made_here(plane: ControlPlane) -> None:
    plane.client()
    plane.profile()
    shape = exported(plane)
    shape["clients"][0]["profiles"][0]["active"] = False
    plane.clock.now += 9
    plane.service.documents.apply(ApplyDocument(actor=AN_ACTOR, document=json.dumps(shape).encode()))
    state = plane.service.reading.profile("pr_1").shape["credential_state"]
    assert state["created_at"] == "2023-11-14T22:13:20Z"
    plane.service.credentials.rotate(RotateCredential(actor=AN_ACTOR, profile_id="pr_1"))


def test_without_a_key_a_document_with_secrets_is_refused() -> None:
    plane = ControlPlane(seal=None)
    with pytest.raises(errors.ValidationFailed, match="AUTHZ_SECRET_KEYS"):
        apply(plane, a_client("cl_1", a_profile("pr_1", auth={**HMAC, "secret": "s" * 32})))
    apply(plane, a_client("cl_1", a_profile("pr_1")))
    assert exported(plane)["clients"][0]["profiles"][0]["auth"]["token_sha256"] == DIGEST


def test_the_environment_is_not_read(plane: ControlPlane) -> None:
    with pytest.raises(DocumentInvalid, match="environment"):
        apply(plane, a_client("cl_1", a_profile("pr_1", auth={**HMAC, "secret_env": "HOME"})))


def test_warnings_are_passed_on(plane: ControlPlane) -> None:
    auth = {"type": "mtls", "subject_cn": ["app"]}
    (warning,) = apply(plane, a_client("cl_1", a_profile("pr_1", auth=auth))).warnings
    assert warning.path == "clients[0].profiles[0].auth.subject_cn"


def test_sealing_anew_saves_every_secret_and_changes_nothing() -> None:
    plane = ControlPlane(reveal=True)
    plane.client()
    plane.profile("pr_hmac", auth=HMAC)
    plane.profile("pr_kept")
    plane.profile("pr_open", auth={"type": "none"})
    before, saved = exported(plane), list(plane.service.reseal(AN_ACTOR))
    assert saved == [3]
    assert exported(plane) == before
    assert plane.service.reading.audit(AuditFilter(), limit=1)[0]["action"] == "secrets.rotate"


def test_records_with_secrets_are_not_exported_without_a_key(plane: ControlPlane) -> None:
    plane.client()
    plane.profile(auth=HMAC)
    keyless = ControlPlane(database=plane.database, seal=None)
    with pytest.raises(errors.ValidationFailed, match="AUTHZ_SECRET_KEYS"):
        keyless.service.documents.export()
