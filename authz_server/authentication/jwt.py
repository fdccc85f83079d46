"""JSON Web Tokens: one authenticator for those a client signs itself and those an OpenID provider issues."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from math import inf
from typing import Final, Protocol

from authz_server.authentication.authenticator import Authenticated
from authz_server.authentication.bearer import bearer_credential
from authz_server.authentication.claims import ClaimRules, compiled
from authz_server.authentication.jose import Compact, parse_compact, parse_object
from authz_server.authentication.keys import (
    ASYMMETRIC_ALGORITHMS,
    HMAC_ALGORITHMS,
    KeySet,
    Verify,
    check_hmac_secret,
    parse_key_set,
    parse_public_key,
)
from authz_server.core.auth import JwtAuth
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.errors import KeysUnavailable, ProfileUnusable
from authz_server.core.facts import CheckFacts
from authz_server.core.secret import Secret

_HASHES: Final = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


class Signers(Protocol):
    """Who may have signed a token."""

    def expiry_of_signer(self, token: Compact, now: float) -> float | None:
        """When the key that signed `token` expires (infinity: never); None where no accepted key signed it.

        `token`'s algorithm is one that the profile accepts. Raises `KeysUnavailable`.
        """


class JwtAuthenticator:
    """Admits who holds a token that an accepted key has signed and whose claims keep the rules."""

    __slots__ = ("_algorithms", "_rules", "_signers")

    def __init__(self, algorithms: Iterable[str], signers: Signers, rules: ClaimRules) -> None:
        self._algorithms = frozenset(algorithms)
        self._signers = signers
        self._rules = rules

    def authenticate(self, facts: CheckFacts, now: float) -> Authenticated | DenialReason:
        """Form, algorithm, signature, payload, claims: nothing of the payload is read before the signature holds."""
        credential = bearer_credential(facts.authorization)
        if isinstance(credential, DenialReason):
            return credential
        token = parse_compact(credential)
        if token is None:
            return DenialReason.CREDENTIAL_MALFORMED
        algorithm = token.header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            return DenialReason.JWT_ALGORITHM_NOT_ALLOWED
        signer_expires_at = self._signers.expiry_of_signer(token, now)
        if signer_expires_at is None:
            return DenialReason.JWT_SIGNATURE_INVALID
        claims = parse_object(token.payload)
        if claims is None:
            return DenialReason.CREDENTIAL_MALFORMED
        refusal = self._rules.refusal(claims, token.header, now, signer_expires_at)
        if refusal is not None:
            return refusal
        subject = claims.get("sub")
        return Authenticated(subject if isinstance(subject, str) else None)


class PublicKey:
    """One public key; the profile names it, so a token's `kid` has nothing to select."""

    __slots__ = ("_verify",)

    def __init__(self, verify: Verify) -> None:
        self._verify = verify

    def expiry_of_signer(self, token: Compact, now: float) -> float | None:  # noqa: ARG002 - a public key never expires
        """As `Signers` says."""
        return inf if self._verify(token.signing_input, token.signature) else None


class PublicKeys:
    """A set of public keys, of which the token's algorithm and `kid` select one."""

    __slots__ = ("_keys",)

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    def expiry_of_signer(self, token: Compact, now: float) -> float | None:  # noqa: ARG002 - public keys never expire
        """As `Signers` says."""
        if not self._keys:
            raise KeysUnavailable("the key set holds no usable key")
        verify = self._keys.select(token.header["alg"], token.header)
        return inf if verify is not None and verify(token.signing_input, token.signature) else None


class _HmacKey:
    """One HMAC key, hashed in beforehand."""

    __slots__ = ("_keyed", "expires_at", "until")

    def __init__(self, secret: str, algorithm: str, expires_at: float | None, until: float = inf) -> None:
        check_hmac_secret(secret, algorithm)
        self._keyed = hmac.new(secret.encode("ascii"), digestmod=_HASHES[algorithm])
        self.expires_at = inf if expires_at is None else expires_at
        self.until = until

    def signed(self, token: Compact) -> bool:
        """In time that does not depend on where the signatures differ."""
        mac = self._keyed.copy()
        mac.update(token.signing_input)
        return hmac.compare_digest(mac.digest(), token.signature)


class Secrets:
    """The profile's HMAC secret and, during its grace, the one before it."""

    __slots__ = ("_current", "_previous")

    def __init__(self, current: _HmacKey, previous: _HmacKey | None) -> None:
        self._current = current
        self._previous = previous

    @classmethod
    def of(cls, secret: Secret, auth: JwtAuth) -> Secrets:
        """`secret` and its predecessor in `auth`. Raises ValueError where one does not suit the algorithm."""
        current = _HmacKey(secret.reveal(), auth.algorithm, auth.expires_at)
        before = auth.previous
        if before is None:
            return cls(current, None)
        return cls(current, _HmacKey(before.secret.reveal(), auth.algorithm, before.expires_at, before.until))

    def expiry_of_signer(self, token: Compact, now: float) -> float | None:
        """As `Signers` says. Both are tried always, so that the time taken does not tell which of the two signed."""
        by_current = self._current.signed(token)
        previous = self._previous
        by_previous = previous is not None and previous.signed(token)
        if by_current:
            return self._current.expires_at
        return previous.expires_at if previous is not None and by_previous and now < previous.until else None


def jwt_authenticator(auth: JwtAuth) -> JwtAuthenticator:
    """The authenticator of a `jwt` profile. Raises `ProfileUnusable`.

    Without an `audience` in the profile a token's `aud` is not read: the client's own key says whom it talks to.
    """
    try:
        signers = _signers(auth)
    except ValueError as problem:
        raise ProfileUnusable(f"the key of a jwt profile {problem}") from problem
    rules = ClaimRules(
        issuer=auth.issuer,
        audience=frozenset(auth.audience),
        subject=auth.subject,
        leeway=auth.leeway_seconds,
        max_lifetime=auth.max_lifetime_seconds,
        required=compiled(auth.required_claims),
    )
    return JwtAuthenticator((auth.algorithm,), signers, rules)


def _signers(auth: JwtAuth) -> Signers:
    sources = [source for source in (auth.secret, auth.public_key, auth.jwks) if source is not None]
    if len(sources) != 1:
        raise ValueError("must be exactly one of a secret, a public key and a key set")
    if auth.algorithm not in (ASYMMETRIC_ALGORITHMS if auth.secret is None else HMAC_ALGORITHMS):
        raise ValueError("does not suit its algorithm")
    if auth.secret is not None:
        return Secrets.of(auth.secret, auth)
    if auth.expires_at is not None or auth.previous is not None:
        raise ValueError("is public, so that it has neither an expiry nor a predecessor")
    if auth.public_key is not None:
        return PublicKey(parse_public_key(auth.public_key, auth.algorithm))
    keys = parse_key_set(auth.jwks or "", (auth.algorithm,))
    if not keys:
        raise ValueError("set has no key that suits its algorithm")
    return PublicKeys(keys)
