"""/profiles and /clients/{client_id}/profiles: runtime access contracts, their credentials aside."""

from __future__ import annotations

from typing import Final

from authz_server.documents import values
from authz_server.managing.commands import CreateProfile, DeleteProfile, UpdateProfile
from authz_server.managing.credential_state import State
from authz_server.managing.ports import ProfileFilter
from authz_server.managing.records import Role
from authz_server.web.api import examples, queries, schemas
from authz_server.web.api.operations import Answer, Call, Operation, Resource, Returned, Services, edited, found, listed
from authz_server.web.api.paths import PAGING, PROFILES, page_of

_FILTERS: Final = {"q": queries.search, "active": queries.switch, "state": values.one_of(tuple(map(str, State)))}


def _list(services: Services, call: Call) -> Answer:
    return _page(services, call, client_id=None)


def _list_of_client(services: Services, call: Call) -> Answer:
    return _page(services, call, client_id=call.id("client_id"))


def _page(services: Services, call: Call, *, client_id: str | None) -> Answer:
    after, limit = page_of(call)
    state = call.query.get("state")
    wanted = ProfileFilter(
        client_id=client_id,
        q=call.query.get("q"),
        active=call.query.get("active"),
        state=None if state is None else State(state),
    )
    return listed(services.managing.reading.profiles(wanted, after=after, limit=limit))


def _create(services: Services, call: Call) -> Answer:
    command = CreateProfile(
        actor=call.actor, client_id=call.id("client_id"), fields=call.fields, idempotency=call.idempotency
    )
    return edited(services.managing.profiles.create(command), status=201, location=PROFILES)


def _get(services: Services, call: Call) -> Answer:
    return found(services.managing.reading.profile(call.id("profile_id")))


def _update(services: Services, call: Call) -> Answer:
    command = UpdateProfile(
        actor=call.actor,
        profile_id=call.id("profile_id"),
        fields=call.fields,
        expected_version=call.expected_version,
    )
    return edited(services.managing.profiles.update(command))


def _delete(services: Services, call: Call) -> Answer:
    command = DeleteProfile(actor=call.actor, profile_id=call.id("profile_id"), expected_version=call.expected_version)
    return edited(services.managing.profiles.delete(command))


_SOME: Final = Returned(
    status=200,
    description="Some of the profiles.",
    schema=schemas.page("Profile"),
    example=examples.page(examples.PROFILE),
)

RESOURCES: Final = (
    Resource(
        "/profiles",
        {
            "GET": Operation(
                id="list_profiles",
                role=Role.VIEWER,
                summary="List the profiles of all clients, newest first",
                handle=_list,
                query={**_FILTERS, **PAGING},
                returns=_SOME,
                errors=("validation_failed",),
            ),
        },
    ),
    Resource(
        "/clients/{client_id}/profiles",
        {
            "GET": Operation(
                id="list_profiles_of_client",
                role=Role.VIEWER,
                summary="List a client's profiles, newest first",
                handle=_list_of_client,
                query={**_FILTERS, **PAGING},
                returns=_SOME,
                errors=("not_found", "validation_failed"),
            ),
            "POST": Operation(
                id="create_profile",
                role=Role.OPERATOR,
                summary="Create a profile; the answer shows its credential, this once",
                handle=_create,
                body=schemas.ref("NewProfile"),
                body_example=examples.NEW_PROFILE,
                idempotent=True,
                returns=Returned(
                    status=201,
                    description="The profile, and its credential where one was made.",
                    schema=schemas.ref("EditedProfile"),
                    headers=("ETag", "Location", "Idempotency-Replayed"),
                    example=examples.edited(examples.PROFILE, examples.CREDENTIAL),
                ),
                errors=(
                    *("not_found", "name_taken", "id_taken", "too_many_profiles"),
                    *("validation_failed", "idempotency_key_reused"),
                ),
            ),
        },
    ),
    Resource(
        "/profiles/{profile_id}",
        {
            "GET": Operation(
                id="get_profile",
                role=Role.VIEWER,
                summary="Read a profile",
                handle=_get,
                returns=Returned(
                    status=200,
                    description="The profile, its secrets hidden.",
                    schema=schemas.ref("Profile"),
                    headers=("ETag",),
                    example=examples.PROFILE,
                ),
                errors=("not_found",),
            ),
            "PATCH": Operation(
                id="update_profile",
                role=Role.OPERATOR,
                summary="Change some fields of a profile; what is not named stays",
                handle=_update,
                body=schemas.ref("ProfileChanges"),
                body_example=examples.PROFILE_CHANGES,
                conditional=True,
                returns=Returned(
                    status=200,
                    description="The profile as it is now.",
                    schema=schemas.ref("EditedProfile"),
                    headers=("ETag",),
                    example=examples.edited(examples.PROFILE),
                ),
                errors=("not_found", "name_taken", "validation_failed"),
            ),
            "DELETE": Operation(
                id="delete_profile",
                role=Role.OPERATOR,
                summary="Delete a profile",
                handle=_delete,
                conditional=True,
                returns=Returned(
                    status=200,
                    description="It is gone.",
                    schema=schemas.ref("Deleted"),
                    example=examples.edited({"id": "pr_production"}),
                ),
                errors=("not_found",),
            ),
        },
    ),
)
