"""/api-keys: who may speak to this API, and as what."""

from __future__ import annotations

from typing import Final

from authz_server.managing.commands import CreateApiKey, RevokeApiKey
from authz_server.managing.records import Role
from authz_server.web.api import examples, schemas
from authz_server.web.api.operations import Answer, Call, Operation, Resource, Returned, Services, edited, found, listed
from authz_server.web.api.paths import API_KEYS, PAGING, page_of


def _list(services: Services, call: Call) -> Answer:
    after, limit = page_of(call)
    return listed(services.managing.reading.api_keys(after=after, limit=limit))


def _create(services: Services, call: Call) -> Answer:
    command = CreateApiKey(actor=call.actor, fields=call.fields, idempotency=call.idempotency)
    return edited(services.managing.api_keys.create(command), status=201, location=API_KEYS)


def _get(services: Services, call: Call) -> Answer:
    return found(services.managing.reading.api_key(call.id("api_key_id")))


def _revoke(services: Services, call: Call) -> Answer:
    command = RevokeApiKey(actor=call.actor, api_key_id=call.id("api_key_id"))
    return edited(services.managing.api_keys.revoke(command))


RESOURCES: Final = (
    Resource(
        "/api-keys",
        {
            "GET": Operation(
                id="list_api_keys",
                role=Role.ADMIN,
                summary="List API keys, newest first, revoked ones among them",
                handle=_list,
                query=PAGING,
                returns=Returned(
                    status=200,
                    description="Some of the API keys.",
                    schema=schemas.page("ApiKey"),
                    example=examples.page(examples.API_KEY),
                ),
                errors=("validation_failed",),
            ),
            "POST": Operation(
                id="create_api_key",
                role=Role.ADMIN,
                summary="Create an API key; the answer shows it, this once",
                handle=_create,
                body=schemas.ref("NewApiKey"),
                body_example=examples.NEW_API_KEY,
                idempotent=True,
                returns=Returned(
                    status=201,
                    description="The API key, and its value.",
                    schema=schemas.ref("EditedApiKey"),
                    headers=("Location", "Idempotency-Replayed"),
                    example=examples.edited(examples.API_KEY, examples.API_KEY_CREDENTIAL),
                ),
                errors=("validation_failed", "idempotency_key_reused"),
            ),
        },
    ),
    Resource(
        "/api-keys/{api_key_id}",
        {
            "GET": Operation(
                id="get_api_key",
                role=Role.ADMIN,
                summary="Read an API key's name, role and state",
                handle=_get,
                returns=Returned(
                    status=200, description="The API key.", schema=schemas.ref("ApiKey"), example=examples.API_KEY
                ),
                errors=("not_found",),
            ),
            "DELETE": Operation(
                id="revoke_api_key",
                role=Role.ADMIN,
                summary="Revoke an API key; it stays on the list",
                handle=_revoke,
                returns=Returned(
                    status=200,
                    description="The API key, which does not work any more.",
                    schema=schemas.ref("EditedApiKey"),
                    example=examples.edited(examples.REVOKED_API_KEY),
                ),
                errors=("not_found",),
            ),
        },
    ),
)
