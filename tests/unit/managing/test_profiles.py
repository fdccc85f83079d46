"""Edits of profiles, and the credentials that come with a new one."""

import hashlib
import re
from typing import Any

import pytest

from authz_server.core import token
from authz_server.core.auth import JwtAuth, TokenAuth
from authz_server.documents.errors import Code, write_pointer
from authz_server.managing import errors, shown
from authz_server.managing.commands import CreateProfile, DeleteProfile, Idempotency, UpdateProfile
from authz_server.managing.ports import AuditFilter, ProfileFilter
from authz_server.managing.records import Edited
from authz_server.managing.relay import Propagation
from tests.support.managing import ControlPlane
from tests.support.records import AN_ACTOR, NOW
from tests.support.signing import es256_key, public_pem


@pytest.fixture
def plane() -> ControlPlane:
    plane = ControlPlane()
    plane.client()
    return plane


def update(plane: ControlPlane, version: int | None = None, **fields: Any) -> Edited:
    command = UpdateProfile(actor=AN_ACTOR, profile_id="pr_1", fields=fields, expected_version=version)
    return plane.service.profiles.update(command)


def problems(plane: ControlPlane, **fields: Any) -> dict[str, Code]:
    with pytest.raises(errors.ValidationFailed) as refused:
        plane.profile(**fields)
    return {write_pointer(problem.path): problem.code for problem in refused.value.problems}


def auth_of(plane: ControlPlane, profile_id: str = "pr_1") -> Any:
    with plane.database.read() as unit:
        record = unit.profiles.get(profile_id)
    assert record is not None
    return record.profile.auth


def test_a_new_profile_has_a_token_that_is_shown_once(plane: ControlPlane) -> None:
    created = plane.profile(expires_in_hours=24, allowed_ips=["10.0.0.0/8"], allowed_methods=["GET"], labels={"a": "b"})
    assert created.credential is not None
    assert created.credential.value is not None
    value = created.credential.value.reveal()
    assert token.is_well_formed(value, token.Prefix.TOKEN)
    assert auth_of(plane) == TokenAuth(token_sha256=token.digest(value), expires_at=NOW + 86_400)
    answer = shown.answer(created, Propagation.PENDING)
    assert answer["credential"] == {
        "type": "token",
        "value": value,
        "expires_at": "2023-11-15T22:13:20Z",
        "headers": {"X-Client-ID": "cl_acme", "X-Profile-ID": "pr_1", "Authorization": f"Bearer {value}"},
    }
    assert answer["propagation"] == "pending"
    assert answer["credential_state"] == {
        "state": "expiring_soon",
        "expires_at": "2023-11-15T22:13:20Z",
        "created_at": "2023-11-14T22:13:20Z",
    }
    assert (answer["allowed_ips"], answer["allowed_methods"], answer["labels"]) == (["10.0.0.0/8"], ["GET"], {"a": "b"})
    assert value not in repr(created)
    assert "credential" not in plane.service.reading.profile("pr_1").shape


def test_a_profile_without_an_id_gets_one_of_130_random_bits(plane: ControlPlane) -> None:
    fields = {"name": "a", "auth": {"type": "none"}}
    created = plane.service.profiles.create(CreateProfile(actor=AN_ACTOR, client_id="cl_acme", fields=fields))
    assert re.fullmatch(r"pr_[0-9A-Za-z]{22}", created.shape["id"])


@pytest.mark.parametrize(("algorithm", "length"), [("HS256", 53), ("HS384", 96), ("HS512", 96)])
def test_an_hmac_secret_is_as_long_as_its_hash_and_shown_once(plane: ControlPlane, algorithm: str, length: int) -> None:
    created = plane.profile(auth={"type": "jwt", "algorithm": algorithm}, expires_in_hours=1)
    assert created.credential is not None
    assert created.credential.value is not None
    value = created.credential.value.reveal()
    assert value.startswith("azh_")
    assert len(value) == length
    auth = auth_of(plane)
    assert isinstance(auth, JwtAuth)
    assert auth.secret is not None
    assert auth.secret.reveal() == value
    assert re.fullmatch(r"cr_[0-9A-Za-z]{22}", auth.credential_id or "")
    assert auth.expires_at == NOW + 3_600
    headers = shown.answer(created, Propagation.PUBLISHED)["credential"]["headers"]
    assert headers == {"X-Client-ID": "cl_acme", "X-Profile-ID": "pr_1"}
    assert created.shape["auth"]["secret_sealed"] == "********"


def test_without_a_key_to_seal_with_an_hmac_secret_is_refused() -> None:
    plane = ControlPlane(seal=None)
    plane.client()
    assert problems(plane, auth={"type": "jwt", "algorithm": "HS256"}) == {"/auth/algorithm": Code.UNAVAILABLE}
    assert problems(plane, auth={"type": "jwt", "algorithm": "HS256", "secret": "s" * 32}) == {
        "/auth/algorithm": Code.UNAVAILABLE
    }


def test_an_existing_token_moves_in_by_its_digest_and_nothing_is_issued(plane: ControlPlane) -> None:
    digest = hashlib.sha256(b"from-elsewhere").hexdigest()
    created = plane.profile(auth={"type": "token", "token_sha256": digest})
    assert created.credential is None
    assert created.shape["credential_state"]["state"] == "valid"
    assert created.shape["auth"]["token_sha256"] == "********"
    assert auth_of(plane).token_sha256.hex() == digest


@pytest.mark.parametrize(
    "auth",
    [
        {"type": "none"},
        {"type": "mtls", "any_verified": True},
        {"type": "jwt", "algorithm": "ES256", "public_key": public_pem(es256_key())},
    ],
    ids=["none", "mtls", "public key"],
)
def test_other_auth_types_have_no_credential_of_ours_and_none_that_expires(
    plane: ControlPlane, auth: dict[str, Any]
) -> None:
    assert problems(plane, auth=auth, expires_in_hours=1) == {"/expires_in_hours": Code.CONFLICT}
    created = plane.profile(auth=auth)
    assert created.credential is None
    assert created.shape["credential_state"] == {"state": "none", "expires_at": None, "created_at": None}


def test_all_errors_are_told_at_once(plane: ControlPlane) -> None:
    found = problems(
        plane,
        name="",
        allowed_ips=["10.0.0.1/8", "::1", "300.1.1.1"],
        allowed_methods=["get"],
        allowed_ip=[],
        labels=None,
        expires_in_hours=0,
        auth={"type": "oidc", "issuer": "https://i.example", "audience": ["a"], "algorithms": ["HS256"]},
    )
    assert found.keys() == {
        *("/name", "/allowed_ips/0", "/allowed_ips/2", "/allowed_methods/0", "/allowed_ip", "/labels"),
        *("/expires_in_hours", "/auth/algorithms/0", "/auth/jwks"),
    }


@pytest.mark.parametrize("auth", [None, [], {}, {"type": "password"}, {"type": ["token"]}, {"type": "jwt"}])
def test_an_auth_that_is_none_is_refused(plane: ControlPlane, auth: Any) -> None:
    assert problems(plane, auth=auth)


def test_auth_has_to_be_given(plane: ControlPlane) -> None:
    command = CreateProfile(actor=AN_ACTOR, client_id="cl_acme", fields={"name": "a"})
    with pytest.raises(errors.ValidationFailed, match=r"auth is missing"):
        plane.service.profiles.create(command)


@pytest.mark.parametrize("name", ["previous", "secret_env", "secret_sealed"])
def test_what_only_documents_have_is_refused(plane: ControlPlane, name: str) -> None:
    found = problems(plane, auth={"type": "jwt", "algorithm": "HS256", name: "x"})
    assert found[f"/auth/{name}"] == Code.UNAVAILABLE


def test_two_ways_to_say_when_it_expires_are_a_conflict(plane: ControlPlane) -> None:
    auth = {"type": "token", "expires_at": "2027-01-01T00:00:00Z"}
    assert problems(plane, auth=auth, expires_in_hours=5) == {"/expires_in_hours": Code.CONFLICT}


def test_a_profile_of_no_client_is_refused(plane: ControlPlane) -> None:
    with pytest.raises(errors.NotFound):
        plane.profile(client_id="cl_none")


def test_a_client_holds_a_thousand_profiles(plane: ControlPlane) -> None:
    plane.profiles(999)
    plane.profile("pr_last")
    with pytest.raises(errors.TooManyProfiles, match="1,000"):
        plane.profile("pr_more")


def test_ids_are_unique_overall_and_names_within_a_client(plane: ControlPlane) -> None:
    plane.client("cl_2")
    plane.profile()
    plane.profile("pr_2", "cl_2", name="name of pr_1")
    with pytest.raises(errors.IdTaken):
        plane.profile("pr_1", "cl_2")
    with pytest.raises(errors.NameTaken):
        plane.profile("pr_3", name="name of pr_1")


def test_a_profile_of_an_inactive_client_is_published_as_inactive(plane: ControlPlane) -> None:
    plane.client("cl_off", active=False)
    plane.profile(client_id="cl_off")
    plane.relay.round()
    assert not plane.publisher.profiles["pr_1"].client.active


def test_an_update_changes_what_it_names_and_nothing_else(plane: ControlPlane) -> None:
    created = plane.profile(allowed_ips=["10.0.0.0/8"], allowed_methods=["GET"])
    updated = update(plane, active=False, allowed_methods=[], allowed_routes=["orders"])
    assert updated.version == updated.sequence == (created.version or 0) + 1
    assert (updated.shape["active"], updated.shape["allowed_methods"]) == (False, [])
    assert updated.shape["allowed_ips"] == ["10.0.0.0/8"]
    (entry, *_) = plane.service.reading.audit(AuditFilter(profile_id="pr_1"), limit=10)
    assert entry["action"] == "profile.update"
    assert entry["changes"] == {
        "active": {"from": True, "to": False},
        "allowed_methods": {"from": ["GET"], "to": []},
        "allowed_routes": {"from": [], "to": ["orders"]},
    }


def test_an_update_that_changes_nothing_is_no_change(plane: ControlPlane) -> None:
    created = plane.profile(allowed_ips=["10.0.0.0/8"])
    again = update(plane, allowed_ips=["10.0.0.0/8"], name="name of pr_1")
    assert (again.version, again.sequence) == (created.version, created.sequence)
    assert "credential" not in shown.answer(again, Propagation.PUBLISHED)


@pytest.mark.parametrize("fields", [{"auth": {"type": "none"}}, {"id": "pr_2"}, {"client_id": "cl_2"}, {"labels": []}])
def test_an_update_takes_no_other_fields(plane: ControlPlane, fields: dict[str, Any]) -> None:
    plane.profile()
    with pytest.raises(errors.ValidationFailed):
        update(plane, **fields)


def test_an_edit_of_a_stale_version_is_refused(plane: ControlPlane) -> None:
    version = plane.profile().version
    update(plane, version, active=False)
    with pytest.raises(errors.VersionMismatch):
        update(plane, version, active=True)
    with pytest.raises(errors.VersionMismatch):
        plane.service.profiles.delete(DeleteProfile(actor=AN_ACTOR, profile_id="pr_1", expected_version=version))
    assert not plane.service.reading.profile("pr_1").shape["active"]


def test_a_profile_goes(plane: ControlPlane) -> None:
    plane.profile()
    gone = plane.service.profiles.delete(DeleteProfile(actor=AN_ACTOR, profile_id="pr_1"))
    assert (gone.shape, gone.version, gone.sequence) == ({"id": "pr_1"}, None, 3)
    with pytest.raises(errors.NotFound):
        plane.service.reading.profile("pr_1")
    with pytest.raises(errors.NotFound):
        plane.service.profiles.delete(DeleteProfile(actor=AN_ACTOR, profile_id="pr_1"))
    with pytest.raises(errors.NotFound):
        update(plane, active=False)


def test_a_retried_creation_shows_no_token_again(plane: ControlPlane) -> None:
    fields = {"name": "a", "auth": {"type": "token"}, "expires_in_hours": 1}
    command = CreateProfile(
        actor=AN_ACTOR, client_id="cl_acme", fields=fields, idempotency=Idempotency("key", b"r" * 32)
    )
    first, again = plane.service.profiles.create(command), plane.service.profiles.create(command)
    answer = shown.answer(again, Propagation.PUBLISHED)
    assert again.replayed
    assert again.shape == first.shape
    assert answer["credential"] == {
        "type": "token",
        "expires_at": "2023-11-14T23:13:20Z",
        "headers": {"X-Client-ID": "cl_acme", "X-Profile-ID": first.shape["id"]},
    }
    assert len(plane.service.reading.profiles(ProfileFilter(), limit=10).items) == 1


def test_profiles_of_a_client_that_is_not_there_are_not_an_empty_list(plane: ControlPlane) -> None:
    plane.profile()
    page = plane.service.reading.profiles(ProfileFilter(client_id="cl_acme"), limit=10)
    assert [shape["id"] for shape in page.items] == ["pr_1"]
    with pytest.raises(errors.NotFound):
        plane.service.reading.profiles(ProfileFilter(client_id="cl_none"), limit=10)


def test_a_large_value_is_not_kept_whole_in_the_audit_trail(plane: ControlPlane) -> None:
    plane.profile(allowed_ips=[f"10.{number // 256}.{number % 256}.0/24" for number in range(1_000)])
    (entry, *_) = plane.service.reading.audit(AuditFilter(profile_id="pr_1"), limit=1)
    assert entry["changes"]["allowed_ips"]["to"].endswith("characters)")
