"""The document as JSON Schema (2020-12): for editors, and for the description of REST.

It says what a schema can say. Where it cannot (a prefix with host bits, a damaged key), a `format` names what is meant
and the validators decide; they are the authority, and a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from authz_server.authentication.keys import ASYMMETRIC_ALGORITHMS, HMAC_ALGORITHMS
from authz_server.core.limits import LABELS, LEEWAY_SECONDS
from authz_server.documents import limits, token_header

Schema = Mapping[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_UNSEEN: Final = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069"  # as values.text refuses
_LABEL: Final = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_SPIFFE_SEGMENTS: Final = r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+)*"
_CLAIM_NAME: Final = r"([^.\\]|\\[.\\])+"


def document_schema() -> dict[str, Any]:
    """The schema of a whole document."""
    variable = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "description": "Names a variable."}
    return {"$schema": DIALECT, "title": "authz-server profile document", **document({"secret_env": variable})}


def document(more_secrets: Mapping[str, Schema] | None = None) -> dict[str, Any]:
    """A document, without the head that a schema of its own has. `more_secrets`: where else a secret may be."""
    auth = {"anyOf": document_auth(more_secrets or {})}
    profile = an_object({**profile_fields(), "auth": auth}, required=("id", "name", "auth"))
    client = an_object({**client_fields(), "profiles": a_list(profile)}, required=("id", "name"))
    return an_object({"clients": a_list(client)}, required=("clients",))


def client_fields() -> dict[str, Any]:
    """The fields of a client, its profiles aside."""
    return {
        "id": IDENTIFIER,
        "name": NAME,
        "description": DESCRIPTION,
        "active": {"type": "boolean", "default": True},
        "labels": LABELS_SCHEMA,
    }


def profile_fields() -> dict[str, Any]:
    """The fields of a profile, its auth aside."""
    return {
        "id": IDENTIFIER,
        "name": NAME,
        "active": {"type": "boolean", "default": True},
        "allowed_methods": {**a_list(METHOD), "description": "Empty: any method may be used."},
        "allowed_ips": {**a_list(NETWORK), "description": "Empty: from any address."},
        "allowed_routes": {**a_list(a_text(limits.ROUTE_CHARACTERS)), "description": "Empty: any route."},
        "labels": LABELS_SCHEMA,
    }


def document_auth(more_secrets: Mapping[str, Schema]) -> list[dict[str, Any]]:
    """Every form of a profile's `auth` in a document."""
    previous_token = an_object(
        {"token_sha256": DIGEST, "until": TIME, "expires_at": TIME}, required=("token_sha256", "until")
    )
    previous_secret = an_object(
        {"secret_sealed": SEALED, "until": TIME, "expires_at": TIME}, required=("secret_sealed", "until")
    )
    return [
        token_auth(previous=previous_token, required=("type", "token_sha256")),
        *(
            secret_auth({name: kind, "previous": previous_secret}, required=(name,))
            for name, kind in {"secret": SECRET, "secret_sealed": SEALED, **more_secrets}.items()
        ),
        *other_auth(),
    ]


def token_auth(*, previous: Schema | None = None, required: tuple[str, ...] = ("type",)) -> dict[str, Any]:
    """Auth of type token."""
    more = {} if previous is None else {"previous": previous}
    fields = {
        "type": {"const": "token"},
        "token_sha256": DIGEST,
        "header": TOKEN_HEADER,
        "expires_at": TIME,
        "forward_authorization": {"type": "boolean", "default": False},
        **more,
    }
    return an_object(fields, required=required)


def secret_auth(key: Mapping[str, Schema], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Auth of type jwt whose tokens are signed with a shared secret."""
    algorithm = {"enum": list(HMAC_ALGORITHMS)}
    fields = {"type": {"const": "jwt"}, "algorithm": algorithm, **key, "expires_at": TIME, **_of_jwt()}
    return an_object(fields, required=("type", "algorithm", *required))


def other_auth() -> list[dict[str, Any]]:
    """Every form of auth that has no secret: the same in a document and over REST."""
    return [*public_key_auth(), oidc_auth(), *mtls_auth(), an_object({"type": {"const": "none"}}, required=("type",))]


def public_key_auth() -> list[dict[str, Any]]:
    """Auth of type jwt whose tokens are signed with the client's own key."""
    return [
        an_object(
            {"type": {"const": "jwt"}, "algorithm": {"enum": list(ASYMMETRIC_ALGORITHMS)}, name: key, **_of_jwt()},
            required=("type", "algorithm", name),
        )
        for name, key in {"public_key": _pem("pem-public-key"), "jwks": KEY_SET}.items()
    ]


def oidc_auth() -> dict[str, Any]:
    """Auth of type oidc. Discovery and `jwks_uri` come with a later version."""
    return an_object(
        {
            "type": {"const": "oidc"},
            "issuer": a_text(),
            "audience": a_list(a_text(), least=1),
            "jwks": KEY_SET,
            "algorithms": {**a_list({"enum": list(ASYMMETRIC_ALGORITHMS)}, least=1), "default": ["RS256"]},
            "token_use": {"enum": ["access", "id"], "default": "access"},
            "required_claims": REQUIRED_CLAIMS,
            "required_scopes": a_list(SCOPE),
            "leeway_seconds": LEEWAY,
        },
        required=("type", "issuer", "audience", "jwks"),
    )


def mtls_auth() -> list[dict[str, Any]]:
    """Auth of type mtls: with one constraint at least, or explicitly with none."""
    pem = _pem("pem-certificates")
    bundle = {"description": "Certificates in PEM form, as one text or several.", "anyOf": [pem, a_list(pem)]}
    kinds = {**{name: a_list(entry) for name, entry in MTLS_KINDS.items()}, "ca_bundle": bundle}
    empty = {"type": "array", "maxItems": 0}
    anyone = an_object(
        {"type": {"const": "mtls"}, "any_verified": {"const": True}, **dict.fromkeys(kinds, empty)},
        required=("type", "any_verified"),
    )
    constrained = an_object({"type": {"const": "mtls"}, "any_verified": {"const": False}, **kinds}, required=("type",))
    some = [{"required": [name], "properties": {name: {"minItems": 1}}} for name in kinds]  # of a text it says nothing
    return [anyone, {**constrained, "anyOf": some}]


def an_object(fields: Mapping[str, Schema], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """A mapping that has these fields and no others."""
    return {
        "type": "object",
        "properties": dict(fields),
        **({"required": list(required)} if required else {}),
        "additionalProperties": False,
    }


def a_list(entry: Schema, *, least: int = 0, most: int | None = None) -> dict[str, Any]:
    """A list of such entries."""
    ceiling = {} if most is None else {"maxItems": most}
    return {"type": "array", "items": entry, **({"minItems": least} if least else {}), **ceiling}


def a_text(most: int = limits.TEXT_CHARACTERS) -> dict[str, Any]:
    """Text whose every character can be seen."""
    return {"type": "string", "minLength": 1, "maxLength": most, "pattern": f"^[^{_UNSEEN}]+$"}


def _trimmed(most: int | None = None) -> dict[str, Any]:
    pattern = rf"^[^\s{_UNSEEN}]([^{_UNSEEN}]*[^\s{_UNSEEN}])?$"
    return {"type": "string", "minLength": 1, **({} if most is None else {"maxLength": most}), "pattern": pattern}


def _pem(kind: str) -> dict[str, Any]:
    return {"type": "string", "format": kind, "maxLength": limits.PEM_CHARACTERS}


def _of_jwt() -> dict[str, Any]:
    return {
        "issuer": a_text(),
        "audience": a_list(a_text()),
        "subject": a_text(),
        "required_claims": REQUIRED_CLAIMS,
        "leeway_seconds": LEEWAY,
        "max_lifetime_seconds": {"type": "integer", "minimum": 1, "maximum": limits.LIFETIME_SECONDS},
    }


IDENTIFIER: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$"}
NAME: Final[Schema] = _trimmed(limits.NAME_CHARACTERS)
DESCRIPTION: Final[Schema] = {
    "type": "string",
    "maxLength": limits.DESCRIPTION_CHARACTERS,
    "pattern": rf"^([^{_UNSEEN}]|[\n\t])*$",
}
METHOD: Final[Schema] = {"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Z-]{1,64}$"}
NETWORK: Final[Schema] = {
    "type": "string",
    "format": "ip-network",
    "description": "An IPv4 or IPv6 address, or a prefix without host bits.",
}
LABELS_SCHEMA: Final[Schema] = {
    "type": "object",
    "maxProperties": LABELS,
    "propertyNames": a_text(limits.LABEL_NAME_CHARACTERS),
    "additionalProperties": a_text(limits.LABEL_VALUE_CHARACTERS),
}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
DIGEST: Final[Schema] = {
    "type": "string",
    "pattern": "^[0-9a-fA-F]{64}$",
    "description": "SHA-256 of the token, in hex.",
}
TOKEN_HEADER: Final[Schema] = {
    "type": "string",
    "pattern": token_header.PATTERN,
    "description": "The header whose whole value is the token; absent: Authorization, as Bearer.",
}
SEALED: Final[Schema] = {"type": "string", "pattern": r"^sealed1\.", "description": "A secret, sealed by this server."}
SCOPE: Final[Schema] = {"type": "string", "pattern": r"^[!#-\[\]-~]+$", "maxLength": limits.TEXT_CHARACTERS}
LEEWAY: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": LEEWAY_SECONDS, "default": 30}
SECRET: Final[Schema] = {
    "type": "string",
    "minLength": min(HMAC_ALGORITHMS.values()),
    "pattern": "^[!-~]+$",
    "description": "At least as many characters as the hash of the algorithm has bytes.",
}
KEY_SET: Final[Schema] = {
    "description": "A JWK Set (RFC 7517), as a mapping or as JSON text, with a public key that suits the algorithm.",
    "anyOf": [
        {"type": "string", "format": "jwk-set"},
        {
            "type": "object",
            "required": ["keys"],
            "properties": {"keys": a_list({"type": "object", "required": ["kty"]}, least=1, most=100)},
        },
    ],
}
CLAIM_VALUE: Final[Schema] = {
    "anyOf": [
        {"type": "string", "maxLength": limits.TEXT_CHARACTERS, "pattern": f"^[^{_UNSEEN}]*$"},
        {"type": "number", "minimum": -limits.EXACT_INTEGER, "maximum": limits.EXACT_INTEGER},
        {"type": "boolean"},
    ]
}
REQUIRED_CLAIMS: Final[Schema] = {
    "type": "object",
    "propertyNames": {"pattern": rf"^{_CLAIM_NAME}(\.{_CLAIM_NAME})*$"},
    "additionalProperties": a_list(CLAIM_VALUE, least=1),
    "description": r"By the claim's path (`a.b\.c` is `b.c` within `a`): the values that are allowed.",
}
MTLS_KINDS: Final[Mapping[str, Schema]] = {
    "fingerprints_sha256": {
        "type": "string",
        "pattern": "^([0-9A-Fa-f]{64}|([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})$",
    },
    "san_uris": {
        "type": "string",
        "maxLength": 2_048,
        "pattern": (
            rf"^(spiffe://[a-z0-9._-]{{1,255}}{_SPIFFE_SEGMENTS}(/\*)?"
            r"|(?![Ss][Pp][Ii][Ff][Ff][Ee]:)[A-Za-z][A-Za-z0-9+.-]*:[!-)+-~]+)$"
        ),
    },
    "san_dns": {"type": "string", "maxLength": 253, "pattern": rf"^{_LABEL}(\.{_LABEL})*$"},
    "subject_cn": _trimmed(),
    "subject_ou": _trimmed(),
    "issuer_dn": {"type": "string", "format": "distinguished-name", "description": "As RFC 4514 writes it."},
}
