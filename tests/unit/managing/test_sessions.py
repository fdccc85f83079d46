"""Sessions: begun with a password, found by their secret, and over in time."""

from dataclasses import replace

import pytest
from argon2.profiles import CHEAPEST

from authz_server.core import token
from authz_server.core.secret import Secret
from authz_server.managing import errors
from authz_server.managing.commands import CreateAccount
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import COMMAND_LINE, Account
from authz_server.managing.sessions import CLOCKS_DIFFER_SECONDS, IDLE_SECONDS, MOST_SECONDS, SignedIn
from authz_server.sealing.passwords import Argon2Passwords
from tests.support.managing import ControlPlane
from tests.support.passwords import A_PASSWORD, PASSWORDS
from tests.support.records import NOW, a_session

SENTENCE = "the user name or the password is wrong"


@pytest.fixture
def plane() -> ControlPlane:
    """With one account."""
    plane = ControlPlane()
    fields = {"name": "ada", "role": "operator", "password": A_PASSWORD}
    plane.service.accounts.create(CreateAccount(actor=COMMAND_LINE, fields=fields))
    return plane


def account_of(plane: ControlPlane) -> Account:
    with plane.database.read() as unit:
        account = unit.accounts.by_name("ada")
    assert account is not None
    return account


def change(plane: ControlPlane, **fields: object) -> None:
    with plane.database.edit() as unit:
        unit.accounts.save(replace(account_of(plane), **fields))  # type: ignore[arg-type]  # a field's own type


def sign_in(plane: ControlPlane) -> SignedIn:
    return plane.service.sessions.sign_in("ada", A_PASSWORD)


def is_found(plane: ControlPlane, signed_in: SignedIn) -> bool:
    try:
        plane.service.sessions.find(signed_in.secret.reveal())
    except errors.Unauthenticated:
        return False
    return True


def seen_at(plane: ControlPlane, signed_in: SignedIn) -> float | None:
    with plane.database.read() as unit:
        session = unit.sessions.get(signed_in.session.digest)
    return None if session is None else session.last_seen_at


def test_who_knows_the_password_is_signed_in(plane: ControlPlane) -> None:
    plane.clock.now += 5
    signed_in = sign_in(plane)
    secret = signed_in.secret.reveal()
    assert token.is_well_formed(secret, token.Prefix.SESSION)
    found = plane.service.sessions.find(secret)
    assert found.account == signed_in.account == account_of(plane)
    assert found.session == signed_in.session
    assert found.secret.reveal() == secret
    assert (found.caller.actor.name, found.caller.role.value) == ("ada", "operator")
    assert account_of(plane).last_signed_in_at == NOW + 5
    (entry,) = plane.service.reading.audit(AuditFilter(action="account.sign_in"), limit=5)
    assert entry["actor"] == {"id": found.account.id, "name": "ada"}
    assert entry["account_id"] == found.account.id


def test_of_a_session_only_a_digest_is_kept_and_nothing_is_shown(plane: ControlPlane) -> None:
    signed_in = sign_in(plane)
    assert signed_in.session.digest == token.digest(signed_in.secret.reveal())
    assert signed_in.secret.reveal() not in repr(signed_in)
    assert "argon2" not in repr(signed_in)
    assert "digest" not in repr(signed_in)


def test_each_sign_in_is_another_session(plane: ControlPlane) -> None:
    first, second = sign_in(plane), sign_in(plane)
    assert first.secret.reveal() != second.secret.reveal()
    assert is_found(plane, first)
    assert is_found(plane, second)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", ""),
        ("ada", A_PASSWORD + " "),
        ("ada", A_PASSWORD.upper()),
        ("ada", "x" * 10_000),
        ("ada", "\ud800"),
        ("Ada", A_PASSWORD),
        ("", A_PASSWORD),
        ("\0", A_PASSWORD),
    ],
)
def test_who_does_not_know_it_is_refused_in_the_same_words(plane: ControlPlane, name: str, password: str) -> None:
    with pytest.raises(errors.Unauthenticated) as refused:
        plane.service.sessions.sign_in(name, password)
    assert str(refused.value) == SENTENCE
    assert account_of(plane).last_signed_in_at is None


def test_an_account_that_is_switched_off_signs_in_no_more_than_one_that_is_not_there(plane: ControlPlane) -> None:
    change(plane, active=False)
    for password in (A_PASSWORD, "wrong password"):
        with pytest.raises(errors.Unauthenticated) as refused:
            plane.service.sessions.sign_in("ada", password)
        assert str(refused.value) == SENTENCE


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_the_slow_work_is_done_once_whatever_is_wrong(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    done: list[str] = []
    for method in ("hash", "verify"):
        original = getattr(Argon2Passwords, method)

        def counted(*given: object, method: str = method, original: object = original) -> object:
            done.append(method)
            return original(*given)  # type: ignore[operator]  # it is a function

        monkeypatch.setattr(Argon2Passwords, method, counted)
    with pytest.raises(errors.Unauthenticated):
        plane.service.sessions.sign_in(name, "wrong password")
    assert len(done) == 1


@pytest.mark.parametrize("secret", ["", "azs_", "azs_" + "0" * 49, "aza_" + "0" * 49, "é" * 53, "\0"])
def test_what_is_no_session_of_ours_is_refused(plane: ControlPlane, secret: str) -> None:
    sign_in(plane)
    with pytest.raises(errors.Unauthenticated, match="this session is over; sign in again"):
        plane.service.sessions.find(secret)
    plane.service.sessions.end(secret)


def test_a_session_of_another_installation_is_refused(plane: ControlPlane) -> None:
    foreign = token.issue(token.Prefix.SESSION, lambda _: 7)
    with pytest.raises(errors.Unauthenticated):
        plane.service.sessions.find(foreign)


def test_a_session_is_over_after_half_an_hour_without_a_request(plane: ControlPlane) -> None:
    signed_in = sign_in(plane)
    plane.clock.now = NOW + IDLE_SECONDS - 1
    assert is_found(plane, signed_in)
    plane.clock.now += IDLE_SECONDS - 1
    assert is_found(plane, signed_in)
    plane.clock.now += IDLE_SECONDS
    assert not is_found(plane, signed_in)


def test_a_session_is_over_after_half_a_day_whatever_is_done_with_it(plane: ControlPlane) -> None:
    signed_in = sign_in(plane)
    while plane.clock.now < NOW + MOST_SECONDS - 600:
        plane.clock.now += 600
        assert is_found(plane, signed_in)
    plane.clock.now = NOW + MOST_SECONDS
    assert not is_found(plane, signed_in)


@pytest.mark.parametrize("field", ["created_at", "last_seen_at"])
def test_a_session_from_the_future_is_over(plane: ControlPlane, field: str) -> None:
    """A clock that was years ahead, and has been set right, has made none that lasts for years."""
    secret = token.issue(token.Prefix.SESSION, lambda _: 7)
    for ahead, lives in ((CLOCKS_DIFFER_SECONDS, True), (CLOCKS_DIFFER_SECONDS + 1, False)):
        times = {"created_at": NOW, "last_seen_at": NOW, field: NOW + ahead}
        with plane.database.edit() as unit:
            unit.sessions.delete(token.digest(secret))
            unit.sessions.add(a_session(token.digest(secret), account_of(plane).id, **times))
        found = SignedIn(account_of(plane), a_session(b"", ""), Secret(secret))
        assert is_found(plane, found) is lives


def test_a_session_is_over_when_somebody_signs_out(plane: ControlPlane) -> None:
    one, other = sign_in(plane), sign_in(plane)
    plane.service.sessions.end(one.secret.reveal())
    plane.service.sessions.end(one.secret.reveal())
    assert not is_found(plane, one)
    assert is_found(plane, other)


def test_whoever_is_switched_off_is_turned_away_though_the_session_be_there(plane: ControlPlane) -> None:
    signed_in = sign_in(plane)
    change(plane, active=False)
    assert not is_found(plane, signed_in)


def test_when_somebody_was_last_seen_is_known_to_the_minute(plane: ControlPlane) -> None:
    signed_in = sign_in(plane)
    for after, noted in ((59.0, 0.0), (60.0, 60.0), (119.0, 60.0), (121.0, 121.0)):
        plane.clock.now = NOW + after
        assert is_found(plane, signed_in)
        assert seen_at(plane, signed_in) == NOW + noted


def test_a_database_that_only_reads_turns_nobody_away_and_is_asked_once_a_minute(plane: ControlPlane) -> None:
    signed_in = sign_in(plane)
    plane.database.fail_commit = True
    plane.clock.now = NOW + 60
    assert is_found(plane, signed_in)
    plane.database.fail_commit = False
    for after, noted in ((119.0, 0.0), (120.0, 120.0)):
        plane.clock.now = NOW + after
        assert is_found(plane, signed_in)
        assert seen_at(plane, signed_in) == NOW + noted


def test_what_is_remembered_of_sessions_does_not_grow_for_ever(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("authz_server.managing.sessions._NOTED_MOST", 2)
    sessions = [sign_in(plane) for _ in range(3)]
    for each in sessions:
        plane.clock.now += 61
        assert is_found(plane, each)
    noted = vars(plane.service.sessions)["_noted"]
    assert set(noted) == {sessions[-1].session.digest}


def test_without_a_database_nobody_is_recognised(plane: ControlPlane) -> None:
    signed_in = sign_in(plane)
    plane.database.gone = True
    for attempt in (lambda: sign_in(plane), lambda: is_found(plane, signed_in)):
        with pytest.raises(errors.DatabaseUnavailable):
            attempt()


def test_signing_in_clears_away_some_sessions_that_are_over(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("authz_server.managing.sessions.PRUNED_AT_ONCE", 2)
    old = [bytes([number]) * 32 for number in range(3)]
    with plane.database.edit() as unit:
        for digest in old:
            times = {"created_at": NOW - 9_000, "last_seen_at": NOW - IDLE_SECONDS - 1}
            unit.sessions.add(a_session(digest, account_of(plane).id, **times))
    for left in (1, 0):
        sign_in(plane)
        with plane.database.read() as unit:
            assert sum(unit.sessions.get(digest) is not None for digest in old) == left


def test_a_password_that_was_kept_in_an_older_way_is_kept_in_todays(plane: ControlPlane) -> None:
    older = Argon2Passwords(replace(CHEAPEST, time_cost=2)).hash(A_PASSWORD)
    change(plane, password=older)
    signed_in = sign_in(plane)
    assert is_found(plane, signed_in)
    renewed = account_of(plane).password
    assert renewed != older
    assert PASSWORDS.is_current(renewed)
    assert is_found(plane, sign_in(plane))
    assert account_of(plane).password == renewed


@pytest.mark.parametrize("how", ["deleted", "switched off", "given another password"])
def test_a_sign_in_gives_way_to_what_an_admin_does_meanwhile(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    def verify_while_an_admin_edits(*_: object) -> bool:
        if how == "deleted":
            with plane.database.edit() as unit:
                unit.accounts.delete(account_of(plane).id)
        else:
            change(plane, **({"active": False} if how == "switched off" else {"password": "-"}))
        return True

    monkeypatch.setattr(Argon2Passwords, "verify", verify_while_an_admin_edits)
    with pytest.raises(errors.Unauthenticated, match=SENTENCE):
        sign_in(plane)
    assert plane.service.reading.audit(AuditFilter(action="account.sign_in"), limit=5) == ()
