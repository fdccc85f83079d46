"""The closed list of reasons to refuse a call, and the one table of what each of them means."""

from __future__ import annotations

from enum import Enum, StrEnum
from http import HTTPStatus
from typing import Final, NamedTuple


class Step(StrEnum):
    """The steps of a check, in their order. The first that refuses decides."""

    IDENTITY = "identity"
    PROFILE = "profile"
    ACTIVE = "active"
    CLIENT_IP = "client_ip"
    METHOD = "method"
    ROUTE = "route"
    CREDENTIAL = "credential"


class DenialReason(StrEnum):
    """Why a call is refused; the `code` of the answer's body, the logs and the metrics."""

    IDENTITY_MISSING = "identity_missing"
    IDENTITY_MALFORMED = "identity_malformed"
    PROFILE_UNKNOWN = "profile_unknown"
    PROFILE_INACTIVE = "profile_inactive"
    IP_NOT_ALLOWED = "ip_not_allowed"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    ROUTE_NOT_ALLOWED = "route_not_allowed"
    CREDENTIAL_MISSING = "credential_missing"
    CREDENTIAL_MALFORMED = "credential_malformed"
    TOKEN_INVALID = "token_invalid"
    TOKEN_EXPIRED = "token_expired"
    JWT_SIGNATURE_INVALID = "jwt_signature_invalid"
    JWT_EXPIRED = "jwt_expired"
    JWT_NOT_YET_VALID = "jwt_not_yet_valid"
    JWT_CLAIM_INVALID = "jwt_claim_invalid"
    JWT_ALGORITHM_NOT_ALLOWED = "jwt_algorithm_not_allowed"
    INSUFFICIENT_SCOPE = "insufficient_scope"
    CERTIFICATE_MISSING = "certificate_missing"
    CERTIFICATE_MALFORMED = "certificate_malformed"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_ALLOWED = "certificate_not_allowed"
    PROFILE_UNUSABLE = "profile_unusable"
    KEYS_UNAVAILABLE = "keys_unavailable"
    LOOKUP_FAILED = "lookup_failed"
    INTERNAL_ERROR = "internal_error"


class Challenge(Enum):
    """What `WWW-Authenticate` asks for (RFC 9110 section 11.6.1, RFC 6750 section 3)."""

    BEARER = "bearer"
    BEARER_INVALID_TOKEN = "bearer_invalid_token"
    BEARER_INSUFFICIENT_SCOPE = "bearer_insufficient_scope"
    CERTIFICATE = "certificate"


class Denial(NamedTuple):
    """What one reason means: at which step, with which HTTP status, in which words, with which challenge."""

    step: Step
    status: int
    title: str
    detail: str
    challenge: Challenge | None = None

    @property
    def is_fault(self) -> bool:
        """Whether it is our fault, not the caller's."""
        return self.status == HTTPStatus.SERVICE_UNAVAILABLE

    @property
    def grpc_code(self) -> int:
        """`CheckResponse.status.code` (google.rpc.Code)."""
        return _GRPC_CODES[self.status]


_GRPC_CODES: Final = {401: 16, 403: 7, 405: 7, 503: 14}  # UNAUTHENTICATED, PERMISSION_DENIED, UNAVAILABLE


def _bad_credential(title: str, detail: str) -> Denial:
    return Denial(Step.CREDENTIAL, 401, title, detail, Challenge.BEARER_INVALID_TOKEN)


def _bad_certificate(title: str, detail: str) -> Denial:
    return Denial(Step.CREDENTIAL, 401, title, detail, Challenge.CERTIFICATE)


DENIALS: Final[dict[DenialReason, Denial]] = {
    DenialReason.IDENTITY_MISSING: Denial(
        Step.IDENTITY,
        403,
        "Identity missing",
        "The request must carry the headers X-Client-ID and X-Profile-ID.",
    ),
    DenialReason.IDENTITY_MALFORMED: Denial(
        Step.IDENTITY,
        403,
        "Identity malformed",
        "X-Client-ID and X-Profile-ID must each be sent once: 1 to 64 letters, digits or . _ ~ - and nothing else.",
    ),
    DenialReason.PROFILE_UNKNOWN: Denial(
        Step.PROFILE,
        403,
        "Profile unknown",
        "There is no such profile for this client.",
    ),
    DenialReason.PROFILE_INACTIVE: Denial(
        Step.ACTIVE,
        403,
        "Profile inactive",
        "The client or the profile is switched off.",
    ),
    DenialReason.IP_NOT_ALLOWED: Denial(
        Step.CLIENT_IP,
        403,
        "Address not allowed",
        "The profile may not be used from this address.",
    ),
    DenialReason.METHOD_NOT_ALLOWED: Denial(
        Step.METHOD,
        405,
        "Method not allowed",
        "The profile may not use this method; the Allow header names those it may.",
    ),
    DenialReason.ROUTE_NOT_ALLOWED: Denial(
        Step.ROUTE,
        403,
        "Route not allowed",
        "The profile may not use this route.",
    ),
    DenialReason.CREDENTIAL_MISSING: Denial(
        Step.CREDENTIAL,
        401,
        "Credential missing",
        "The profile needs a credential: send it as Authorization: Bearer, unless it names another header.",
        Challenge.BEARER,
    ),
    DenialReason.CREDENTIAL_MALFORMED: _bad_credential(
        "Credential malformed",
        "The header that carries the credential does not hold one that is well formed.",
    ),
    DenialReason.TOKEN_INVALID: _bad_credential(
        "Token invalid",
        "The token is not the one that this profile accepts.",
    ),
    DenialReason.TOKEN_EXPIRED: _bad_credential(
        "Token expired",
        "The token has expired and must be rotated.",
    ),
    DenialReason.JWT_SIGNATURE_INVALID: _bad_credential(
        "Signature invalid",
        "The JWT is not signed with a key that this profile accepts.",
    ),
    DenialReason.JWT_EXPIRED: _bad_credential(
        "JWT expired",
        "The JWT, or the secret that signed it, has expired.",
    ),
    DenialReason.JWT_NOT_YET_VALID: _bad_credential(
        "JWT not yet valid",
        "The JWT's nbf or iat claim lies in the future.",
    ),
    DenialReason.JWT_CLAIM_INVALID: _bad_credential(
        "Claim invalid",
        "A claim of the JWT is missing or is not what this profile requires.",
    ),
    DenialReason.JWT_ALGORITHM_NOT_ALLOWED: _bad_credential(
        "Algorithm not allowed",
        "The JWT is signed with an algorithm that this profile does not accept.",
    ),
    DenialReason.INSUFFICIENT_SCOPE: Denial(
        Step.CREDENTIAL,
        403,
        "Scope insufficient",
        "The token lacks a scope that this profile requires.",
        Challenge.BEARER_INSUFFICIENT_SCOPE,
    ),
    DenialReason.CERTIFICATE_MISSING: _bad_certificate(
        "Certificate missing",
        "The profile needs a client certificate in the TLS handshake.",
    ),
    DenialReason.CERTIFICATE_MALFORMED: _bad_certificate(
        "Certificate malformed",
        "The client certificate cannot be read.",
    ),
    DenialReason.CERTIFICATE_EXPIRED: _bad_certificate(
        "Certificate expired",
        "The client certificate has expired or is not valid yet.",
    ),
    DenialReason.CERTIFICATE_NOT_ALLOWED: _bad_certificate(
        "Certificate not allowed",
        "The client certificate is not one that this profile accepts.",
    ),
    DenialReason.PROFILE_UNUSABLE: Denial(
        Step.PROFILE,
        503,
        "Profile unusable",
        "The profile cannot be enforced at the moment; its operator has to publish it again.",
    ),
    DenialReason.KEYS_UNAVAILABLE: Denial(
        Step.CREDENTIAL,
        503,
        "Keys unavailable",
        "The keys that verify this credential cannot be had at the moment.",
    ),
    DenialReason.LOOKUP_FAILED: Denial(
        Step.PROFILE,
        503,
        "Look-up failed",
        "The profile could not be looked up in time.",
    ),
    DenialReason.INTERNAL_ERROR: Denial(
        Step.IDENTITY,
        503,
        "Internal error",
        "The check could not be completed.",
    ),
}
