"""What is below /profiles/{profile_id}: its auth, and the credential that goes with it."""

from __future__ import annotations

from typing import Final

from authz_server.managing.commands import ExpireCredential, RemoveAuth, RevealCredential, RotateCredential, SetAuth
from authz_server.managing.records import Role
from authz_server.web.api import examples, schemas
from authz_server.web.api.operations import Answer, Call, Operation, Resource, Returned, Services, edited


def _rotate(services: Services, call: Call) -> Answer:
    command = RotateCredential(
        actor=call.actor,
        profile_id=call.id("profile_id"),
        fields=call.optional_fields,
        expected_version=call.expected_version,
        idempotency=call.idempotency,
    )
    return edited(services.managing.credentials.rotate(command))


def _set_auth(services: Services, call: Call) -> Answer:
    command = SetAuth(
        actor=call.actor,
        profile_id=call.id("profile_id"),
        fields=call.fields,
        expected_version=call.expected_version,
    )
    return edited(services.managing.credentials.set_auth(command))


def _remove_auth(services: Services, call: Call) -> Answer:
    command = RemoveAuth(actor=call.actor, profile_id=call.id("profile_id"), expected_version=call.expected_version)
    return edited(services.managing.credentials.remove_auth(command))


def _expire(services: Services, call: Call) -> Answer:
    command = ExpireCredential(
        actor=call.actor, profile_id=call.id("profile_id"), expected_version=call.expected_version
    )
    return edited(services.managing.credentials.expire(command))


def _reveal(services: Services, call: Call) -> Answer:
    command = RevealCredential(actor=call.actor, profile_id=call.id("profile_id"))
    return edited(services.managing.credentials.reveal(command))


def _returned(description: str, *headers: str, shows: bool = True) -> Returned:
    return Returned(
        status=200,
        description=description,
        schema=schemas.ref("EditedProfile"),
        headers=("ETag", *headers),
        example=examples.edited(examples.PROFILE, examples.CREDENTIAL if shows else None),
    )


RESOURCES: Final = (
    Resource(
        "/profiles/{profile_id}/rotate",
        {
            "POST": Operation(
                id="rotate_credential",
                role=Role.OPERATOR,
                summary="Make a new token or secret; the old one stops at once, or after grace_seconds",
                handle=_rotate,
                body=schemas.ref("Rotation"),
                body_required=False,
                body_example=examples.ROTATION,
                conditional=True,
                idempotent=True,
                returns=_returned("The profile, and the new credential, this once.", "Idempotency-Replayed"),
                errors=("not_found", "no_credential", "validation_failed", "idempotency_key_reused"),
            ),
        },
    ),
    Resource(
        "/profiles/{profile_id}/auth",
        {
            "PUT": Operation(
                id="set_auth",
                role=Role.OPERATOR,
                summary="Change auth type and settings; the old credential is gone, a new one is shown, this once",
                handle=_set_auth,
                body=schemas.ref("AuthChange"),
                body_example=examples.AUTH_CHANGE,
                conditional=True,
                returns=_returned("The profile, and its new credential where one was made."),
                errors=("not_found", "validation_failed"),
            ),
            "DELETE": Operation(
                id="remove_auth",
                role=Role.OPERATOR,
                summary="Remove auth: the profile asks for no credential any more",
                handle=_remove_auth,
                conditional=True,
                returns=_returned("The profile as it is now.", shows=False),
                errors=("not_found",),
            ),
        },
    ),
    Resource(
        "/profiles/{profile_id}/expire",
        {
            "POST": Operation(
                id="expire_credential",
                role=Role.OPERATOR,
                summary="Let the credential, and its predecessor, expire now",
                handle=_expire,
                conditional=True,
                returns=_returned("The profile as it is now.", shows=False),
                errors=("not_found", "no_credential"),
            ),
        },
    ),
    Resource(
        "/profiles/{profile_id}/reveal",
        {
            "POST": Operation(
                id="reveal_credential",
                role=Role.OPERATOR,
                summary="Show the credential again, where AUTHZ_REVEAL keeps it; that it was shown is recorded",
                handle=_reveal,
                returns=_returned("The profile and its credential."),
                errors=("not_found", "no_credential", "reveal_off"),
            ),
        },
    ),
)
