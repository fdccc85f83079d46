"""Requests to throw: allowed ones, allowed ones with one or more things changed, damaged bytes, random bytes."""

import random
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote
from zlib import crc32

from google.protobuf.message import DecodeError

from authz_server.wire import ext_authz_pb2 as wire
from tests.model.calls import good_call, mutated
from tests.model.naive_policy import Call, Spec, Verdict, decide
from tests.model.product import request_of
from tests.model.worlds import AUTH_TYPES, a_spec

KINDS: Final = ("as it is", "one mutation", "several mutations", "one byte", "several bytes", "one field", "random")
_WEIGHTS: Final = (15, 34, 8, 14, 12, 7, 10)
_NAMES: Final = ("x-client-id", "x-profile-id", "authorization", "x-request-id", "content-type", "x-authz-role", "x")
_LARGE: Final = 70_000


@dataclass(frozen=True, slots=True)
class Thrown:
    """A request and what must be answered to it.

    Without a `verdict` any refusal is right; "allowed" is only if `may_enter`.
    """

    kind: str
    request: bytes
    verdict: Verdict | None
    may_enter: bool = False


def a_population(choices: random.Random, size: int) -> list[Spec]:
    """Profiles of all types, some of which let nobody in; and two that mutations can stray to."""
    specs = [a_spec(choices, "none", profile_id="pr_2"), a_spec(choices, "none", "cl_other", "pr_3")]
    for number in range(size):
        profile_id = f"pr_{number}_{crc32(b'%d' % number):08x}"  # no small change leads from one to another
        spec = a_spec(choices, AUTH_TYPES[number % len(AUTH_TYPES)], profile_id=profile_id)
        if choices.random() < 0.1:
            spec = replace(spec, active=choices.random() < 0.5, client_active=False)
        specs.append(spec)
    return specs


def a_throw(choices: random.Random, specs: list[Spec]) -> Thrown:
    """One request, the next that `choices` come to."""
    (kind,) = choices.choices(KINDS, _WEIGHTS)
    if kind == "random":
        request = choices.randbytes(choices.randrange(300))
        return _judged(kind, request, specs, Call(rows=[], now=0.0))
    spec = choices.choice(specs)
    call = good_call(choices, spec)
    if kind in ("one mutation", "several mutations"):
        for _ in range(1 if kind == "one mutation" else choices.randrange(2, 5)):
            call = _mutated(choices, spec, specs, call)
    request = request_of(call, raw=choices.random() < 0.3)
    if kind in ("as it is", "one mutation", "several mutations"):
        return Thrown(kind, request, decide(specs, call))
    if kind == "one field":
        request = _with_another_field(choices, request)
    else:
        for _ in range(1 if kind == "one byte" else choices.randrange(2, 20)):
            request = _damaged(choices, request)
    return _judged(kind, request, specs, call)


def _mutated(choices: random.Random, spec: Spec, specs: list[Spec], call: Call) -> Call:
    """A mutation that leaves the profiles as they are: the server holds them already."""
    world = [spec, *specs[:2]]
    while True:
        after, changed = mutated(choices, world, call)
        if after == world:
            return changed


def _damaged(choices: random.Random, request: bytes) -> bytes:
    at = choices.randrange(len(request) + 1)
    kind = choices.randrange(5)
    if kind == 0:
        return request[:at] + request[at + 1 :]
    if kind == 1:
        return request[:at] + choices.randbytes(1) + request[at:]
    if kind == 2:
        return request[:at]
    if kind == 3:
        return request[:at] + request[choices.randrange(len(request) + 1) :]
    return request[:at] + choices.randbytes(1) + request[at + 1 :]


def _with_another_field(choices: random.Random, request: bytes) -> bytes:
    message = wire.CheckRequest.FromString(request)
    attributes, http = message.attributes, message.attributes.request.http
    name = choices.choice(_NAMES)
    value = choices.choice(["", "a,b", "x" * _LARGE, "cl_acme", "é", "Bearer x", "application/grpc"])
    changes: list[Callable[[], object]] = [
        lambda: http.headers.update({name: value}),
        lambda: http.header_map.headers.extend([wire.HeaderValue(key=name, raw_value=choices.randbytes(9))]),
        lambda: http.header_map.headers.extend([wire.HeaderValue(key=name.upper(), value=value)]),
        lambda: message.ClearField("attributes"),
        lambda: attributes.ClearField("source"),
        lambda: attributes.ClearField("request"),
        lambda: http.ClearField("headers"),
        lambda: attributes.source.address.pipe.MergeFrom(wire.Pipe(path="/run/envoy.sock")),
        lambda: attributes.context_extensions.update({"route": value}),
        lambda: http.MergeFrom(wire.AttributeContext.HttpRequest(method=value)),
        lambda: attributes.source.MergeFrom(wire.AttributeContext.Peer(certificate=value)),
    ]
    choices.choice(changes)()
    return message.SerializeToString()


def _judged(kind: str, request: bytes, specs: list[Spec], before: Call) -> Thrown:
    """What the model says of these bytes; the credential is as good as it was where it is still the same."""
    try:
        http = wire.CheckRequest.FromString(request).attributes
    except DecodeError:
        return Thrown(kind, request, _fault())
    call = _call_of(http, before)
    verdict = decide(specs, call)
    spec = next((spec for spec in specs if spec.profile_id == verdict.metadata.get("profile_id")), None)
    earlier = verdict.code.startswith(("identity_", "profile_", "ip_", "method_", "route_"))
    if spec is None or earlier or spec.auth["type"] in ("none", "token") or _same_credential(spec, before, call):
        return Thrown(kind, request, verdict)
    # Whose certificate it is, the handshake proves to Envoy. Here a damaged one is another one, perhaps as good.
    # The same one in other words (`%0a`, a tab for a line break) may be read or not.
    may_enter = spec.auth["type"] == "mtls" and (
        not {"fingerprints", "bundle"} & set(spec.auth) or _der(before.certificate) == _der(call.certificate)
    )
    return Thrown(kind, request, None, may_enter=may_enter)


def _call_of(attributes: wire.AttributeContext, before: Call) -> Call:
    http = attributes.request.http
    raw = http.header_map.headers
    rows = [(row.key.lower(), row.raw_value.decode("latin-1") if row.raw_value else row.value) for row in raw]
    return replace(
        before,
        rows=[*http.headers.items(), *rows],
        method=http.method,
        client_ip=attributes.source.address.socket_address.address or None,
        route=attributes.context_extensions.get("route"),
        certificate=attributes.source.certificate,
    )


def _same_credential(spec: Spec, before: Call, after: Call) -> bool:
    if spec.auth["type"] == "mtls":
        return before.certificate == after.certificate
    first, second = ([v for n, v in call.rows if n == "authorization"] for call in (before, after))
    return first == second


def _der(text: str) -> bytes:
    """The certificate's bytes, however its text is written."""
    pem = unquote(text).replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "")
    try:
        return b64decode("".join(pem.split()), validate=True)
    except (NoBase64, ValueError):
        return pem.encode()


def _fault() -> Verdict:
    headers = {"content-type": "application/problem+json", "cache-control": "no-store", "retry-after": "1"}
    metadata = {"outcome": "denied", "code": "internal_error"}
    return Verdict(code="internal_error", status=503, headers=headers, metadata=metadata)
