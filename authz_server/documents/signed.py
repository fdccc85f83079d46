"""The auth types whose credential is a signed token: `jwt` and `oidc`."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Callable
from typing import Final

from authz_server.authentication.claims import parse_path
from authz_server.authentication.jose import parse_object
from authz_server.authentication.keys import (
    ASYMMETRIC_ALGORITHMS,
    HMAC_ALGORITHMS,
    check_hmac_secret,
    check_key_set,
    check_public_key,
)
from authz_server.core.auth import ClaimValue, JwtAuth, OidcAuth, PreviousSecret, RequiredClaim, TokenUse
from authz_server.core.limits import LEEWAY_SECONDS
from authz_server.core.secret import Secret
from authz_server.documents import limits, values
from authz_server.documents.errors import Code, Invalid
from authz_server.documents.fields import Fields
from authz_server.documents.sealed import Secrets
from authz_server.documents.tree import Value

_KEYS: Final = ("secret", "secret_env", "secret_sealed", "public_key", "jwks")
_PUBLIC: Final = ("public_key", "jwks")
_OF_SECRETS: Final = ("expires_at", "previous")  # what public keys do not have

JWT_FIELDS: Final = frozenset(
    (
        *("type", "algorithm", *_KEYS, *_OF_SECRETS, "issuer", "audience", "subject", "required_claims"),
        *("leeway_seconds", "max_lifetime_seconds"),
    )
)
OIDC_FIELDS: Final = frozenset(
    (
        *("type", "issuer", "audience", "jwks_uri", "jwks", "algorithms", "token_use", "required_claims"),
        *("required_scopes", "leeway_seconds"),
    )
)
_PREVIOUS_FIELDS: Final = frozenset(("secret_sealed", "until", "expires_at"))

_ALGORITHMS: Final = (*HMAC_ALGORITHMS, *ASYMMETRIC_ALGORITHMS)
_text: Final = values.text()
_asymmetric: Final = values.one_of(ASYMMETRIC_ALGORITHMS)
_leeway: Final = values.integer(0, LEEWAY_SECONDS)
_lifetime: Final = values.integer(1, limits.LIFETIME_SECONDS)
_DEFAULT_LEEWAY: Final = 30
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+").fullmatch  # RFC 6749 section 3.3

# Many profiles share one key or one issuer's key set.
_check_key_set: Final = functools.lru_cache(maxsize=64)(check_key_set)
_check_public_key: Final = functools.lru_cache(maxsize=64)(check_public_key)


def read_jwt(fields: Fields, secrets: Secrets) -> JwtAuth | None:
    """A `jwt` profile's auth; None where an error was reported."""
    fields.know(JWT_FIELDS, "auth of type jwt")
    algorithm = fields.required("algorithm", values.one_of(_ALGORITHMS))
    claims = _required_claims(fields)
    issuer = fields.optional("issuer", _text, None)
    audience = fields.each("audience", _text)
    subject = fields.optional("subject", _text, None)
    leeway = fields.optional("leeway_seconds", _leeway, _DEFAULT_LEEWAY)
    lifetime = fields.optional("max_lifetime_seconds", _lifetime, None)
    expires_at = fields.optional("expires_at", values.timestamp, None)
    key = _only_key(fields)
    if algorithm is None or key is None or not _suits(fields, algorithm, key):
        return None
    is_secret = key not in _PUBLIC
    credential_id, secret = _secret(fields, key, algorithm, secrets) if is_secret else (None, None)
    return JwtAuth(
        algorithm=algorithm,
        secret=secret,
        credential_id=credential_id or None,
        public_key=fields.optional("public_key", lambda value: _public_key(value, algorithm), None),
        jwks=fields.optional("jwks", lambda value: _key_set(value, (algorithm,)), None),
        issuer=issuer,
        audience=_distinct(audience),
        subject=subject,
        required_claims=claims,
        leeway_seconds=leeway,
        max_lifetime_seconds=lifetime,
        expires_at=expires_at,
        previous=_previous(fields, algorithm, secrets),
    )


def read_oidc(fields: Fields) -> OidcAuth | None:
    """An `oidc` profile's auth; None where an error was reported."""
    fields.know(OIDC_FIELDS, "auth of type oidc")
    issuer = fields.required("issuer", _text)
    audience = _some(fields, "audience", _text)
    algorithms = _some(fields, "algorithms", _asymmetric) if "algorithms" in fields else ("RS256",)
    algorithms = _distinct(algorithms)
    token_use = fields.optional("token_use", values.one_of(tuple(TokenUse)), TokenUse.ACCESS)
    claims = _required_claims(fields)
    scopes = fields.each("required_scopes", _scope)
    leeway = fields.optional("leeway_seconds", _leeway, _DEFAULT_LEEWAY)
    jwks_uri = fields.optional("jwks_uri", _https, None)
    jwks = fields.optional("jwks", lambda value: _key_set(value, algorithms or ASYMMETRIC_ALGORITHMS), None)
    if "jwks" not in fields:
        fields.error(
            "jwks",
            Code.UNAVAILABLE,
            "is missing: give the issuer's key set here; discovery and jwks_uri come with a later version",
        )
    elif "jwks_uri" in fields:
        fields.error("jwks_uri", Code.CONFLICT, "stands beside jwks; give one of the two")
    if issuer is None:
        return None
    return OidcAuth(
        issuer=issuer,
        audience=_distinct(audience),
        jwks_uri=jwks_uri,
        jwks=jwks,
        algorithms=algorithms,
        token_use=TokenUse(token_use),
        required_claims=claims,
        required_scopes=_distinct(scopes),
        leeway_seconds=leeway,
    )


def _distinct(entries: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entries))


def _some(fields: Fields, name: str, parse: Callable[[Value], str]) -> tuple[str, ...]:
    """A list that must not be empty."""
    if name not in fields:
        fields.missing(name)
        return ()
    if fields.value(name) == []:
        fields.error(name, Code.INVALID, "is empty; at least one entry is needed")
    return fields.each(name, parse)


def _only_key(fields: Fields) -> str | None:
    given = [name for name in _KEYS if name in fields]
    if len(given) == 1:
        return given[0]
    if not given:
        fields.error("secret", Code.MISSING, f"is missing: one of {', '.join(_KEYS)} has to be given")
    for name in given[1:]:
        fields.error(name, Code.CONFLICT, f"stands beside {given[0]}; give exactly one of {', '.join(_KEYS)}")
    return None


def _suits(fields: Fields, algorithm: str, key: str) -> bool:
    """Whether the kind of key is the algorithm's, and only secrets expire and have predecessors."""
    if (algorithm in HMAC_ALGORITHMS) == (key in _PUBLIC):
        wanted = "secret, secret_env or secret_sealed" if algorithm in HMAC_ALGORITHMS else "public_key or jwks"
        fields.error(key, Code.CONFLICT, f"does not go with {algorithm}, which needs {wanted}")
        return False
    extra = [name for name in _OF_SECRETS if name in fields and key in _PUBLIC]
    for name in extra:
        fields.error(name, Code.CONFLICT, f"does not go with {key}: only an issued secret expires or has a predecessor")
    return not extra


def _secret(fields: Fields, name: str, algorithm: str, secrets: Secrets) -> tuple[str | None, Secret | None]:
    def parse(value: Value) -> tuple[str | None, Secret]:
        if name == "secret":
            opened: tuple[str | None, Secret] = None, Secret(values.string(value))
        elif name == "secret_env":
            opened = None, secrets.from_environment(values.variable(value))
        else:
            opened = secrets.unsealed(values.string(value))
        check_hmac_secret(opened[1].reveal(), algorithm)
        return opened

    return fields.optional(name, parse, (None, None))


def _previous(fields: Fields, algorithm: str, secrets: Secrets) -> PreviousSecret | None:
    before = fields.mapping("previous")
    if before is None:
        return None
    before.know(_PREVIOUS_FIELDS, "previous")
    until = before.required("until", values.timestamp)
    expires_at = before.optional("expires_at", values.timestamp, None)
    if "secret_sealed" not in before:
        before.missing("secret_sealed")
    credential_id, secret = _secret(before, "secret_sealed", algorithm, secrets)
    if until is None or secret is None:
        return None
    return PreviousSecret(credential_id=credential_id or "", secret=secret, until=until, expires_at=expires_at)


def _public_key(value: Value, algorithm: str) -> str:
    pem = values.pem(value)
    _check_public_key(pem, algorithm)
    return pem


def _key_set(value: Value, algorithms: tuple[str, ...]) -> str:
    """A key set, given as a mapping or as JSON text: as canonical JSON text."""
    if type(value) is str:
        document = parse_object(value.encode())
        if document is None:
            raise ValueError('is not a JWK Set: JSON of the form {"keys": [...]}, no member twice')
    elif type(value) is dict:
        document = value
    else:
        raise values.wrong_type(value, "a key set (a mapping, or a string of JSON)")
    try:
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):  # TypeError: an alias, or a word that YAML readers disagree on
        raise ValueError("holds a value that JSON does not have; quote its strings") from None
    _check_key_set(text, algorithms)
    return text


def _https(value: Value) -> str:
    read = _text(value)
    if not read.startswith("https://") or len(read) == len("https://"):
        raise ValueError("is not an https URL, and keys are fetched over https only")
    return read


def _scope(value: Value) -> str:
    read = _text(value)
    if not _SCOPE(read):
        raise ValueError("is not one scope: printable ASCII without spaces, quotes and backslashes")
    return read


def _required_claims(fields: Fields) -> tuple[RequiredClaim, ...]:
    claims = fields.mapping("required_claims")
    if claims is None:
        return ()
    return tuple(claim for name, value in claims.items() if (claim := _required_claim(claims, name, value)))


def _required_claim(claims: Fields, name: str, value: Value) -> RequiredClaim | None:
    path = (*claims.path, name)
    try:
        claim_path = parse_path(name)
    except ValueError as problem:
        claims.report.error(path, Code.INVALID, str(problem), at_key=True)
        return None
    if value == []:
        claims.error(name, Code.INVALID, "allows no value, so that no token could pass; give at least one")
    return RequiredClaim(path=claim_path, allowed=claims.entries(path, value, _claim_value))


def _claim_value(value: Value) -> ClaimValue:
    if type(value) is str:
        return _text(value) if value else value
    if type(value) is bool:
        return value
    if type(value) in (int, float):
        if not math.isfinite(value) or abs(value) > limits.EXACT_INTEGER:
            raise Invalid(Code.INVALID, "is a number that not every JSON reader takes for the same one")
        number: int | float = value
        return number
    raise values.wrong_type(value, "a string, a number or a boolean")
