"""What a decision says to the caller and to the upstream, in HTTP's words. Every edge only wraps this."""

from __future__ import annotations

import json
from typing import Final, NamedTuple
from urllib.parse import quote_from_bytes

from authz_server.core import limits
from authz_server.core.auth import OidcAuth, TokenAuth
from authz_server.core.decision import ALLOWED_CODE, DENIALS, Challenge, Decision, DenialReason, Denied
from authz_server.core.facts import CheckFacts
from authz_server.core.profile import Profile

CLIENT_ID_HEADER: Final = "x-authz-client-id"
PROFILE_ID_HEADER: Final = "x-authz-profile-id"
AUTH_TYPE_HEADER: Final = "x-authz-auth-type"
SUBJECT_HEADER: Final = "x-authz-subject"
RETRY_AFTER_SECONDS: Final = "1"

_OWN_HEADERS: Final = (CLIENT_ID_HEADER, PROFILE_ID_HEADER, AUTH_TYPE_HEADER, SUBJECT_HEADER)
_METHOD_OVERRIDES: Final = ("x-http-method-override", "x-http-method", "x-method-override")
_VISIBLE_ASCII: Final = "".join(map(chr, range(0x21, 0x7F))).replace("%", "")

Headers = tuple[tuple[str, str], ...]


class Mutations(NamedTuple):
    """What an allowed request gains and loses on its way to the upstream."""

    set_headers: Headers
    removed: tuple[str, ...]


def upstream_mutations(profile: Profile, subject: str | None, facts: CheckFacts) -> Mutations:
    """The identity that the upstream sees. Whatever else is called `x-authz-*` goes: no caller can forge one."""
    headers = [
        (CLIENT_ID_HEADER, profile.client.id),
        (PROFILE_ID_HEADER, profile.id),
        (AUTH_TYPE_HEADER, profile.auth.type.value),
    ]
    written = None if subject is None else written_subject(subject)
    if written is not None:
        headers.append((SUBJECT_HEADER, written))
    kept = {name for name, _ in headers}
    removed = [name for name in (*_OWN_HEADERS, *facts.authz_headers) if name not in kept]
    if isinstance(profile.auth, TokenAuth) and not profile.auth.forward_authorization:
        removed.append("authorization")
    if profile.allowed_methods:
        removed.extend(_METHOD_OVERRIDES)
    return Mutations(tuple(headers), tuple(dict.fromkeys(removed)))


def written_subject(subject: str) -> str | None:
    """The subject as a header value, percent-encoded outside 0x21-0x7E; None where it would be empty or too long."""
    written = quote_from_bytes(subject.encode("utf-8", "surrogatepass"), safe=_VISIBLE_ASCII)
    return written if 0 < len(written) <= limits.SUBJECT_BYTES else None


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


def metadata(decision: Decision) -> dict[str, str | dict[str, str]]:
    """The dynamic metadata of a decision: for access logs, rate limits, and RBAC. Never an unproven id."""
    fields: dict[str, str | dict[str, str]] = (
        {"outcome": "denied", "code": decision.reason.value}
        if isinstance(decision, Denied)
        else {"outcome": "allowed", "code": ALLOWED_CODE}
    )
    profile = decision.profile
    if profile is not None:
        fields["client_id"] = profile.client.id
        fields["profile_id"] = profile.id
        fields["auth_type"] = profile.auth.type.value
        fields["labels"] = dict(profile.labels)
    return fields


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
