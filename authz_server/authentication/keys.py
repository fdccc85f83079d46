"""Keys of signed tokens: which suit an algorithm (RFC 7518, RFC 8037), and the key sets they come in (RFC 7517).

An algorithm is the profile's choice, never the token's. What a profile's document must not hold is said by the
`check_…` functions, in sentences that go on from a field's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import Algorithm, get_default_algorithms
from jwt.exceptions import InvalidKeyError

from authz_server.authentication.jose import JsonObject, decode_base64url, parse_object
from authz_server.core import limits

Verify = Callable[[bytes, bytes], bool]
"""Whether a signing input and a signature belong together, under one key and one algorithm."""

HMAC_ALGORITHMS: Final[Mapping[str, int]] = {"HS256": 32, "HS384": 48, "HS512": 64}
"""The symmetric algorithms, and the bytes of their hash: a key must have at least as many."""


class _Suite(NamedTuple):
    """What an asymmetric algorithm wants of a key."""

    wants: str
    key_types: tuple[type, ...]
    curve: type[ec.EllipticCurve] | None = None


_RSA: Final = _Suite("an RSA key", (rsa.RSAPublicKey,))
_SUITES: Final[Mapping[str, _Suite]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), _RSA),
    "ES256": _Suite("an EC key on the curve P-256", (ec.EllipticCurvePublicKey,), ec.SECP256R1),
    "ES384": _Suite("an EC key on the curve P-384", (ec.EllipticCurvePublicKey,), ec.SECP384R1),
    "ES512": _Suite("an EC key on the curve P-521", (ec.EllipticCurvePublicKey,), ec.SECP521R1),
    "EdDSA": _Suite("an Ed25519 or Ed448 key", (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)),
}
ASYMMETRIC_ALGORITHMS: Final = tuple(_SUITES)

_IMPLEMENTATIONS: Final[Mapping[str, Algorithm]] = get_default_algorithms()
_PEM_LABEL: Final = re.compile(r"-----BEGIN ([^-\n]*)-----")
_PEM_LABELS: Final = ("PUBLIC KEY", "RSA PUBLIC KEY")
_SECRET: Final = re.compile(r"[\x21-\x7e]*")
# The members of a JWK that only a private or a symmetric key has.
_PRIVATE_MEMBERS: Final = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"))
# By key type: an implementation that reads it, and the members it reads.
_JWK_TYPES: Final[Mapping[str, tuple[Algorithm, tuple[str, ...]]]] = {
    "RSA": (_IMPLEMENTATIONS["RS256"], ("n", "e")),
    "EC": (_IMPLEMENTATIONS["ES256"], ("x", "y")),
    "OKP": (_IMPLEMENTATIONS["EdDSA"], ("x",)),
}
_JWK_CURVES: Final = (None, "P-256", "P-384", "P-521", "Ed25519", "Ed448")
_UNREADABLE: Final = (ValueError, TypeError, InvalidKeyError, UnsupportedAlgorithm)


@dataclass(slots=True)
class _FittingKeys:
    """The keys of a set that suit one algorithm. `only` is the one that a token without `kid` means."""

    by_kid: dict[str, Verify] = field(default_factory=dict)
    count: int = 0
    only: Verify | None = None


class KeySet:
    """Public keys, found by algorithm and key id."""

    __slots__ = ("_by_algorithm",)

    def __init__(self, by_algorithm: Mapping[str, _FittingKeys]) -> None:
        self._by_algorithm = by_algorithm

    def __bool__(self) -> bool:
        return bool(self._by_algorithm)

    def select(self, algorithm: str, header: JsonObject) -> Verify | None:
        """The key that a token of `algorithm` with `header` means. `kid` may be absent only where one key fits."""
        fitting = self._by_algorithm.get(algorithm)
        if fitting is None:
            return None
        if "kid" not in header:
            return fitting.only
        kid = header["kid"]
        return fitting.by_kid.get(kid) if isinstance(kid, str) else None


def parse_public_key(pem: str, algorithm: str) -> Verify:
    """The one public key in `pem` (SubjectPublicKeyInfo or PKCS #1). Raises ValueError as `check_public_key` does."""
    labels = _PEM_LABEL.findall(pem)
    if any("PRIVATE" in label for label in labels):
        raise ValueError("holds a private key; give the public key alone, and treat this one as leaked")
    if len(labels) != 1 or labels[0] not in _PEM_LABELS:
        raise ValueError("is not one public key in PEM form (-----BEGIN PUBLIC KEY-----)")
    try:
        key = load_pem_public_key(pem.encode("ascii"))
    except _UNREADABLE:
        raise ValueError("is not a public key that can be read; it is damaged, or of an unknown kind") from None
    return _verifier(key, algorithm)


def parse_key_set(jwks: str, algorithms: Iterable[str]) -> KeySet:
    """The keys of a JWK Set (JSON text) that suit any of `algorithms`; there may be none.

    Keys for encryption, of other algorithms and of unknown types are passed over (RFC 7517 section 5). Raises
    ValueError for what `check_key_set` refuses, except that no key suits.
    """
    by_algorithm: dict[str, _FittingKeys] = {}
    for position, jwk in enumerate(_jwks_members(jwks)):
        try:
            for algorithm, verify in _read_jwk(jwk, algorithms):
                _add(by_algorithm.setdefault(algorithm, _FittingKeys()), jwk, verify)
        except ValueError as problem:
            raise ValueError(f"has a key that cannot be used: keys[{position}] {problem}") from None
    return KeySet(by_algorithm)


def check_public_key(pem: str, algorithm: str) -> None:
    """Raises ValueError unless `pem` is one public key that suits the asymmetric `algorithm`."""
    parse_public_key(pem, algorithm)


def check_key_set(jwks: str, algorithms: Iterable[str]) -> None:
    """Raises ValueError unless `jwks` is a set of public keys of which one at least suits one of `algorithms`."""
    wanted = tuple(algorithms)
    if not parse_key_set(jwks, wanted):
        raise ValueError(f"has no key for {' or '.join(wanted)}")


def check_hmac_secret(secret: str, algorithm: str) -> None:
    """Raises ValueError unless `secret` is as long as the hash of `algorithm`, and readable ASCII. Never quotes it."""
    if not _SECRET.fullmatch(secret):
        raise ValueError("must be printable ASCII without white space: its characters are the key")
    if secret.startswith("-----BEGIN"):
        raise ValueError("is a PEM document, no secret; an HMAC key must be random text")
    if len(secret) < HMAC_ALGORITHMS[algorithm]:
        raise ValueError(f"is too short: {algorithm} needs at least {HMAC_ALGORITHMS[algorithm]} characters")


def _jwks_members(jwks: str) -> list[Any]:
    data = jwks.encode("utf-8", "surrogatepass")
    if len(data) > limits.JWKS_BYTES:
        raise ValueError(f"is longer than {limits.JWKS_BYTES} bytes")
    document = parse_object(data)
    members = None if document is None else document.get("keys")
    if not isinstance(members, list):
        raise ValueError('is not a JWK Set: JSON of the form {"keys": [...]}, no member twice')  # noqa: TRY004 - a document's mistake, as the others
    if len(members) > limits.KEYS_IN_A_SET:
        raise ValueError(f"has more than {limits.KEYS_IN_A_SET} keys")
    return members


def _read_jwk(jwk: Any, algorithms: Iterable[str]) -> list[tuple[str, Verify]]:
    """The algorithms that `jwk` suits, each with its verification."""
    if not isinstance(jwk, dict):
        raise ValueError("is not a JSON object")  # noqa: TRY004 - a document's mistake, as the others
    if jwk.get("kty") == "oct" or not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise ValueError("is a private or symmetric key; give public keys alone, and treat this one as leaked")
    if not isinstance(jwk.get("kid", ""), str):
        raise ValueError("has a kid that is not a string")  # noqa: TRY004 - a document's mistake, as the others
    wanted = [name for name in algorithms if jwk.get("alg", name) == name]
    key_type = jwk.get("kty")
    is_known = isinstance(key_type, str) and key_type in _JWK_TYPES and jwk.get("crv") in _JWK_CURVES
    if not wanted or not is_known or not _is_for_signatures(jwk):
        return []
    key = _public_key_of(jwk)
    return [(name, _verifier(key, name)) for name in wanted if _suits(key, name)]


def _is_for_signatures(jwk: JsonObject) -> bool:
    """RFC 7517 sections 4.2 and 4.3."""
    operations = jwk.get("key_ops", ["verify"])
    return jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _public_key_of(jwk: JsonObject) -> object:
    implementation, members = _JWK_TYPES[jwk["kty"]]
    for name in members:
        text = jwk.get(name)
        if not isinstance(text, str) or not decode_base64url(text):
            raise ValueError(f"has no {name} in unpadded base64url")
    try:
        # The members are named: whatever else the document holds is not read.
        key: object = implementation.from_jwk({name: jwk[name] for name in ("kty", "crv", *members) if name in jwk})
    except _UNREADABLE:
        raise ValueError("is not a public key that can be read") from None
    return key


def _add(fitting: _FittingKeys, jwk: JsonObject, verify: Verify) -> None:
    kid = jwk.get("kid")
    if kid in fitting.by_kid:
        raise ValueError("has the kid of another key, so that neither can be told from the other")
    if kid is not None:
        fitting.by_kid[kid] = verify
    fitting.count += 1
    fitting.only = verify if fitting.count == 1 else None


def _suits(key: object, algorithm: str) -> bool:
    suite = _SUITES[algorithm]
    return isinstance(key, suite.key_types) and (
        suite.curve is None or (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, suite.curve))
    )


def _verifier(key: object, algorithm: str) -> Verify:
    if not _suits(key, algorithm):
        raise ValueError(f"does not suit {algorithm}, which needs {_SUITES[algorithm].wants}")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < limits.RSA_BITS:
        raise ValueError(f"is an RSA key of {key.key_size} bits; at least {limits.RSA_BITS} are needed")
    check = _IMPLEMENTATIONS[algorithm].verify

    def verify(signing_input: bytes, signature: bytes) -> bool:
        return check(signing_input, key, signature)

    return verify
