"""Lines to paste: one request for each thing that the check can say, grouped by status."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from typing import Final, NamedTuple

from authz_server.core.decision import ALLOWED_CODE
from authz_server.core.denial_reasons import DenialReason as Reason
from authz_server.core.token import Prefix
from authz_server.dev.certificates import Certificates
from authz_server.dev.ports import Ports
from authz_server.dev.samples import CLIENT_ID, Samples

NEW_CLIENT_ID: Final = "cl_mine"
NEW_PROFILE_ID: Final = "pr_mine"


class Example(NamedTuple):
    """A request, and the status and the code that it is answered with."""

    status: int
    code: str
    arguments: tuple[str, ...]

    def lines(self) -> tuple[str, str]:
        """What is to be expected, and the command."""
        return f"# {self.status} {self.code}", shlex.join(("curl", "-sS", "-i", *self.arguments))


class _Requests:
    """Writes the arguments of one curl."""

    def __init__(self, ports: Ports, certificates: Certificates) -> None:
        self._plain = f"http://127.0.0.1:{ports.http}"
        self._encrypted = f"https://127.0.0.1:{ports.https}"
        self._certificates = certificates

    def plain(self, profile_id: str, bearer: str | None = None, *more: str, path: str = "/hello") -> tuple[str, ...]:
        """By plain HTTP."""
        return (self._plain + path, *more, *_headers(profile_id, bearer))

    def nameless(self) -> tuple[str, ...]:
        """Without saying who calls."""
        return (f"{self._plain}/hello",)

    def encrypted(self, profile_id: str, *, with_certificate: bool) -> tuple[str, ...]:
        """By HTTPS, with or without the client certificate."""
        known = self._certificates
        own = ("--cert", str(known.certificate("client")), "--key", str(known.key("client")))
        return (
            f"{self._encrypted}/hello",
            "--cacert",
            str(known.authority),
            *(own if with_certificate else ()),
            *_headers(profile_id, None),
        )


def examples(samples: Samples, ports: Ports, now: float) -> Iterable[Example]:
    """All examples, 200 first, then 403, 405 and 401. `now` is in seconds since the Unix epoch."""
    request = _Requests(ports, samples.certificates)
    token = samples.secrets.token
    reader = samples.access_token(now, "orders.read")
    yield Example(200, ALLOWED_CODE, request.plain("pr_sandbox", token))
    yield Example(200, ALLOWED_CODE, request.plain("pr_partner", samples.partner_jwt(now)))
    yield Example(200, ALLOWED_CODE, request.plain("pr_readonly", reader))
    yield Example(200, ALLOWED_CODE, request.plain("pr_people", samples.id_token(now)))
    yield Example(200, ALLOWED_CODE, request.encrypted("pr_production", with_certificate=True))
    yield Example(200, ALLOWED_CODE, request.plain("pr_internal"))
    yield Example(200, ALLOWED_CODE, request.plain("pr_orders", path="/orders/7"))
    yield Example(403, Reason.IDENTITY_MISSING, request.nameless())
    yield Example(403, Reason.PROFILE_UNKNOWN, request.plain("pr_nowhere", token))
    yield Example(403, Reason.PROFILE_INACTIVE, request.plain("pr_paused"))
    yield Example(403, Reason.IP_NOT_ALLOWED, request.plain("pr_office"))
    yield Example(403, Reason.ROUTE_NOT_ALLOWED, request.plain("pr_orders"))
    yield Example(403, Reason.INSUFFICIENT_SCOPE, request.plain("pr_readonly", samples.access_token(now, "profile")))
    yield Example(405, Reason.METHOD_NOT_ALLOWED, request.plain("pr_readonly", reader, "-X", "DELETE"))
    yield Example(401, Reason.CREDENTIAL_MISSING, request.plain("pr_sandbox"))
    yield Example(401, Reason.CREDENTIAL_MALFORMED, request.plain("pr_sandbox", f"{Prefix.TOKEN}mistyped"))
    yield Example(401, Reason.TOKEN_INVALID, request.plain("pr_sandbox", samples.secrets.expired_token))
    yield Example(401, Reason.TOKEN_EXPIRED, request.plain("pr_expired", samples.secrets.expired_token))
    yield Example(401, Reason.JWT_EXPIRED, request.plain("pr_partner", samples.partner_jwt(0.0)))
    yield Example(401, Reason.CERTIFICATE_MISSING, request.encrypted("pr_production", with_certificate=False))


def first_edits(samples: Samples, ports: Ports) -> Iterable[str]:
    """Lines for a shell that make a client and a profile over REST, and call Envoy as that client."""
    api = f"http://127.0.0.1:{ports.manage}/api/v1"
    key = f"-H 'Authorization: Bearer {samples.secrets.api_key}' -H 'Content-Type: application/json'"
    client = json.dumps({"id": NEW_CLIENT_ID, "name": "My first client"})
    profile = json.dumps({"id": NEW_PROFILE_ID, "name": "production", "auth": {"type": "token"}})
    ids = f"-H 'X-Client-ID: {NEW_CLIENT_ID}' -H 'X-Profile-ID: {NEW_PROFILE_ID}'"
    yield f"curl -sS {api}/clients {key} -d '{client}'"
    yield f"answer=$(curl -sS {api}/clients/{NEW_CLIENT_ID}/profiles {key} -d '{profile}')"
    yield 'echo "$answer"; token=$(echo "$answer" | grep -o "azt_[0-9A-Za-z]*" | head -n 1)'
    yield f'curl -sS -i http://127.0.0.1:{ports.http}/hello {ids} -H "Authorization: Bearer $token"'


def _headers(profile_id: str, bearer: str | None) -> Iterable[str]:
    headers = [f"X-Client-ID: {CLIENT_ID}", f"X-Profile-ID: {profile_id}"]
    if bearer is not None:
        headers.append(f"Authorization: Bearer {bearer}")
    for header in headers:
        yield from ("-H", header)
