"""/accounts: who may sign in, and as what."""

from __future__ import annotations

from typing import Final

from authz_server.managing.commands import CreateAccount, DeleteAccount, UpdateAccount
from authz_server.managing.records import Role
from authz_server.web.api import examples, schemas
from authz_server.web.api.operations import Answer, Call, Operation, Resource, Returned, Services, edited, found, listed
from authz_server.web.api.paths import ACCOUNTS, PAGING, page_of


def _list(services: Services, call: Call) -> Answer:
    after, limit = page_of(call)
    return listed(services.managing.reading.accounts(after=after, limit=limit))


def _create(services: Services, call: Call) -> Answer:
    command = CreateAccount(actor=call.actor, fields=call.fields)
    return edited(services.managing.accounts.create(command), status=201, location=ACCOUNTS)


def _get(services: Services, call: Call) -> Answer:
    return found(services.managing.reading.account(call.id("account_id")))


def _update(services: Services, call: Call) -> Answer:
    command = UpdateAccount(actor=call.actor, account_id=call.id("account_id"), fields=call.fields)
    return edited(services.managing.accounts.update(command))


def _delete(services: Services, call: Call) -> Answer:
    command = DeleteAccount(actor=call.actor, account_id=call.id("account_id"))
    return edited(services.managing.accounts.delete(command))


RESOURCES: Final = (
    Resource(
        "/accounts",
        {
            "GET": Operation(
                id="list_accounts",
                role=Role.ADMIN,
                summary="List accounts, newest first",
                handle=_list,
                query=PAGING,
                returns=Returned(
                    status=200,
                    description="Some of the accounts.",
                    schema=schemas.page("Account"),
                    example=examples.page(examples.ACCOUNT),
                ),
                errors=("validation_failed",),
            ),
            # Without Idempotency-Key: what is remembered of a request must not help to guess the password in it.
            "POST": Operation(
                id="create_account",
                role=Role.ADMIN,
                summary="Create an account for somebody who signs in with a password",
                handle=_create,
                body=schemas.ref("NewAccount"),
                body_example=examples.NEW_ACCOUNT,
                returns=Returned(
                    status=201,
                    description="The account.",
                    schema=schemas.ref("EditedAccount"),
                    headers=("Location",),
                    example=examples.edited(examples.ACCOUNT),
                ),
                errors=("validation_failed", "name_taken"),
            ),
        },
    ),
    Resource(
        "/accounts/{account_id}",
        {
            "GET": Operation(
                id="get_account",
                role=Role.ADMIN,
                summary="Read an account",
                handle=_get,
                returns=Returned(
                    status=200, description="The account.", schema=schemas.ref("Account"), example=examples.ACCOUNT
                ),
                errors=("not_found",),
            ),
            "PATCH": Operation(
                id="update_account",
                role=Role.ADMIN,
                summary="Change an account's role or password, or switch it off; whoever is signed in is signed out",
                handle=_update,
                body=schemas.ref("AccountChanges"),
                body_example=examples.ACCOUNT_CHANGES,
                returns=Returned(
                    status=200,
                    description="The account, as it is now.",
                    schema=schemas.ref("EditedAccount"),
                    example=examples.edited(examples.CHANGED_ACCOUNT),
                ),
                errors=("not_found", "validation_failed", "last_admin"),
            ),
            "DELETE": Operation(
                id="delete_account",
                role=Role.ADMIN,
                summary="Delete an account; whoever is signed in is signed out",
                handle=_delete,
                returns=Returned(
                    status=200,
                    description="It is gone.",
                    schema=schemas.ref("Deleted"),
                    example=examples.edited({"id": "ac_ada"}),
                ),
                errors=("not_found", "last_admin"),
            ),
        },
    ),
)
