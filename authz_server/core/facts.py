"""CheckFacts: what one call shows us, before anything of it is believed."""

import re
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple

from authz_server.core import limits

_IDENTIFIER: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._~-]{{0,{limits.IDENTIFIER_CHARACTERS - 1}}}")
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_REQUEST_ID: Final = re.compile(rf"[A-Za-z0-9-]{{1,{limits.REQUEST_ID_CHARACTERS}}}")


class CertificateForm(Enum):
    """How `CheckFacts.certificate` is written."""

    PEER = "peer"  # AttributeContext.Peer.certificate: URL-encoded PEM of the leaf
    XFCC = "xfcc"  # the whole x-forwarded-client-cert header


class CheckFacts(NamedTuple):
    """One call as Envoy shows it, raw. A header that came in several rows is joined by commas.

    `client_ip` may carry a port or a zone; `route` is the per-route `context_extensions` entry of that name;
    `authz_headers` are the names in the request that begin with `x-authz-`, in lower case; `headers` is everything that
    Envoy passed on, by its name in lower case, for the profiles that name a header of their own.
    """

    client_id: str | None = None
    profile_id: str | None = None
    authorization: str | None = None
    method: str = ""
    client_ip: str | None = None
    route: str | None = None
    certificate: str | None = None
    certificate_form: CertificateForm = CertificateForm.PEER
    request_id: str | None = None
    grpc_caller: bool = False
    authz_headers: tuple[str, ...] = ()
    headers: Mapping[str, str] = _NO_HEADERS


def is_identifier(text: str) -> bool:
    """Whether `text` can be the id of a client or a profile. Case-sensitive, never trimmed."""
    return _IDENTIFIER.fullmatch(text) is not None


def is_request_id(text: str) -> bool:
    """Whether a caller's `x-request-id` may be given back to it."""
    return _REQUEST_ID.fullmatch(text) is not None
