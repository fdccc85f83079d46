"""JWTs that a profile accepts, and the same with named defects."""

import random
from base64 import urlsafe_b64encode
from functools import cache
from json import dumps
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import get_default_algorithms

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | bytes

ALGORITHMS: Final = get_default_algorithms()
LEEWAY: Final = 30
SECRETS: Final = {"current": "c" * 64, "previous": "p" * 64, "stranger": "s" * 64}

# Which defects contradict one another, or hide one another's absence: at most one of each group at a time.
GROUPS: Final = (
    ("absent", "basic", "two spaces", "comma", "too long", "two parts", "padded", "odd base64"),
    ("header no json", "header duplicate", "crit", "b64"),
    ("alg none", "alg other", "alg absent"),
    ("kid unknown", "kid absent", "kid of another"),
    ("key of another", "signature changed"),
    ("payload array", "payload duplicate"),
    ("exp absent", "exp text", "exp true", "exp huge", "expired", "lifetime"),
    ("nbf text", "nbf future"),
    ("iat text", "iat future", "iat absent"),
    ("iss", "aud", "sub", "token use", "cnf"),
    ("claim absent", "claim true", "claim text", "claim other"),
    ("scope",),
)


@cache
def key_of(algorithm: str, whose: str) -> Key:
    """A key; `whose` is current, previous or stranger."""
    if algorithm.startswith("HS"):
        return SECRETS[whose].encode()
    if algorithm.startswith(("RS", "PS")):
        return _rsa(whose)
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


@cache
def _rsa(whose: str) -> rsa.RSAPrivateKey:
    assert whose
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def public_pem(algorithm: str) -> str:
    """The public key of the profile."""
    key = key_of(algorithm, "current")
    assert not isinstance(key, bytes)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def key_set(algorithm: str) -> str:
    """Two keys, so that `kid` must choose."""
    keys = []
    for whose in ("current", "previous"):
        key = key_of(algorithm, whose)
        assert not isinstance(key, bytes)
        jwk = dict(ALGORITHMS[algorithm].to_jwk(key.public_key(), as_dict=True))
        jwk.pop("key_ops", None)
        keys.append(jwk | {"kid": whose})
    return dumps({"keys": keys})


def possible_defects(auth: dict[str, Any]) -> list[tuple[str, ...]]:
    """The groups of defects, of those that the profile can tell from a good token."""
    impossible = {"token use"} if auth["type"] == "jwt" else {"sub", "lifetime", "iat absent"}
    impossible |= set() if auth.get("form") == "jwks" else {"kid unknown", "kid absent", "kid of another"}
    wants = {"iss": "issuer", "aud": "audience", "sub": "subject", "lifetime": "max_lifetime", "scope": "scopes"}
    impossible |= {defect for defect, setting in wants.items() if not auth.get(setting)}
    if not auth.get("max_lifetime"):
        impossible.add("iat absent")
    if not auth.get("claims"):
        impossible |= {"claim absent", "claim true", "claim text", "claim other"}
    groups = (tuple(defect for defect in group if defect not in impossible) for group in GROUPS)
    return [group for group in groups if group]


def authorization(auth: dict[str, Any], defects: frozenset[str], now: float, choices: random.Random) -> str | None:
    """The header's value: a token that is good at `now` but for its `defects`."""
    if "absent" in defects:
        return None
    token = _token(auth, defects, now, choices)
    head, _, signature = token.rpartition(".")
    if "signature changed" in defects and signature:
        token = f"{head}.{'B' if signature[:1] != 'B' else 'C'}{signature[1:]}"
    damaged = {
        "basic": f"Basic {token}",
        "two spaces": f"Bearer  {token}",
        "comma": f"Bearer {token},Bearer {token}",
        "too long": f"Bearer {token}{'A' * 8_192}",
        "two parts": f"Bearer {head}",
        "padded": f"Bearer {token}=",
        "odd base64": f"Bearer {token}{'A' * ((1 - len(signature)) % 4)}" if signature else f"Bearer {token}A",
    }
    for defect, value in damaged.items():
        if defect in defects:
            return value
    return f"{choices.choice(['Bearer', 'bearer', 'BEARER'])} {token}"


def _token(auth: dict[str, Any], defects: frozenset[str], now: float, choices: random.Random) -> str:
    algorithm: str = auth["algorithm"]
    whose = "previous" if auth.get("use_previous") else "current"
    if "key of another" in defects:
        whose = "stranger"
    header = _header(auth, defects, algorithm)
    payload = _payload(auth, defects, now, choices)
    signing_input = f"{_base64url(header)}.{_base64url(payload)}"
    if "alg none" in defects:
        return f"{signing_input}."
    key = key_of(algorithm, whose)
    return f"{signing_input}.{_base64url(ALGORITHMS[algorithm].sign(signing_input.encode(), key))}"


def _header(auth: dict[str, Any], defects: frozenset[str], algorithm: str) -> bytes:
    if "header no json" in defects:
        return b'{"alg":'
    members: dict[str, Any] = {"alg": algorithm, "typ": "JWT"} | _key_id(auth, defects)
    if "alg none" in defects:
        members["alg"] = "none"
    if "alg other" in defects:
        members["alg"] = {"HS256": "HS384", "RS256": "HS256", "ES256": "ES384", "EdDSA": "HS256"}.get(
            algorithm, "RS384"
        )
    if "alg absent" in defects:
        del members["alg"]
    if "crit" in defects:
        members["crit"] = ["exp"]
    if "b64" in defects:
        members["b64"] = True
    text = dumps(members)
    return (f'{text[:-1]}, "typ": "JWT"}}' if "header duplicate" in defects else text).encode()


def _key_id(auth: dict[str, Any], defects: frozenset[str]) -> dict[str, Any]:
    if auth.get("form") != "jwks" or "kid absent" in defects:
        return {}
    if "kid unknown" in defects:
        return {"kid": "nobody's"}
    return {"kid": "previous" if "kid of another" in defects else "current"}


def _payload(auth: dict[str, Any], defects: frozenset[str], now: float, choices: random.Random) -> bytes:
    if "payload array" in defects:
        return b'["exp"]'
    seconds = int(now)
    lifetime = auth.get("max_lifetime") or 600
    # A good date may lie on the very edge of what is accepted.
    issued = choices.choice([seconds, seconds - 5, seconds + LEEWAY])
    expires = issued + lifetime
    if lifetime > 2 * LEEWAY and issued <= seconds and choices.random() < 0.3:
        issued, expires = seconds - LEEWAY, seconds - LEEWAY + 1  # within the leeway, for one more second
    claims: dict[str, Any] = {"iat": issued, "exp": expires, "nbf": issued, "sub": auth["sub"]}
    claims |= _identity(auth, defects, choices) | _dates(defects, seconds, issued, lifetime)
    if "cnf" in defects:
        claims["cnf"] = {"jkt": "x"}
    if auth.get("scopes"):
        claims["scope"] = " ".join(auth["scopes"][:-1] if "scope" in defects else [*auth["scopes"], "more"])
    if auth.get("claims"):
        claims |= _claims(defects, choices)
    for name in ("exp", "iat"):
        if f"{name} absent" in defects:
            del claims[name]
    text = dumps(claims)
    return (f'{text[:-1]}, "sub": "root"}}' if "payload duplicate" in defects else text).encode()


def _dates(defects: frozenset[str], now: int, issued: int, lifetime: int) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    values = {
        "exp text": ("exp", str(now + 300)),
        "exp true": ("exp", True),
        "exp huge": ("exp", 10**17),
        "expired": ("exp", now - LEEWAY),
        "lifetime": ("exp", issued + lifetime + 1),
        "nbf text": ("nbf", "0"),
        "nbf future": ("nbf", now + LEEWAY + 2),
        "iat text": ("iat", "0"),
        "iat future": ("iat", now + LEEWAY + 2),
    }
    for defect, (name, value) in values.items():
        if defect in defects:
            changed[name] = value
    return changed


def _identity(auth: dict[str, Any], defects: frozenset[str], choices: random.Random) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    if auth.get("issuer"):
        claims["iss"] = "https://stranger.example" if "iss" in defects else auth["issuer"]
    if auth.get("audience"):
        claims["aud"] = choices.choice([auth["audience"][0], [auth["audience"][0]]])
        if "aud" in defects:
            claims["aud"] = choices.choice(["strangers", [], ["strangers"], {"a": 1}, None])
    if auth.get("subject"):
        claims["sub"] = auth["subject"] if "sub" not in defects else "root"
    if auth.get("token_use") == "id":
        claims["nonce"] = "n"
    if "token use" in defects:
        claims["token_use"] = "access" if auth.get("token_use") == "id" else "id"
    return claims


def _claims(defects: frozenset[str], choices: random.Random) -> dict[str, Any]:
    """The profiles with required claims want `org.tier` to be 1 or "gold"."""
    tier: Any = choices.choice([1, 1.0, "gold", ["silver", "gold"], [1]])
    wrong: dict[str, list[Any]] = {
        "claim true": [True, [True]],
        "claim text": ["1", ["1"]],
        "claim other": ["Gold", 0, None, [], {"gold": 1}, [["gold"]], 2],
    }
    for defect, values in wrong.items():
        if defect in defects:
            tier = choices.choice(values)
    if "claim absent" in defects:
        return choices.choice([{}, {"org": {}}, {"org": "gold"}, {"org.tier": "gold"}])
    return {"org": {"tier": tier}}


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
