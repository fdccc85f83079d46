"""A problem document (RFC 9457), in plain words: every field's error, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from authz_server.documents.errors import write_path
from authzctl.failures import Failed, Refused, Unreachable
from authzctl.plain_text import on_one_line

_ADVICE: Final[Mapping[str, str]] = {
    "unauthenticated": "Run `authzctl login` with a key that works, or set AUTHZCTL_API_KEY.",
    "forbidden": "The key's role does not allow this: `authzctl whoami` shows it. Use a key of a higher role.",
    "not_found": "`authzctl clients list` and `authzctl profiles list` show what is there.",
    "name_taken": "Choose another --name, or change what has it.",
    "id_taken": "Choose another --id, or leave it out to have one made.",
    "version_mismatch": "Look at it again with `show`, and give the version that you see there.",
    "no_credential": "`authzctl set-auth PROFILE --auth token` has a token made.",
    "reveal_off": "`authzctl rotate PROFILE` makes a new credential.",
    "too_many_profiles": "Delete profiles that are no longer used, or make another client.",
    "idempotency_key_reused": "Use another --idempotency-key, or none.",
    "database_unavailable": "Try again later.",
}


def failure(status: int, problem: Mapping[str, Any], retry_after: str | None) -> Failed:
    """What an answer that is an error says, as the exception that ends the command."""
    code = str(problem.get("code") or "")
    sentence = on_one_line(str(problem.get("detail") or problem.get("title") or "refused"))
    sentence = (
        f"{sentence.rstrip('.').removesuffix('; see errors')} ({status} {code})" if code else f"{sentence} ({status})"
    )
    details = [field_error(error) for error in problem.get("errors") or ()]
    advice = _ADVICE.get(code)
    if retry_after is not None and status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        advice = f"Try again in {on_one_line(retry_after)} s."
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(sentence, details=details, advice=advice)
    return Refused(sentence, details=details, advice=advice, code=code)


def field_error(error: Mapping[str, Any]) -> str:
    """`allowed_ips[0]: "10.0.0.1/8" has bits set …`."""
    where = write_path(_path(str(error.get("pointer") or "")))
    detail = on_one_line(str(error.get("detail") or error.get("code") or "is refused"))
    return f"{where}: {detail}" if where else detail


def _path(pointer: str) -> tuple[str | int, ...]:
    """A JSON pointer (RFC 6901), its digits taken for places in lists."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    return tuple(int(step) if step.isascii() and step.isdigit() else step for step in steps)
