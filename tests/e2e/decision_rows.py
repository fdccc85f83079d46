"""The decision table: what a caller sends, and the code that has to come back. It imports nothing of the product."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.support.callers import Headers

ALLOWED: Final = "allowed"
HTTP_1: Final = "HTTP/1.1"
HTTP_2: Final = "HTTP/2"
GRPC: Final = "gRPC"

STATUS: Final = {
    ALLOWED: 200,
    "identity_missing": 403,
    "identity_malformed": 403,
    "profile_unknown": 403,
    "profile_inactive": 403,
    "ip_not_allowed": 403,
    "method_not_allowed": 405,
    "route_not_allowed": 403,
    "credential_missing": 401,
    "credential_malformed": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "jwt_signature_invalid": 401,
    "jwt_expired": 401,
    "jwt_not_yet_valid": 401,
    "jwt_claim_invalid": 401,
    "jwt_algorithm_not_allowed": 401,
    "insufficient_scope": 403,
    "certificate_missing": 401,
    "certificate_malformed": 401,
    "certificate_expired": 401,
    "certificate_not_allowed": 401,
    "keys_unavailable": 503,
}

Credential = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One call and its outcome.

    `credential` is made when the call is made, as its dates count from then. `certificate` names a caller of the
    `certificates` fixture. A method or a header that one protocol cannot carry names those that can in `over`.
    """

    says: str
    profile: str | None
    code: str
    client: str | None = "cl_acme"
    method: str = "POST"
    labelled: bool = True  # on a route with the label `orders`
    credential: Credential | None = None
    certificate: str | None = None
    headers: Headers = ()
    over: tuple[str, ...] = (HTTP_1, HTTP_2, GRPC)
    subject: str | None = None
    allow: str | None = None
    scope: str | None = None

    def sent_headers(self) -> list[tuple[str, str]]:
        """Everything but the method and the path."""
        sent = [("x-client-id", self.client), ("x-profile-id", self.profile)]
        named = [(name, value) for name, value in sent if value is not None]
        if self.credential is not None:
            named.append(("authorization", self.credential()))
        return [*named, *self.headers]

    @property
    def challenge(self) -> str | None:
        """What `WWW-Authenticate` has to say."""
        if self.code.startswith("certificate_"):
            return 'Certificate realm="authz"'
        if self.code == "insufficient_scope":
            return f'Bearer realm="authz", error="insufficient_scope", scope="{self.scope}"'
        if self.code == "credential_missing":
            return 'Bearer realm="authz"'
        return 'Bearer realm="authz", error="invalid_token"' if STATUS[self.code] == 401 else None


def bearer(token: str | Credential) -> Credential:
    """The value of `Authorization`."""
    return lambda: f"Bearer {token if isinstance(token, str) else token()}"


def literally(value: str) -> Credential:
    """A value of `Authorization` that is not of the form `Bearer …`."""
    return lambda: value
