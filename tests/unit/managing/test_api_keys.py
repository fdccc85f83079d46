"""API keys."""

from typing import Any

import pytest

from authz_server.core import token
from authz_server.documents.errors import write_pointer
from authz_server.managing import errors, shown
from authz_server.managing.commands import CreateApiKey, Idempotency, RevokeApiKey
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import COMMAND_LINE, Edited, Role
from authz_server.managing.relay import Propagation
from tests.support.managing import ControlPlane
from tests.support.records import AN_ACTOR, NOW


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane()


def create(plane: ControlPlane, key: Idempotency | None = None, **fields: Any) -> Edited:
    wanted = {"name": "deploy", "role": "operator", **fields}
    return plane.service.api_keys.create(CreateApiKey(actor=COMMAND_LINE, fields=wanted, idempotency=key))


def secret_of(edited: Edited) -> str:
    assert edited.credential is not None
    assert edited.credential.value is not None
    return edited.credential.value.reveal()


def revoke(plane: ControlPlane, api_key_id: str) -> Edited:
    return plane.service.api_keys.revoke(RevokeApiKey(actor=AN_ACTOR, api_key_id=api_key_id))


def last_use(plane: ControlPlane, edited: Edited) -> Any:
    return plane.service.reading.api_key(edited.shape["id"]).shape["last_used_at"]


def test_a_key_is_shown_once_and_kept_as_a_digest(plane: ControlPlane) -> None:
    created = create(plane, expires_in_hours=1)
    secret = secret_of(created)
    assert token.is_well_formed(secret, token.Prefix.API_KEY)
    answer = shown.answer(created, Propagation.PUBLISHED)
    assert answer["credential"] == {
        "type": "api_key",
        "value": secret,
        "expires_at": "2023-11-14T23:13:20Z",
        "headers": {"Authorization": f"Bearer {secret}"},
    }
    shape = plane.service.reading.api_key(created.shape["id"]).shape
    assert shape == {
        "id": created.shape["id"],
        "name": "deploy",
        "role": "operator",
        "active": True,
        "created_at": "2023-11-14T22:13:20Z",
        "expires_at": "2023-11-14T23:13:20Z",
        "last_used_at": None,
        "revoked_at": None,
    }
    assert plane.service.reading.api_keys(limit=5).items == (shape,)
    with plane.database.read() as unit:
        key = unit.api_keys.get(created.shape["id"])
    assert key is not None
    assert key.digest == token.digest(secret)
    assert "digest" not in repr(key)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"role": "root"}, "/role"),
        ({"role": None}, "/role"),
        ({"expires_in_hours": 0}, "/expires_in_hours"),
        ({"scope": "all"}, "/scope"),
    ],
)
def test_wrong_fields_are_refused(plane: ControlPlane, fields: dict[str, Any], pointer: str) -> None:
    with pytest.raises(errors.ValidationFailed) as refused:
        create(plane, **fields)
    assert [write_pointer(problem.path) for problem in refused.value.problems] == [pointer]


def test_a_key_is_recognised(plane: ControlPlane) -> None:
    created = create(plane, role="admin")
    key = plane.service.api_keys.authenticate(secret_of(created))
    assert (key.id, key.name, key.role) == (created.shape["id"], "deploy", Role.ADMIN)


@pytest.mark.parametrize("secret", ["", "azt_" + "0" * 49, "aza_", "aza_" + "0" * 49, "\0", "é" * 53])
def test_what_is_no_key_of_ours_is_refused(plane: ControlPlane, secret: str) -> None:
    create(plane)
    with pytest.raises(errors.Unauthenticated):
        plane.service.api_keys.authenticate(secret)


def test_a_key_of_another_installation_is_refused(plane: ControlPlane) -> None:
    create(plane)
    with pytest.raises(errors.Unauthenticated):
        plane.service.api_keys.authenticate(secret_of(create(ControlPlane(seed=9))))


def test_an_expired_key_is_refused(plane: ControlPlane) -> None:
    secret = secret_of(create(plane, expires_in_hours=1))
    plane.clock.now = NOW + 3_599
    plane.service.api_keys.authenticate(secret)
    plane.clock.now = NOW + 3_600
    with pytest.raises(errors.Unauthenticated):
        plane.service.api_keys.authenticate(secret)


def test_a_revoked_key_is_refused_and_stays_on_the_list(plane: ControlPlane) -> None:
    created = create(plane)
    revoked = revoke(plane, created.shape["id"])
    assert (revoked.shape["active"], revoked.shape["revoked_at"]) == (False, "2023-11-14T22:13:20Z")
    plane.clock.now += 5
    assert revoke(plane, created.shape["id"]).shape == revoked.shape
    with pytest.raises(errors.Unauthenticated):
        plane.service.api_keys.authenticate(secret_of(created))
    assert len(plane.service.reading.api_keys(limit=5).items) == 1
    actions = [entry["action"] for entry in plane.service.reading.audit(AuditFilter(), limit=5)]
    assert actions == ["api_key.revoke", "api_key.create"]


def test_a_key_that_is_not_there_is_neither_revoked_nor_shown(plane: ControlPlane) -> None:
    with pytest.raises(errors.NotFound):
        revoke(plane, "ak_none")
    with pytest.raises(errors.NotFound):
        plane.service.reading.api_key("ak_none")


def test_the_last_use_is_known_to_the_minute(plane: ControlPlane) -> None:
    created = create(plane)
    for after, noted in ((0.0, "22:13:20"), (59.0, "22:13:20"), (61.0, "22:14:21")):
        plane.clock.now = NOW + after
        plane.service.api_keys.authenticate(secret_of(created))
        assert last_use(plane, created) == f"2023-11-14T{noted}Z"


def test_a_use_that_cannot_be_noted_is_no_reason_to_refuse(plane: ControlPlane) -> None:
    created = create(plane)
    plane.database.fail_commit = True
    assert plane.service.api_keys.authenticate(secret_of(created)).id == created.shape["id"]
    assert last_use(plane, created) is None


def test_while_uses_cannot_be_noted_only_one_call_a_minute_tries(plane: ControlPlane) -> None:
    """Each that tries waits for the lock of a database that somebody holds."""
    created = create(plane)
    plane.database.fail_commit = True
    plane.service.api_keys.authenticate(secret_of(created))
    plane.database.fail_commit = False
    for after, used in ((59.0, None), (60.0, "2023-11-14T22:14:20Z")):
        plane.clock.now = NOW + after
        plane.service.api_keys.authenticate(secret_of(created))
        assert last_use(plane, created) == used


def test_without_a_database_nobody_is_recognised(plane: ControlPlane) -> None:
    secret = secret_of(create(plane))
    plane.database.gone = True
    with pytest.raises(errors.DatabaseUnavailable):
        plane.service.api_keys.authenticate(secret)


def test_a_retried_creation_makes_one_key_and_shows_it_once(plane: ControlPlane) -> None:
    key = Idempotency("key", b"r" * 32)
    first, again = create(plane, key), create(plane, key)
    assert first.shape == again.shape
    answer = shown.answer(again, Propagation.PUBLISHED)
    assert answer["credential"] == {"type": "api_key", "expires_at": None, "headers": {}}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(Role.VIEWER, {Role.VIEWER}), (Role.OPERATOR, {Role.VIEWER, Role.OPERATOR}), (Role.ADMIN, set(Role))],
)
def test_a_role_may_do_what_those_below_it_may(role: Role, allowed: set[Role]) -> None:
    assert {needed for needed in Role if role.allows(needed)} == allowed
