"""/clients: who consumes the API."""

from __future__ import annotations

from typing import Final

from authz_server.managing.commands import CreateClient, DeleteClient, UpdateClient
from authz_server.managing.records import Role
from authz_server.web.api import examples, queries, schemas
from authz_server.web.api.operations import Answer, Call, Operation, Resource, Returned, Services, edited, found, listed
from authz_server.web.api.paths import CLIENTS, PAGING, page_of


def _list(services: Services, call: Call) -> Answer:
    after, limit = page_of(call)
    return listed(services.managing.reading.clients(q=call.query.get("q"), after=after, limit=limit))


def _create(services: Services, call: Call) -> Answer:
    command = CreateClient(actor=call.actor, fields=call.fields, idempotency=call.idempotency)
    return edited(services.managing.clients.create(command), status=201, location=CLIENTS)


def _get(services: Services, call: Call) -> Answer:
    return found(services.managing.reading.client(call.id("client_id")))


def _update(services: Services, call: Call) -> Answer:
    command = UpdateClient(
        actor=call.actor,
        client_id=call.id("client_id"),
        fields=call.fields,
        expected_version=call.expected_version,
    )
    return edited(services.managing.clients.update(command))


def _delete(services: Services, call: Call) -> Answer:
    command = DeleteClient(actor=call.actor, client_id=call.id("client_id"), expected_version=call.expected_version)
    return edited(services.managing.clients.delete(command))


RESOURCES: Final = (
    Resource(
        "/clients",
        {
            "GET": Operation(
                id="list_clients",
                role=Role.VIEWER,
                summary="List clients, newest first",
                handle=_list,
                query={"q": queries.search, **PAGING},
                returns=Returned(
                    status=200,
                    description="Some of the clients.",
                    schema=schemas.page("Client"),
                    example=examples.page(examples.CLIENT),
                ),
                errors=("validation_failed",),
            ),
            "POST": Operation(
                id="create_client",
                role=Role.OPERATOR,
                summary="Create a client",
                handle=_create,
                body=schemas.ref("NewClient"),
                body_example=examples.NEW_CLIENT,
                idempotent=True,
                returns=Returned(
                    status=201,
                    description="The client.",
                    schema=schemas.ref("EditedClient"),
                    headers=("ETag", "Location", "Idempotency-Replayed"),
                    example=examples.edited(examples.CLIENT),
                ),
                errors=("name_taken", "id_taken", "validation_failed", "idempotency_key_reused"),
            ),
        },
    ),
    Resource(
        "/clients/{client_id}",
        {
            "GET": Operation(
                id="get_client",
                role=Role.VIEWER,
                summary="Read a client",
                handle=_get,
                returns=Returned(
                    status=200,
                    description="The client.",
                    schema=schemas.ref("Client"),
                    headers=("ETag",),
                    example=examples.CLIENT,
                ),
                errors=("not_found",),
            ),
            "PATCH": Operation(
                id="update_client",
                role=Role.OPERATOR,
                summary="Change some fields of a client; what is not named stays",
                handle=_update,
                body=schemas.ref("ClientChanges"),
                body_example=examples.CLIENT_CHANGES,
                conditional=True,
                returns=Returned(
                    status=200,
                    description="The client as it is now.",
                    schema=schemas.ref("EditedClient"),
                    headers=("ETag",),
                    example=examples.edited(examples.CLIENT),
                ),
                errors=("not_found", "name_taken", "validation_failed"),
            ),
            "DELETE": Operation(
                id="delete_client",
                role=Role.OPERATOR,
                summary="Delete a client and all its profiles",
                handle=_delete,
                conditional=True,
                returns=Returned(
                    status=200,
                    description="It is gone.",
                    schema=schemas.ref("Deleted"),
                    example=examples.edited({"id": "cl_acme"}),
                ),
                errors=("not_found",),
            ),
        },
    ),
)
