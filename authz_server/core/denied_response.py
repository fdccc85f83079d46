"""What a refused caller is answered, in HTTP's words: headers and body. Every edge only wraps this."""

from __future__ import annotations

import json
from typing import Final

from authz_server.core.auth import OidcAuth
from authz_server.core.decision import Denied
from authz_server.core.denial_reasons import DENIALS, Challenge, DenialReason
from authz_server.core.profile import Profile

RETRY_AFTER_SECONDS: Final = "1"

Headers = tuple[tuple[str, str], ...]


def denied_headers(denied: Denied, realm: str, *, grpc_caller: bool) -> Headers:
    """The headers of a refusal. `realm` is printable ASCII without quotes."""
    denial = DENIALS[denied.reason]
    headers = [
        ("content-type", "text/plain" if grpc_caller else "application/problem+json"),
        ("cache-control", "no-store"),
    ]
    profile = denied.profile
    if denied.reason is DenialReason.METHOD_NOT_ALLOWED and profile is not None:
        headers.append(("allow", ", ".join(dict.fromkeys(profile.allowed_methods))))
    if denial.challenge is not None:
        headers.append(("www-authenticate", _challenge(denial.challenge, realm, profile)))
    if denial.is_fault:
        headers.append(("retry-after", RETRY_AFTER_SECONDS))
    return tuple(headers)


def problem(reason: DenialReason, request_id: str) -> dict[str, str | int]:
    """The problem document (RFC 9457) of a refusal: exactly six members, nothing of the request but its id."""
    denial = DENIALS[reason]
    return {
        "type": f"urn:authz:problem:{reason}",
        "title": denial.title,
        "status": denial.status,
        "code": reason.value,
        "detail": denial.detail,
        "request_id": request_id,
    }


_PROBLEM_HEADS: Final = {
    reason: json.dumps(problem(reason, ""), separators=(",", ":")).encode()[: -len('"}')] for reason in DenialReason
}
_PLAIN_LINES: Final = {reason: f"{reason}: {DENIALS[reason].title}".encode("ascii") for reason in DenialReason}


def denied_body(reason: DenialReason, request_id: str, *, grpc_caller: bool) -> bytes:
    """The body of a refusal. `request_id` matches `facts.is_request_id`, so that it needs no escaping.

    To a gRPC caller it is one ASCII line, which Envoy turns into the `grpc-message`.
    """
    if grpc_caller:
        return _PLAIN_LINES[reason]
    return b'%b%b"}' % (_PROBLEM_HEADS[reason], request_id.encode("ascii"))


def _challenge(challenge: Challenge, realm: str, profile: Profile | None) -> str:
    if challenge is Challenge.CERTIFICATE:
        return f'Certificate realm="{realm}"'
    value = f'Bearer realm="{realm}"'
    if challenge is Challenge.BEARER_INVALID_TOKEN:
        return f'{value}, error="invalid_token"'
    if challenge is Challenge.BEARER_INSUFFICIENT_SCOPE:
        scopes = profile.auth.required_scopes if profile and isinstance(profile.auth, OidcAuth) else ()
        return f'{value}, error="insufficient_scope", scope="{" ".join(scopes)}"'
    return value
