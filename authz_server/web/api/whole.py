"""What concerns all records at once: the document, applied and exported; the audit trail; the dry run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from authz_server.documents import values
from authz_server.documents.errors import write_pointer
from authz_server.documents.yaml_text import write_yaml
from authz_server.managing.commands import ApplyDocument
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import Applied, Differences, FieldChange, Role
from authz_server.managing.relay import Propagation
from authz_server.web import limits
from authz_server.web.api import bodies, examples, problems, queries, schemas
from authz_server.web.api.operations import (
    JSON,
    Answer,
    Call,
    Operation,
    Published,
    Resource,
    Returned,
    Services,
    respond,
)

YAML: Final = "application/yaml"
_text: Final = values.text(limits.QUERY_CHARACTERS)


def _apply(services: Services, call: Call) -> Answer:
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() == JSON:
        bodies.fields(call.body)  # what is no JSON is 400 here as everywhere, not a document with a mistake
    command = ApplyDocument(
        actor=call.actor,
        document=call.body,
        prune=call.query.get("prune", False),
        dry_run=call.query.get("dry_run", False),
    )
    applied = services.managing.documents.apply(command)
    if command.dry_run:
        return respond({**_applied(applied), "dry_run": True})
    return Published(
        applied.sequence,
        lambda propagation: respond({**_applied(applied), "dry_run": False, "propagation": Propagation(propagation)}),
    )


def _export(services: Services, call: Call) -> Answer:
    shape = services.managing.documents.export()
    accepted = ",".join(call.headers.getlist("accept")).lower()
    if "json" in accepted and "yaml" not in accepted:
        return Response(problems.written(shape), media_type=JSON)
    return Response(write_yaml(shape).encode("utf-8"), media_type=YAML)


def _audit(services: Services, call: Call) -> Answer:
    query = dict(call.query)
    before, limit = query.pop("cursor", None), query.pop("limit", limits.PAGE_ITEMS)
    entries = services.managing.reading.audit(AuditFilter(**query), before=before, limit=limit + 1)
    shown = list(entries[:limit])
    following = queries.write_number(shown[-1]["id"] if len(entries) > limit else None)
    return respond({"items": shown, "next_cursor": following})


def _check(services: Services, call: Call) -> Answer:
    return respond(services.dry_run.check(call.fields))


def _applied(applied: Applied) -> dict[str, Any]:
    return {
        "clients": _differences(applied.clients, applied.client_changes),
        "profiles": _differences(applied.profiles, applied.profile_changes),
        "warnings": [
            {"pointer": write_pointer(each.at), "code": each.code, "detail": each.detail} for each in applied.warnings
        ],
    }


def _differences(differences: Differences, changes: Mapping[str, Mapping[str, FieldChange]]) -> dict[str, Any]:
    return {
        **{name: list(ids) for name, ids in differences._asdict().items()},
        "changes": {
            changed_id: {name: {"from": change.before, "to": change.after} for name, change in fields.items()}
            for changed_id, fields in changes.items()
        },
    }


RESOURCES: Final = (
    Resource(
        "/check",
        {
            "POST": Operation(
                id="check",
                role=Role.OPERATOR,
                summary="Dry run: what a call would be answered, and the verdict of each step",
                handle=_check,
                body=schemas.ref("DryRun"),
                body_example=examples.DRY_RUN,
                returns=Returned(
                    status=200,
                    description="The outcome; 200 whatever it is.",
                    schema=schemas.ref("DryRunResult"),
                    example=examples.DRY_RUN_RESULT,
                ),
                errors=("validation_failed",),
            ),
        },
    ),
    Resource(
        "/audit",
        {
            "GET": Operation(
                id="list_audit_entries",
                role=Role.VIEWER,
                summary="Who changed what, when; newest first",
                handle=_audit,
                query={
                    **dict.fromkeys(("client_id", "profile_id", "account_id", "actor_id", "action"), _text),
                    **dict.fromkeys(("since", "until"), values.timestamp),
                    "cursor": queries.number,
                    "limit": queries.page_items,
                },
                returns=Returned(
                    status=200,
                    description="Some of the audit trail.",
                    schema=schemas.page("AuditEntry"),
                    example=examples.page(examples.AUDIT_ENTRY),
                ),
                errors=("validation_failed",),
            ),
        },
    ),
    Resource(
        "/export",
        {
            "GET": Operation(
                id="export_document",
                role=Role.OPERATOR,
                summary="All clients and profiles as one document: digests, and secrets sealed",
                handle=_export,
                returns=Returned(
                    status=200,
                    description="The document: YAML, or JSON where `Accept` asks for it.",
                    schema=schemas.ref("Document"),
                    media_types=(YAML, JSON),
                    example=examples.DOCUMENT,
                ),
            ),
        },
    ),
    Resource(
        "/apply",
        {
            "POST": Operation(
                id="apply_document",
                role=Role.OPERATOR,
                summary="Make the records what a document says, all of it or nothing",
                handle=_apply,
                query={"dry_run": queries.switch, "prune": queries.switch},
                body=schemas.ref("Document"),
                body_example=examples.DOCUMENT,
                media_types=bodies.DOCUMENT,
                most_bytes=limits.DOCUMENT_BYTES,
                returns=Returned(
                    status=200,
                    description="What has changed, or would change.",
                    schema=schemas.ref("Applied"),
                    example=examples.APPLIED,
                ),
                errors=("name_taken", "id_taken", "too_many_profiles", "validation_failed"),
            ),
        },
    ),
)
