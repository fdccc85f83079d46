"""From a decision to the bytes of a CheckResponse. Every CheckResponse is made here.

What depends on the profile alone is serialised once and kept with the profile. What a single request adds stands
behind it, inside the same field: a serialised message grows by appending fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from authz_server.core.decision import Allowed, Decision, Denied, dynamic_metadata
from authz_server.core.denial_reasons import DENIALS, DenialReason
from authz_server.core.denied_response import denied_body, denied_headers
from authz_server.core.facts import CheckFacts
from authz_server.core.upstream_headers import SUBJECT_HEADER, Mutations, upstream_mutations, written_subject
from authz_server.wire import ext_authz_pb2 as wire

UNAVAILABLE: Final = 14  # google.rpc.Code

_SOME_SUBJECT: Final = "-"  # whoever it is: what is prepared must not depend on one request's subject
_OVERWRITE: Final = wire.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD

_STATUS_CODES: Final = {
    401: wire.Unauthorized,
    403: wire.Forbidden,
    405: wire.MethodNotAllowed,
    503: wire.ServiceUnavailable,
}

# Tags of length-delimited fields: number << 3 | 2.
_CHECK_DENIED: Final = b"\x12"
_CHECK_OK: Final = b"\x1a"
_OK_HEADERS: Final = b"\x12"
_DENIED_BODY: Final = b"\x1a"
_HEADER_KEY: Final = b"\x0a"
_HEADER_VALUE: Final = b"\x12"
_OPTION_HEADER: Final = b"\x0a"
_CONTINUED: Final = 0x80  # the bit of a varint that says: another byte follows
_OPTION_OVERWRITE: Final = bytes((3 << 3, _OVERWRITE))


class FaultAs(StrEnum):
    """How "cannot tell" is answered."""

    GRPC = "grpc"  # gRPC status UNAVAILABLE
    ERROR_RESPONSE = "error_response"  # CheckResponse.error_response, Envoy from 2026 on


class _Prepared(NamedTuple):
    """A response without what a single request adds: the other fields, and the answer's own fields."""

    head: bytes
    answer: bytes


class Encoder:
    """Writes decisions for Envoy. Status OK if and only if the decision is `Allowed`."""

    __slots__ = ("_realm", "_without_profile")

    def __init__(self, realm: str) -> None:
        self._realm = realm
        self._without_profile: dict[object, _Prepared] = {}

    def allowed(self, allowed: Allowed, facts: CheckFacts) -> bytes:
        """Let the call through, with the identity that the upstream is to see."""
        profile, subject = allowed
        if facts.authz_headers:  # forged by the caller: nothing to prepare for
            return _whole(_CHECK_OK, _allowed(allowed, upstream_mutations(profile, subject, facts)))
        written = None if subject is None else written_subject(subject)
        if written is None:
            encoded: bytes | None = profile.prepared.get("allowed")
            if encoded is None:
                nobody = upstream_mutations(profile, None, facts)
                encoded = profile.prepared["allowed"] = _whole(_CHECK_OK, _allowed(allowed, nobody))
            return encoded
        prepared: _Prepared | None = profile.prepared.get("with a subject")
        if prepared is None:
            somebody = upstream_mutations(profile, _SOME_SUBJECT, facts)
            others = tuple(pair for pair in somebody.set_headers if pair[0] != SUBJECT_HEADER)
            prepared = _allowed(allowed, somebody._replace(set_headers=others))
            profile.prepared["with a subject"] = prepared
        return _whole(_CHECK_OK, prepared, _delimited(_OK_HEADERS, _option(SUBJECT_HEADER, written)))

    def denied(self, denied: Denied, facts: CheckFacts, request_id: str) -> bytes:
        """Refuse the call; `request_id` is one that may be shown to the caller."""
        reason, profile = denied
        known = self._without_profile if profile is None else profile.prepared
        key = (self._realm, reason, facts.grpc_caller)
        prepared: _Prepared | None = known.get(key)
        if prepared is None:
            prepared = known[key] = self._denied(denied, grpc_caller=facts.grpc_caller)
        body = denied_body(reason, request_id, grpc_caller=facts.grpc_caller)
        return _whole(_CHECK_DENIED, prepared, _delimited(_DENIED_BODY, body))

    def cannot_tell(self) -> bytes:
        """The `error_response` for "cannot tell": to Envoy an error, which its own configuration decides on."""
        refusal = Denied(DenialReason.LOOKUP_FAILED)
        response = wire.CheckResponse(
            status=wire.Status(code=UNAVAILABLE),
            error_response=self._denied_response(refusal, grpc_caller=True),  # a line of text, no problem document
        )
        response.error_response.body = "The check cannot be made at the moment.\n"
        response.dynamic_metadata.update({"outcome": "denied", "code": "unavailable"})
        return response.SerializeToString()

    def _denied(self, denied: Denied, *, grpc_caller: bool) -> _Prepared:
        response = self._denied_response(denied, grpc_caller=grpc_caller)
        return _Prepared(_head(DENIALS[denied.reason].grpc_code, denied), response.SerializeToString())

    def _denied_response(self, denied: Denied, *, grpc_caller: bool) -> wire.DeniedHttpResponse:
        return wire.DeniedHttpResponse(
            status=wire.HttpStatus(code=_STATUS_CODES[DENIALS[denied.reason].status]),
            headers=_options(denied_headers(denied, self._realm, grpc_caller=grpc_caller)),
        )


def _allowed(allowed: Allowed, mutations: Mutations) -> _Prepared:
    ok = wire.OkHttpResponse(headers=_options(mutations.set_headers), headers_to_remove=mutations.removed)
    return _Prepared(_head(0, allowed), ok.SerializeToString())


def _head(code: int, decision: Decision) -> bytes:
    response = wire.CheckResponse(status=wire.Status(code=code))
    response.dynamic_metadata.update(dynamic_metadata(decision))
    return response.SerializeToString()


def _whole(tag: bytes, prepared: _Prepared, more: bytes = b"") -> bytes:
    return prepared.head + _delimited(tag, prepared.answer + more)


def _options(pairs: Iterable[tuple[str, str]]) -> list[wire.HeaderValueOption]:
    return [
        wire.HeaderValueOption(header=wire.HeaderValue(key=name, value=value), append_action=_OVERWRITE)
        for name, value in pairs
    ]


def _option(name: str, value: str) -> bytes:
    header = _delimited(_HEADER_KEY, name.encode()) + _delimited(_HEADER_VALUE, value.encode("ascii"))
    return _delimited(_OPTION_HEADER, header) + _OPTION_OVERWRITE


def _delimited(tag: bytes, payload: bytes) -> bytes:
    """A length-delimited field: tag, length as a varint, payload."""
    length = len(payload)
    if length < _CONTINUED:
        return b"%b%c%b" % (tag, length, payload)
    written = bytearray(tag)
    while length >= _CONTINUED:
        written.append(length & 0x7F | _CONTINUED)
        length >>= 7
    written.append(length)
    return bytes(written) + payload
