"""Accounts: made, changed and deleted, and what becomes of their sessions."""

from dataclasses import replace
from typing import Any

import pytest

from authz_server.documents.errors import write_pointer
from authz_server.managing import errors
from authz_server.managing.commands import ChangePassword, CreateAccount, DeleteAccount, EndSessions, UpdateAccount
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import COMMAND_LINE, Account, Edited, Role, Shape
from authz_server.managing.sessions import SignedIn
from tests.support.managing import ControlPlane
from tests.support.passwords import A_PASSWORD, PASSWORDS
from tests.support.records import AN_ACTOR, NOW

ANOTHER_PASSWORD = "staple, and a battery"


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane()


def create(plane: ControlPlane, name: str = "ada", **fields: Any) -> Edited:
    wanted = {"name": name, "role": "admin", "password": A_PASSWORD, **fields}
    return plane.service.accounts.create(CreateAccount(actor=COMMAND_LINE, fields=wanted))


def update(plane: ControlPlane, account_id: str, **fields: Any) -> Shape:
    return plane.service.accounts.update(UpdateAccount(actor=AN_ACTOR, account_id=account_id, fields=fields)).shape


def delete(plane: ControlPlane, account_id: str) -> Edited:
    return plane.service.accounts.delete(DeleteAccount(actor=AN_ACTOR, account_id=account_id))


def change_password(plane: ControlPlane, account_id: str, current: Any = A_PASSWORD, new: Any = "") -> SignedIn:
    fields = {"current_password": current, "new_password": new or ANOTHER_PASSWORD}
    return plane.service.accounts.change_password(ChangePassword(account_id=account_id, fields=fields))


def kept(plane: ControlPlane, account_id: str) -> Account:
    with plane.database.read() as unit:
        account = unit.accounts.get(account_id)
    assert account is not None
    return account


def actions(plane: ControlPlane, **wanted: Any) -> list[str]:
    return [entry["action"] for entry in plane.service.reading.audit(AuditFilter(**wanted), limit=20)]


def pointers(refused: pytest.ExceptionInfo[errors.ValidationFailed]) -> list[str]:
    return [write_pointer(problem.path) for problem in refused.value.problems]


def is_signed_in(plane: ControlPlane, signed_in: SignedIn) -> bool:
    try:
        plane.service.sessions.find(signed_in.secret.reveal())
    except errors.Unauthenticated:
        return False
    return True


def test_an_account_is_shown_without_its_password(plane: ControlPlane) -> None:
    created = create(plane)
    account_id = created.shape["id"]
    assert account_id.startswith("ac_")
    assert created.shape == {
        "id": account_id,
        "name": "ada",
        "role": "admin",
        "active": True,
        "created_at": "2023-11-14T22:13:20Z",
        "updated_at": "2023-11-14T22:13:20Z",
        "last_signed_in_at": None,
    }
    assert (created.version, created.sequence, created.credential) == (None, None, None)
    assert plane.service.reading.account(account_id).shape == created.shape
    assert plane.service.reading.account_named("ada").shape == created.shape
    assert plane.service.reading.accounts(limit=5).items == (created.shape,)
    assert PASSWORDS.verify(kept(plane, account_id).password, A_PASSWORD)
    assert kept(plane, account_id).caller.role is Role.ADMIN


def test_an_account_that_is_not_there_is_told(plane: ControlPlane) -> None:
    for attempt in (
        lambda: plane.service.reading.account("ac_none"),
        lambda: plane.service.reading.account_named("ada"),
        lambda: update(plane, "ac_none", role="wrong"),
        lambda: delete(plane, "ac_none"),
        lambda: change_password(plane, "ac_none"),
    ):
        with pytest.raises(errors.NotFound):
            attempt()


@pytest.mark.parametrize(
    ("fields", "pointer", "detail"),
    [
        ({"name": " ada"}, "/name", "begins or ends with white space"),
        ({"role": "root"}, "/role", "accepted are viewer, operator, admin"),
        ({"password": "eleven char"}, "/password", "has 11 characters; accepted are 12 to 256"),
        ({"password": "x" * 257}, "/password", "has 257 characters; accepted are 12 to 256"),
        ({"password": "ADA the first", "name": "ada the first"}, "/password", "is the account's name"),
        ({"password": None}, "/password", "is null"),
        ({"password": 123456789012}, "/password", "a string is expected"),
        ({"active": True}, "/active", "is no field of an account"),
    ],
)
def test_wrong_fields_are_refused(plane: ControlPlane, fields: dict[str, Any], pointer: str, detail: str) -> None:
    with pytest.raises(errors.ValidationFailed, match=detail) as refused:
        create(plane, **fields)
    assert pointers(refused) == [pointer]


@pytest.mark.parametrize("password", ["eleven char", "\ud800 too sho", "x" * 300, ["a secret in a list"]])
def test_what_is_wrong_with_a_password_is_told_without_it(plane: ControlPlane, password: Any) -> None:
    with pytest.raises(errors.ValidationFailed) as refused:
        create(plane, password=password)
    assert str(password)[:8] not in str(refused.value)
    assert "eleven" not in repr(CreateAccount(actor=COMMAND_LINE, fields={"password": "eleven char"}))


@pytest.mark.parametrize("password", ["x" * 12, "x" * 256, "🙂" * 12, "\0\n \ud800 and more", "            "])
def test_a_password_may_have_any_characters(plane: ControlPlane, password: str) -> None:
    create(plane, password=password)
    assert plane.service.sessions.sign_in("ada", password).account.name == "ada"


def test_a_name_is_taken_once(plane: ControlPlane) -> None:
    create(plane)
    with pytest.raises(errors.NameTaken, match="among accounts"):
        create(plane)
    assert actions(plane) == ["account.create"]


def test_what_is_changed_is_recorded_and_the_password_never(plane: ControlPlane) -> None:
    create(plane, "root")
    account_id = create(plane, role="viewer").shape["id"]
    plane.clock.now = NOW + 60
    changed = update(plane, account_id, role="operator", active=False, password=ANOTHER_PASSWORD)
    assert (changed["role"], changed["active"], changed["updated_at"]) == ("operator", False, "2023-11-14T22:14:20Z")
    trail = plane.service.reading.audit(AuditFilter(account_id=account_id), limit=5)
    assert [(entry["action"], entry["changes"]) for entry in trail] == [
        ("account.set_password", {}),
        ("account.update", {"role": {"from": "viewer", "to": "operator"}, "active": {"from": True, "to": False}}),
        (
            "account.create",
            {
                "name": {"from": None, "to": "ada"},
                "role": {"from": None, "to": "viewer"},
                "active": {"from": None, "to": True},
            },
        ),
    ]
    assert {entry["actor"]["id"] for entry in trail} == {AN_ACTOR.id, COMMAND_LINE.id}
    assert trail[0]["account_id"] == account_id
    delete(plane, account_id)
    assert actions(plane, account_id=account_id)[0] == "account.delete"


@pytest.mark.parametrize(
    "changes", [{"role": "viewer"}, {"active": False}, {"password": ANOTHER_PASSWORD}, {"password": A_PASSWORD}]
)
def test_a_change_ends_all_sessions_of_the_account_and_no_others(plane: ControlPlane, changes: dict[str, Any]) -> None:
    create(plane, "root")
    account_id = create(plane).shape["id"]
    sessions = [plane.service.sessions.sign_in("ada", A_PASSWORD) for _ in range(2)]
    of_another = plane.service.sessions.sign_in("root", A_PASSWORD)
    update(plane, account_id, **changes)
    assert [is_signed_in(plane, each) for each in sessions] == [False, False]
    assert is_signed_in(plane, of_another)


def test_a_change_that_changes_nothing_ends_no_session(plane: ControlPlane) -> None:
    account_id = create(plane).shape["id"]
    session = plane.service.sessions.sign_in("ada", A_PASSWORD)
    shape = plane.service.reading.account(account_id).shape
    plane.clock.now += 5
    assert update(plane, account_id) == update(plane, account_id, role="admin", active=True) == shape
    assert is_signed_in(plane, session)
    assert actions(plane) == ["account.sign_in", "account.create"]


def test_a_deleted_account_and_its_sessions_are_gone(plane: ControlPlane) -> None:
    create(plane, "root")
    account_id = create(plane).shape["id"]
    session = plane.service.sessions.sign_in("ada", A_PASSWORD)
    assert delete(plane, account_id).shape == {"id": account_id}
    assert not is_signed_in(plane, session)
    with pytest.raises(errors.NotFound):
        plane.service.reading.account(account_id)
    assert create(plane).shape["id"] != account_id


def test_all_sessions_of_one_account_end_and_it_says_who_ended_them(plane: ControlPlane) -> None:
    account_id = create(plane).shape["id"]
    create(plane, "bob")
    mine, other = (plane.service.sessions.sign_in(name, A_PASSWORD) for name in ("ada", "bob"))
    ended = plane.service.accounts.end_sessions(EndSessions(actor=AN_ACTOR, account_id=account_id))
    assert ended.shape == plane.service.reading.account(account_id).shape
    assert [is_signed_in(plane, each) for each in (mine, other)] == [False, True]
    assert actions(plane, account_id=account_id)[0] == "account.end_sessions"
    with pytest.raises(errors.NotFound):
        plane.service.accounts.end_sessions(EndSessions(actor=AN_ACTOR, account_id="ac_nobody"))
    assert plane.service.reading.admins() == 2


def test_the_last_active_admin_stays(plane: ControlPlane) -> None:
    account_id = create(plane).shape["id"]
    other = create(plane, "bob", role="operator").shape["id"]
    off = update(plane, create(plane, "eve").shape["id"], active=False)["id"]
    session = plane.service.sessions.sign_in("ada", A_PASSWORD)
    for attempt in (
        lambda: update(plane, account_id, role="operator"),
        lambda: update(plane, account_id, active=False, password=ANOTHER_PASSWORD),
        lambda: delete(plane, account_id),
    ):
        with pytest.raises(errors.LastAdmin):
            attempt()
    assert is_signed_in(plane, session)
    delete(plane, off)
    update(plane, account_id, password=ANOTHER_PASSWORD)
    update(plane, other, role="admin")
    delete(plane, account_id)
    with pytest.raises(errors.LastAdmin):
        delete(plane, other)


def test_somebody_changes_the_password_and_gets_a_new_session(plane: ControlPlane) -> None:
    account_id = create(plane).shape["id"]
    before = [plane.service.sessions.sign_in("ada", A_PASSWORD) for _ in range(2)]
    after = change_password(plane, account_id)
    assert [is_signed_in(plane, each) for each in (*before, after)] == [False, False, True]
    assert after.secret.reveal() not in {each.secret.reveal() for each in before}
    with pytest.raises(errors.Unauthenticated):
        plane.service.sessions.sign_in("ada", A_PASSWORD)
    plane.service.sessions.sign_in("ada", ANOTHER_PASSWORD)
    trail = plane.service.reading.audit(AuditFilter(action="account.set_password"), limit=5)
    assert [entry["actor"] for entry in trail] == [{"id": account_id, "name": "ada"}]


@pytest.mark.parametrize("current", ["", "wrong password", A_PASSWORD.upper(), "x" * 1_000])
def test_whoever_does_not_know_the_password_does_not_change_it(plane: ControlPlane, current: str) -> None:
    account_id = create(plane).shape["id"]
    session = plane.service.sessions.sign_in("ada", A_PASSWORD)
    with pytest.raises(errors.WrongPassword) as refused:
        change_password(plane, account_id, current)
    assert pointers(refused) == ["/current_password"]
    assert is_signed_in(plane, session)
    plane.service.sessions.sign_in("ada", A_PASSWORD)


def test_a_new_password_is_checked_before_the_current_one(plane: ControlPlane) -> None:
    account_id = create(plane).shape["id"]
    with pytest.raises(errors.ValidationFailed) as refused:
        change_password(plane, account_id, 5, "short")
    assert pointers(refused) == ["/current_password", "/new_password"]
    assert not isinstance(refused.value, errors.WrongPassword)


@pytest.mark.parametrize("changes", [{"password": PASSWORDS.hash("set by an admin")}, {"active": False}])
def test_a_change_of_password_gives_way_to_what_an_admin_does_meanwhile(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    account_id = create(plane).shape["id"]

    def hash_while_an_admin_edits(password: str) -> str:
        with plane.database.edit() as unit:
            unit.accounts.save(replace(kept(plane, account_id), **changes))
        return "-"

    monkeypatch.setattr(type(PASSWORDS), "hash", lambda _, password: hash_while_an_admin_edits(password))
    with pytest.raises(errors.WrongPassword):
        change_password(plane, account_id)
    assert actions(plane) == ["account.create"]
