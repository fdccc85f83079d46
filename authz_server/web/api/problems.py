"""Problem documents (RFC 9457): the one form that every error of the API has, and what each error means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from authz_server.documents.errors import DocumentInvalid, FieldError, Problem, write_pointer
from authz_server.managing.errors import Code, DatabaseUnavailable, Refused, ValidationFailed

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:authz:problem:"
RETRY_AFTER_SECONDS: Final = 1
ERRORS_SHOWN: Final = 1_000  # of one answer


class Kind(NamedTuple):
    """What a code means: the HTTP status, and the title for people."""

    status: int
    title: str


KINDS: Final[Mapping[str, Kind]] = {
    "malformed_json": Kind(400, "Malformed JSON"),
    "malformed_request": Kind(400, "Malformed request"),
    Code.UNAUTHENTICATED: Kind(401, "Unauthenticated"),
    "forbidden": Kind(403, "Forbidden"),
    Code.NOT_FOUND: Kind(404, "Not found"),
    "method_not_allowed": Kind(405, "Method not allowed"),
    Code.NAME_TAKEN: Kind(409, "Name taken"),
    Code.ID_TAKEN: Kind(409, "Id taken"),
    Code.NO_CREDENTIAL: Kind(409, "No credential"),
    Code.REVEAL_OFF: Kind(409, "Not kept"),
    Code.TOO_MANY_PROFILES: Kind(409, "Too many profiles"),
    Code.LAST_ADMIN: Kind(409, "Last admin"),
    Code.VERSION_MISMATCH: Kind(412, "Version mismatch"),
    "content_too_large": Kind(413, "Content too large"),
    "unsupported_media_type": Kind(415, "Unsupported media type"),
    Code.VALIDATION_FAILED: Kind(422, "Validation failed"),
    Code.IDEMPOTENCY_KEY_REUSED: Kind(422, "Idempotency key reused"),
    "too_many_attempts": Kind(429, "Too many failed attempts"),
    "internal_error": Kind(500, "Internal error"),
    "database_unavailable": Kind(503, "Database unavailable"),
}
_REALM: Final = {"WWW-Authenticate": 'Bearer realm="authz"'}
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="authz", error="invalid_token"'}


class ApiError(Exception):
    """An answer that is an error. The sentence is for people and holds no secret."""

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        errors: tuple[Mapping[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.code = code
        self.errors = errors
        self.headers = dict(headers or {})
        super().__init__(sentence)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.code].status


def unauthenticated(sentence: str, *, with_key: bool) -> ApiError:
    """401: no API key, or one that is not accepted (RFC 6750 section 3)."""
    return ApiError(Code.UNAUTHENTICATED, sentence, headers=_CHALLENGE if with_key else _REALM)


def invalid(problems: Iterable[Problem]) -> ApiError:
    """422: what is wrong with the fields, all of it."""
    shown = [_field(write_pointer(each.path), each.code, each.detail) for each in problems]
    count = len(shown)
    sentence = f"{count} {'value is' if count == 1 else 'values are'} refused; see errors"
    return ApiError(Code.VALIDATION_FAILED, sentence, errors=tuple(shown[:ERRORS_SHOWN]))


def of(error: Exception) -> ApiError | None:
    """What an exception means to the caller; None where it is a surprise."""
    match error:
        case ApiError():
            return error
        case ValidationFailed():
            return invalid(error.problems)
        case Refused():
            return ApiError(error.code, _sentence(str(error)))
        case DocumentInvalid():
            return _document(error)
        case DatabaseUnavailable():
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return ApiError("database_unavailable", _sentence(str(error)), headers=headers)
    return None


def response(error: ApiError, request_id: str) -> Response:
    """The error as an answer."""
    kind = KINDS[error.code]
    document: dict[str, Any] = {
        "type": f"{TYPE_PREFIX}{error.code}",
        "title": kind.title,
        "status": kind.status,
        "code": str(error.code),
        "detail": _sentence(str(error)),
        "request_id": request_id,
    }
    if error.errors:
        document["errors"] = list(error.errors)
    return Response(written(document), kind.status, error.headers, MEDIA_TYPE)


def internal_error() -> ApiError:
    """500: nothing of what happened is told but that it did."""
    return ApiError("internal_error", "The request could not be completed; the log of the server says why.")


def not_found(path_is_unknown: str = "There is nothing at this path.") -> ApiError:
    """404, of a path that nobody serves."""
    return ApiError(Code.NOT_FOUND, path_is_unknown)


def method_not_allowed(allowed: Iterable[str]) -> ApiError:
    """405, with what is accepted instead (RFC 9110 section 15.5.6)."""
    names = ", ".join(sorted(allowed))
    return ApiError("method_not_allowed", f"This path takes {names}.", headers={"Allow": names})


def written(value: Any) -> bytes:
    """JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _document(error: DocumentInvalid) -> ApiError:
    shown = tuple(_field(_pointer_of(each), each.code, _placed(each)) for each in error.errors[:ERRORS_SHOWN])
    return ApiError(
        Code.VALIDATION_FAILED, f"the document is refused: {len(error.errors)} errors; see errors", errors=shown
    )


def _placed(error: FieldError) -> str:
    return f"line {error.line}, column {error.column}: {error.detail}"


def _pointer_of(error: FieldError) -> str:
    return write_pointer(error.at)


def _field(pointer: str, code: str, detail: str) -> Mapping[str, str]:
    return {"pointer": pointer, "code": str(code), "detail": detail}


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?")) else f"{text}."
