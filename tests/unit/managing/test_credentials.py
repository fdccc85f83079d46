"""The life of a credential."""

from typing import Any

import pytest

from authz_server.core import token
from authz_server.core.auth import JwtAuth, NoAuth, TokenAuth
from authz_server.managing import errors
from authz_server.managing.commands import (
    EndGrace,
    ExpireCredential,
    Idempotency,
    RemoveAuth,
    RevealCredential,
    RotateCredential,
    SetAuth,
)
from authz_server.managing.credential_state import Possible
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import Edited
from authz_server.managing.relay import Propagation
from authz_server.managing.shown import answer
from tests.support.managing import ControlPlane
from tests.support.records import AN_ACTOR, NOW

HMAC = {"type": "jwt", "algorithm": "HS256", "issuer": "me"}
HOUR = 3_600.0


@pytest.fixture
def plane() -> ControlPlane:
    plane = ControlPlane()
    plane.client()
    return plane


def rotate(plane: ControlPlane, version: int | None = None, key: Idempotency | None = None, **fields: Any) -> Edited:
    return plane.service.credentials.rotate(
        RotateCredential(actor=AN_ACTOR, profile_id="pr_1", fields=fields, expected_version=version, idempotency=key)
    )


def set_auth(plane: ControlPlane, auth: Any, key: Idempotency | None = None, **fields: Any) -> Edited:
    return plane.service.credentials.set_auth(
        SetAuth(actor=AN_ACTOR, profile_id="pr_1", fields={"auth": auth, **fields}, idempotency=key)
    )


def expire(plane: ControlPlane) -> Edited:
    return plane.service.credentials.expire(ExpireCredential(actor=AN_ACTOR, profile_id="pr_1"))


def end_grace(plane: ControlPlane) -> Edited:
    return plane.service.credentials.end_grace(EndGrace(actor=AN_ACTOR, profile_id="pr_1"))


def reveal(plane: ControlPlane) -> Edited:
    return plane.service.credentials.reveal(RevealCredential(actor=AN_ACTOR, profile_id="pr_1"))


def value_of(edited: Edited) -> str:
    assert edited.credential is not None
    assert edited.credential.value is not None
    return edited.credential.value.reveal()


def token_auth_of(plane: ControlPlane) -> TokenAuth:
    auth = auth_of(plane)
    assert isinstance(auth, TokenAuth)
    return auth


def auth_of(plane: ControlPlane) -> Any:
    with plane.database.read() as unit:
        record = unit.profiles.get("pr_1")
    assert record is not None
    return record.profile.auth


def test_a_rotation_makes_a_new_token_and_ends_the_old_one(plane: ControlPlane) -> None:
    created = plane.profile(expires_in_hours=1, auth={"type": "token", "forward_authorization": True})
    plane.clock.now += 10
    rotated = rotate(plane, expires_in_hours=720)
    assert value_of(rotated) != value_of(created)
    assert token_auth_of(plane) == TokenAuth(
        token_sha256=token.digest(value_of(rotated)), expires_at=NOW + 10 + 720 * HOUR, forward_authorization=True
    )
    assert rotated.shape["credential_state"]["created_at"] == "2023-11-14T22:13:30Z"
    assert rotated.version == rotated.sequence == (created.version or 0) + 1


def test_the_token_is_shown_in_the_header_that_its_profile_names_and_a_rotation_keeps_it(plane: ControlPlane) -> None:
    created = plane.profile(auth={"type": "token", "header": "X-API-Key"})
    rotated = rotate(plane)
    for edited in (created, rotated):
        assert edited.shape["auth"]["header"] == "x-api-key"
        assert answer(edited, Propagation.PUBLISHED)["credential"]["headers"] == {
            "X-Client-ID": "cl_acme",
            "X-Profile-ID": "pr_1",
            "x-api-key": value_of(edited),
        }
    assert token_auth_of(plane).header == "x-api-key"


def test_a_rotation_without_hours_makes_a_token_that_never_expires(plane: ControlPlane) -> None:
    plane.profile(expires_in_hours=1)
    assert rotate(plane).shape["credential_state"]["expires_at"] is None


def test_the_predecessor_works_for_its_grace_and_never_past_its_own_expiry(plane: ControlPlane) -> None:
    first = value_of(plane.profile(expires_in_hours=1))
    second = value_of(rotate(plane, grace_seconds=60))
    previous = token_auth_of(plane).previous
    assert previous is not None
    assert (previous.token_sha256, previous.until) == (token.digest(first), NOW + 60)
    assert previous.expires_at == NOW + HOUR
    rotate(plane, grace_seconds=30)
    only = token_auth_of(plane).previous
    assert only is not None
    assert only.token_sha256 == token.digest(second)
    rotate(plane)
    assert token_auth_of(plane).previous is None


def test_a_token_that_has_expired_gets_no_grace(plane: ControlPlane) -> None:
    plane.profile(expires_in_hours=1)
    plane.clock.now += HOUR
    rotate(plane, grace_seconds=60)
    assert token_auth_of(plane).previous is None


def test_an_hmac_secret_is_rotated_with_grace(plane: ControlPlane) -> None:
    first = value_of(plane.profile(auth=HMAC))
    before = auth_of(plane)
    second = value_of(rotate(plane, grace_seconds=60, expires_in_hours=2))
    auth = auth_of(plane)
    assert isinstance(auth, JwtAuth)
    assert auth.secret is not None
    assert auth.previous is not None
    assert auth.secret.reveal() == second
    assert (auth.issuer, auth.expires_at) == ("me", NOW + 2 * HOUR)
    assert (auth.previous.secret.reveal(), auth.previous.credential_id) == (first, before.credential_id)
    assert auth.credential_id != before.credential_id
    rotate(plane)
    assert auth_of(plane).previous is None


@pytest.mark.parametrize(
    "fields",
    [
        *({"expires_in_hours": hours} for hours in (0, 87_601, True, "1", 1.5)),
        *({"grace_seconds": seconds} for seconds in (-1, 86_401, None)),
        {"grace": 1},
    ],
)
def test_a_rotation_takes_hours_and_grace_within_their_bounds(plane: ControlPlane, fields: dict[str, Any]) -> None:
    version = plane.profile().version
    with pytest.raises(errors.ValidationFailed):
        rotate(plane, **fields)
    assert plane.service.reading.profile("pr_1").version == version


@pytest.mark.parametrize(
    "auth",
    [
        {"type": "none"},
        {"type": "mtls", "any_verified": True},
        {"type": "token", "token_sha256": "ab" * 32},
        {**HMAC, "secret": "s" * 32},
    ],
    ids=["none", "mtls", "digest", "given secret"],
)
def test_only_a_credential_that_was_made_here_is_rotated(plane: ControlPlane, auth: dict[str, Any]) -> None:
    plane.profile(auth=auth)
    with pytest.raises(errors.NoCredential):
        rotate(plane)


def test_a_stale_rotation_is_refused(plane: ControlPlane) -> None:
    created = plane.profile()
    rotate(plane, created.version)
    with pytest.raises(errors.VersionMismatch):
        rotate(plane, created.version)


def test_a_retried_rotation_rotates_once_and_shows_no_token_again(plane: ControlPlane) -> None:
    plane.profile()
    key = Idempotency("key", b"r" * 32)
    first, again = rotate(plane, key=key), rotate(plane, key=key)
    assert (again.replayed, again.version, again.shape) == (True, first.version, first.shape)
    assert again.credential is not None
    assert again.credential.value is None
    assert token_auth_of(plane).token_sha256 == token.digest(value_of(first))


def test_a_retried_change_of_auth_changes_it_once(plane: ControlPlane) -> None:
    plane.profile()
    key = Idempotency("key", b"r" * 32)
    first, again = set_auth(plane, {"type": "token"}, key), set_auth(plane, {"type": "token"}, key)
    assert (again.replayed, again.version, again.shape) == (True, first.version, first.shape)
    assert again.credential is not None
    assert again.credential.value is None
    assert token_auth_of(plane).token_sha256 == token.digest(value_of(first))


def test_another_auth_takes_the_place_of_the_old(plane: ControlPlane) -> None:
    plane.profile()
    rotate(plane, grace_seconds=60)
    changed = set_auth(plane, HMAC, expires_in_hours=5)
    assert value_of(changed).startswith("azh_")
    assert changed.shape["auth"]["type"] == "jwt"
    assert set_auth(plane, {"type": "mtls", "any_verified": True}).credential is None
    back = set_auth(plane, {"type": "token"})
    assert token_auth_of(plane) == TokenAuth(token_sha256=token.digest(value_of(back)))


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"auth": {"type": "token"}, "grace_seconds": 1}, ("grace_seconds",)),
        ({"auth": {"type": "oidc"}}, ("auth", "issuer")),
        ({}, ("auth",)),
        ({"auth": {"type": "token"}, "expires_in_hours": None}, ("expires_in_hours",)),
    ],
)
def test_a_wrong_auth_is_refused_and_the_old_one_stays(
    plane: ControlPlane, fields: dict[str, Any], path: tuple[str, ...]
) -> None:
    version = plane.profile().version
    with pytest.raises(errors.ValidationFailed) as refused:
        plane.service.credentials.set_auth(SetAuth(actor=AN_ACTOR, profile_id="pr_1", fields=fields))
    assert path in [problem.path for problem in refused.value.problems]
    assert plane.service.reading.profile("pr_1").version == version


def test_auth_is_removed(plane: ControlPlane) -> None:
    plane.profile()
    removed = plane.service.credentials.remove_auth(RemoveAuth(actor=AN_ACTOR, profile_id="pr_1"))
    assert auth_of(plane) == NoAuth()
    assert removed.shape["credential_state"]["state"] == "none"
    with pytest.raises(errors.NoCredential):
        rotate(plane)


def test_a_credential_is_expired_now_and_its_predecessor_too(plane: ControlPlane) -> None:
    plane.profile(expires_in_hours=5)
    rotate(plane, grace_seconds=60)
    plane.clock.now += 7
    ended = expire(plane)
    assert ended.shape["credential_state"]["state"] == "expired"
    assert token_auth_of(plane).expires_at == NOW + 7
    assert token_auth_of(plane).previous is None
    plane.clock.now += 7
    expire(plane)
    assert token_auth_of(plane).expires_at == NOW + 7


@pytest.mark.parametrize("auth", [{"type": "token"}, HMAC], ids=["token", "hmac"])
def test_the_time_of_grace_is_ended_and_the_new_credential_works_on(plane: ControlPlane, auth: dict[str, Any]) -> None:
    plane.profile(auth=auth)
    rotated = rotate(plane, expires_in_hours=5, grace_seconds=3600)
    ended = end_grace(plane)
    assert ended.shape["auth"] == rotated.shape["auth"] | {"previous": None}
    assert ended.shape["credential_state"] == rotated.shape["credential_state"]
    (entry, *_) = plane.service.reading.audit(AuditFilter(), limit=1)
    assert entry["action"] == "credential.end_grace"
    assert list(entry["changes"]) == ["auth.previous"]


@pytest.mark.parametrize("auth", [{"type": "token"}, {"type": "none"}], ids=["token", "none"])
def test_where_no_grace_runs_there_is_nothing_to_end(plane: ControlPlane, auth: dict[str, Any]) -> None:
    created = plane.profile(auth=auth)
    ended = end_grace(plane)
    assert (ended.version, ended.sequence) == (created.version, created.version)
    assert ended.shape == created.shape


def test_what_can_be_done_with_a_credential_is_what_the_edits_take() -> None:
    def possible(*, reveal: bool, auth: dict[str, Any]) -> Possible:
        plane = ControlPlane(reveal=reveal)
        plane.client()
        plane.profile(auth=auth)
        return plane.service.reading.possible("pr_1")

    foreign = {"type": "token", "token_sha256": "ab" * 32}
    assert possible(reveal=True, auth={"type": "token"}) == (True, True, True)
    assert possible(reveal=True, auth=HMAC) == (True, True, True)
    assert possible(reveal=False, auth={"type": "token"}) == (True, True, False)
    assert possible(reveal=False, auth=HMAC) == (True, True, False)
    assert possible(reveal=True, auth=foreign) == (False, True, False)
    assert possible(reveal=True, auth={"type": "none"}) == (False, False, False)


def test_a_secret_is_expired_now(plane: ControlPlane) -> None:
    plane.profile(auth=HMAC)
    assert expire(plane).shape["auth"]["expires_at"] == "2023-11-14T22:13:20Z"


def test_what_is_no_credential_cannot_expire_or_be_shown(plane: ControlPlane) -> None:
    plane.profile(auth={"type": "none"})
    with pytest.raises(errors.NoCredential):
        expire(plane)
    with pytest.raises(errors.NoCredential):
        reveal(plane)


@pytest.mark.parametrize("auth", [{"type": "token"}, HMAC], ids=["token", "hmac"])
def test_a_credential_is_not_shown_again_where_that_is_off(plane: ControlPlane, auth: dict[str, Any]) -> None:
    plane.profile(auth=auth)
    with pytest.raises(errors.RevealOff):
        reveal(plane)
    with plane.database.read() as unit:
        record = unit.profiles.get("pr_1")
    assert record is not None
    assert record.credential is not None
    assert record.credential.token is None


@pytest.mark.parametrize("auth", [{"type": "token"}, HMAC], ids=["token", "hmac"])
def test_a_credential_is_shown_again_where_that_is_on_and_it_is_recorded(auth: dict[str, Any]) -> None:
    plane = ControlPlane(reveal=True)
    plane.client()
    created = plane.profile(auth=auth)
    shown = reveal(plane)
    assert value_of(shown) == value_of(created)
    assert (shown.version, shown.sequence) == (created.version, None)
    rotated = rotate(plane)
    assert value_of(reveal(plane)) == value_of(rotated)
    actions = [entry["action"] for entry in plane.service.reading.audit(AuditFilter(), limit=10)]
    assert actions[0] == actions[2] == "credential.reveal"


def test_a_token_that_moved_in_cannot_be_shown_at_all() -> None:
    plane = ControlPlane(reveal=True)
    plane.client()
    plane.profile(auth={"type": "token", "token_sha256": "ab" * 32})
    with pytest.raises(errors.RevealOff):
        reveal(plane)


def test_the_audit_trail_tells_that_a_secret_has_changed_and_not_what_it_is(plane: ControlPlane) -> None:
    plane.profile()
    rotated = rotate(plane, expires_in_hours=1, grace_seconds=5)
    (entry, *_) = plane.service.reading.audit(AuditFilter(), limit=1)
    assert entry["action"] == "credential.rotate"
    assert entry["changes"]["auth.token_sha256"] == {"from": "********", "to": "********"}
    assert entry["changes"]["auth.previous"]["to"]["token_sha256"] == "********"
    assert entry["changes"]["auth.expires_at"] == {"from": None, "to": "2023-11-14T23:13:20Z"}
    assert value_of(rotated) not in str(entry)
