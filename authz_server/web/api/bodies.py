"""Request bodies: their size, their media type, and JSON read strictly."""

from __future__ import annotations

from collections.abc import Collection
from email.message import Message
from typing import Any, Final

from starlette.requests import Request

from authz_server.documents.errors import Problem
from authz_server.documents.fields import Fields, Report
from authz_server.documents.tree import read_json
from authz_server.web.api.problems import ApiError, invalid

JSON: Final = ("application/json",)
DOCUMENT: Final = ("application/yaml", "application/json")
_UTF8: Final = ("utf-8", "utf8", "us-ascii")


async def read(request: Request, most: int, media_types: Collection[str]) -> bytes:
    """The body's bytes. Raises `ApiError`: 413 beyond `most`, 415 of another media type."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:20]) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
    body = b"".join(parts)
    if body:
        _check_media_type(request, media_types)
    return body


def fields(body: bytes) -> dict[str, Any]:
    """The members of a JSON object. Raises `ApiError`: 400 where it is no JSON, 422 where it is no object."""
    try:
        value = read_json(body)
    except ValueError as problem:
        raise ApiError("malformed_json", f"the body {problem}") from None
    report = Report()
    Fields.of(value, (), report)
    if report.errors:
        raise invalid(Problem((), each.code, f"the body {each.detail}") for each in report.errors)
    members: dict[str, Any] = value
    return members


def _check_media_type(request: Request, media_types: Collection[str]) -> None:
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    charset = message.get_param("charset", "utf-8")
    if message.get_content_type() not in media_types or str(charset).lower() not in _UTF8:
        raise ApiError(
            "unsupported_media_type",
            f"the body has to be {' or '.join(media_types)}, in UTF-8",
            headers={"Accept": ", ".join(media_types)},
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiError("unsupported_media_type", "the body has to be sent as it is, not compressed")


def _too_large(most: int) -> ApiError:
    return ApiError("content_too_large", f"the body may have at most {most} bytes")
