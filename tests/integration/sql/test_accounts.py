"""Accounts in a real database: edits of several at once."""

import secrets
import threading
import time

import pytest

from authz_server.managing.commands import CreateAccount, DeleteAccount, UpdateAccount
from authz_server.managing.errors import LastAdmin, Unauthenticated
from authz_server.managing.records import COMMAND_LINE
from authz_server.managing.service import Service
from authz_server.managing.sessions import SignedIn
from authz_server.sql.database import SqlDatabase
from tests.support.passwords import A_PASSWORD, PASSWORDS

ADMINS = 4


@pytest.fixture
def service(database: SqlDatabase) -> Service:
    return Service(database, clock=time.time, random_below=secrets.randbelow, passwords=PASSWORDS, seal=None)


@pytest.fixture
def admins(service: Service) -> list[str]:
    """Their ids."""
    fields = {"role": "admin", "password": A_PASSWORD}
    return [
        service.accounts.create(CreateAccount(actor=COMMAND_LINE, fields={"name": f"admin {each}", **fields})).shape[
            "id"
        ]
        for each in range(ADMINS)
    ]


def test_of_admins_that_are_taken_away_all_at_once_one_stays(
    service: Service, admins: list[str], database: SqlDatabase
) -> None:
    """Each edit alone would be fine: they have to see one another."""
    start = threading.Barrier(ADMINS)
    refused: list[str] = []

    def take_away(account_id: str, how: int) -> None:
        start.wait()
        try:
            if how % 2:
                service.accounts.delete(DeleteAccount(actor=COMMAND_LINE, account_id=account_id))
            else:
                fields = {"active": False} if how else {"role": "viewer"}
                service.accounts.update(UpdateAccount(actor=COMMAND_LINE, account_id=account_id, fields=fields))
        except LastAdmin:
            refused.append(account_id)

    threads = [threading.Thread(target=take_away, args=(each, how)) for how, each in enumerate(admins)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    with database.read() as unit:
        assert unit.accounts.count_admins() == 1


def test_no_session_outlives_its_accounts_end(service: Service, admins: list[str]) -> None:
    """Whoever signs in while the account is switched off is out, whichever of the two comes first."""
    start = threading.Barrier(ADMINS + 1)
    signed_in: list[SignedIn] = []

    def sign_in() -> None:
        start.wait()
        try:
            signed_in.append(service.sessions.sign_in("admin 0", A_PASSWORD))
        except Unauthenticated:
            return

    def switch_off() -> None:
        start.wait()
        service.accounts.update(UpdateAccount(actor=COMMAND_LINE, account_id=admins[0], fields={"active": False}))

    threads = [threading.Thread(target=switch_off), *(threading.Thread(target=sign_in) for _ in range(ADMINS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    service.accounts.update(UpdateAccount(actor=COMMAND_LINE, account_id=admins[0], fields={"active": True}))
    for each in signed_in:
        with pytest.raises(Unauthenticated):
            service.sessions.find(each.secret.reveal())
