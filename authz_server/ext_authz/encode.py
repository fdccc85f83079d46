"""From a decision to the bytes of a CheckResponse. Every CheckResponse is made here.

Two serialised messages, one behind the other, are one merged message: that is protobuf's encoding. So what depends on
the profile alone is serialised once and kept with the profile, and only what a single request adds is put behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from authz_server.core import answer
from authz_server.core.decision import DENIALS, Allowed, DenialReason, Denied
from authz_server.core.facts import CheckFacts
from authz_server.core.profile import Profile
from authz_server.wire import ext_authz_pb2 as wire

UNAVAILABLE: Final = 14  # google.rpc.Code

_NOTHING_FORGED: Final = CheckFacts()
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
_OK_REMOVE: Final = b"\x2a"
_DENIED_BODY: Final = b"\x1a"
_HEADER_KEY: Final = b"\x0a"
_HEADER_VALUE: Final = b"\x12"
_OPTION_HEADER: Final = b"\x0a"
_OPTION_OVERWRITE: Final = bytes((3 << 3, _OVERWRITE))


class FaultAs(StrEnum):
    """How "cannot tell" is answered."""

    GRPC = "grpc"  # gRPC status UNAVAILABLE
    ERROR_RESPONSE = "error_response"  # CheckResponse.error_response, Envoy from 2026 on


class Encoder:
    """Writes decisions for Envoy. Status OK if and only if the decision is `Allowed`."""

    __slots__ = ("_realm", "_without_profile")

    def __init__(self, realm: str) -> None:
        self._realm = realm
        self._without_profile: dict[object, bytes] = {}

    def allowed(self, allowed: Allowed, facts: CheckFacts) -> bytes:
        """Let the call through, with the identity that the upstream is to see."""
        profile, subject = allowed
        written = None if subject is None else answer.written_subject(subject)
        key = "allowed" if written is None else "allowed, with a subject"
        encoded = profile.prepared.get(key)
        if encoded is None:
            encoded = profile.prepared[key] = self._allowed(profile, subject if written is not None else None)
        if written is not None:
            encoded += _delimited(_CHECK_OK, _delimited(_OK_HEADERS, _option(answer.SUBJECT_HEADER, written)))
        if facts.authz_headers:
            forged = answer.upstream_mutations(profile, subject, facts).removed
            encoded += _delimited(_CHECK_OK, b"".join(_delimited(_OK_REMOVE, name.encode()) for name in forged))
        return encoded

    def denied(self, denied: Denied, facts: CheckFacts, request_id: str) -> bytes:
        """Refuse the call; `request_id` is one that may be shown to the caller."""
        reason, profile = denied
        prepared = self._without_profile if profile is None else profile.prepared
        key = (reason, facts.grpc_caller)
        encoded = prepared.get(key)
        if encoded is None:
            encoded = prepared[key] = self._denied(denied, grpc_caller=facts.grpc_caller)
        body = answer.denied_body(reason, request_id, grpc_caller=facts.grpc_caller)
        return encoded + _delimited(_CHECK_DENIED, _delimited(_DENIED_BODY, body))

    def cannot_tell(self) -> bytes:
        """The `error_response` for "cannot tell": to Envoy an error, which its own configuration decides on."""
        refusal = Denied(DenialReason.LOOKUP_FAILED)
        response = wire.CheckResponse(
            status=wire.Status(code=UNAVAILABLE),
            error_response=self._denied_response(refusal, grpc_caller=False),
        )
        response.error_response.body = "The check cannot be made at the moment.\n"
        response.dynamic_metadata.update({"outcome": "denied", "code": "unavailable"})
        return response.SerializeToString()

    def _allowed(self, profile: Profile, subject: str | None) -> bytes:
        set_headers, removed = answer.upstream_mutations(profile, subject, _NOTHING_FORGED)
        response = wire.CheckResponse(
            status=wire.Status(code=0),
            ok_response=wire.OkHttpResponse(
                headers=_options(pair for pair in set_headers if pair[0] != answer.SUBJECT_HEADER),
                headers_to_remove=removed,
            ),
        )
        response.dynamic_metadata.update(answer.metadata(Allowed(profile, subject)))
        return response.SerializeToString()

    def _denied(self, denied: Denied, *, grpc_caller: bool) -> bytes:
        response = wire.CheckResponse(
            status=wire.Status(code=DENIALS[denied.reason].grpc_code),
            denied_response=self._denied_response(denied, grpc_caller=grpc_caller),
        )
        response.dynamic_metadata.update(answer.metadata(denied))
        return response.SerializeToString()

    def _denied_response(self, denied: Denied, *, grpc_caller: bool) -> wire.DeniedHttpResponse:
        return wire.DeniedHttpResponse(
            status=wire.HttpStatus(code=_STATUS_CODES[DENIALS[denied.reason].status]),
            headers=_options(answer.denied_headers(denied, self._realm, grpc_caller=grpc_caller)),
        )


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
    if length < 0x80:
        return b"%b%c%b" % (tag, length, payload)
    written = bytearray(tag)
    while length >= 0x80:
        written.append(length & 0x7F | 0x80)
        length >>= 7
    written.append(length)
    return bytes(written) + payload
