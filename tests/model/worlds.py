"""Profiles for the models to agree on. Every choice comes from one `random.Random`, so a seed repeats it."""

import random
from typing import Any, Final

from authz_server.core.token import Prefix, issue
from tests.model.client_certificates import KINDS, constraints
from tests.model.naive_policy import Spec
from tests.support.checks import NOW

AUTH_TYPES: Final = ("token", "jwt", "oidc", "mtls", "none")
JWT_FORMS: Final = (
    ("HS256", "secret"),
    ("RS256", "public_key"),
    ("PS256", "jwks"),
    ("ES256", "public_key"),
    ("ES256", "jwks"),
    ("EdDSA", "public_key"),
)
IP_LISTS: Final[tuple[list[str], ...]] = (
    [],
    [],
    ["10.1.2.3"],
    ["10.0.0.0/8", "2001:db8::/32", "192.168.1.7"],
    ["::ffff:10.1.2.0/120", "2001:db8::1"],
    ["0.0.0.0/0"],
    ["10.1.2.2/31", "10.1.2.4/30", "fe80::/10"],
)
METHOD_LISTS: Final[tuple[list[str], ...]] = (
    [],
    [],
    ["GET"],
    ["GET", "POST"],
    ["POST", "GET", "POST"],
    ["GET", "HEAD", "M-SEARCH"],
)
ROUTE_LISTS: Final[tuple[list[str], ...]] = ([], [], ["orders"], ["payments", "orders"])
SUBJECTS: Final[tuple[Any, ...]] = ("user 7", "user-7", "é" * 42, "é" * 43, "%" * 90, "a" * 256, "a" * 257, "", 7, None)


def a_spec(choices: random.Random, auth_type: str, client_id: str = "cl_acme", profile_id: str = "pr_1") -> Spec:
    """An active profile that `calls.good_call` can use, with some list or none at each rule."""
    return Spec(
        client_id=client_id,
        profile_id=profile_id,
        ips=list(choices.choice(IP_LISTS)),
        methods=list(choices.choice(METHOD_LISTS)),
        routes=list(choices.choice(ROUTE_LISTS)),
        labels=dict(choices.choice([{}, {"team": "orders", "tier": "gold é"}])),
        auth={"type": auth_type} | _SETTINGS[auth_type](choices),
    )


def a_world(choices: random.Random, auth_type: str) -> list[Spec]:
    """The profile under test, first; another of the same client; one of another client."""
    first = a_spec(choices, auth_type)
    return [first, a_spec(choices, "none", profile_id="pr_2"), a_spec(choices, "none", "cl_other", "pr_3")]


def _token(choices: random.Random) -> dict[str, Any]:
    previous = None
    if choices.random() < 0.5:
        previous = {
            "token": _a_token(choices),
            "until": NOW + choices.choice([100, 1, 0, -1]),
            "expires_at": choices.choice([None, NOW + 1, NOW]),
        }
    return {
        "token": _a_token(choices),
        "header": choices.choice([None, None, "x-api-key", "x-service-token"]),
        "expires_at": choices.choice([None, NOW + 0.001, NOW + 100]),
        "forward": choices.random() < 0.3,
        "previous": previous,
    }


def _a_token(choices: random.Random) -> str:
    if choices.random() < 0.2:
        return f"foreign-{choices.randrange(10**9)}~+/=="
    return issue(Prefix.TOKEN, choices.randrange)


def _jwt(choices: random.Random) -> dict[str, Any]:
    algorithm, form = choices.choice(JWT_FORMS)
    auth: dict[str, Any] = {"algorithm": algorithm, "form": form} | _expectations(choices)
    auth["issuer"] = choices.choice([None, "https://issuer.example"])
    auth["audience"] = choices.choice([[], ["orders"], ["orders", "payments"]])
    auth["max_lifetime"] = choices.choice([None, None, 600])
    auth["subject"] = choices.choice([None, None, "user 7"])
    auth["sub"] = auth["subject"] or choices.choice(SUBJECTS)
    if form == "secret":
        auth["expires_at"] = choices.choice([None, NOW + 0.001, NOW + 100])
        if choices.random() < 0.5:
            auth["previous"] = {
                "until": NOW + choices.choice([100, 0.001, 0, -1]),
                "expires_at": choices.choice([None, NOW + 0.001, NOW]),
            }
            auth["use_previous"] = choices.random() < 0.5
    return auth


def _oidc(choices: random.Random) -> dict[str, Any]:
    return _expectations(choices) | {
        "algorithm": choices.choice(["RS256", "ES256"]),
        "form": "jwks",
        "issuer": "https://issuer.example",
        "audience": choices.choice([["orders"], ["orders", "payments"]]),
        "token_use": choices.choice(["access", "access", "id"]),
        "scopes": choices.choice([[], ["orders.read"], ["orders.read", "orders.write"]]),
        "sub": choices.choice(SUBJECTS),
        "keyless": choices.random() < 0.1,
    }


def _expectations(choices: random.Random) -> dict[str, Any]:
    return {"claims": choices.random() < 0.5}


def _mtls(choices: random.Random) -> dict[str, Any]:
    kinds = choices.sample(KINDS, choices.choice([0, 1, 1, 2, 3]))
    auth: dict[str, Any] = {}
    for kind in kinds:
        auth |= constraints(kind, met=True)
    return auth | {"any_verified": not kinds}


def _none(_choices: random.Random) -> dict[str, Any]:
    return {}


_SETTINGS: Final = {"token": _token, "jwt": _jwt, "oidc": _oidc, "mtls": _mtls, "none": _none}
