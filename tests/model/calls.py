"""Calls that a profile lets in, and the same with one thing changed."""

import random
import string
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from authz_server.core.token import Prefix, issue
from tests.model.client_certificates import KINDS, constraints, leaf
from tests.model.naive_policy import CERTIFICATE_DEFECTS, Call, Spec
from tests.model.signed_tokens import authorization, possible_defects
from tests.support.checks import NOW

World = list[Spec]
Mutation = Callable[[random.Random, World, Call], tuple[World, Call]]

IDS: Final = ("x-client-id", "x-profile-id")
CARRYING: Final = ("authorization", "x-api-key", "x-service-token")  # where a profile may want its token
_CREDENTIAL_OF_NOBODY: Final = ("Bearer x", "Basic YTpi", "x", "a,b", "")
_IPV6: Final = "2001:db8::1"
_METHODS: Final = ("get", "HEAD", "POST", "PUT", "", "GET ", "GET,POST", "FOO!", "CONNECT", "OPTIONS", "TRACE", "Get")
_ADDRESSES: Final = (
    None, "", "10.1.2.4", "10.1.2.2", "11.1.2.3", "10.1.2.3:4711", "::ffff:10.1.2.3", "[::ffff:10.1.2.3]:443", _IPV6,
    f"[{_IPV6}]:443", "2001:db9::1", "fe80::1%eth0", "febf:ffff::1", "192.168.1.7", "010.1.2.3", "10.1.2.3,10.1.2.4",
    "localhost", "/run/envoy.sock", "10.1.2", "0:0:0:0:0:ffff:a01:203", "2001:DB8:0:0::1", "10.1.2.30", "110.1.2.3",
)  # fmt: skip
_ROUTES: Final = (None, "", "Orders", "payments", "refunds", "orders ")
_REQUEST_IDS: Final = ("6a0f0c4e-5b1c-4d3f-a1a4-1f2e3d4c5b6a", "a" * 64, "a" * 65, "a,b", "a_b", "", 'x"}', "é")


def good_call(choices: random.Random, spec: Spec) -> Call:
    """A call that `spec` lets in, unless the spec itself says that the credential is too old."""
    rows = [("x-client-id", spec.client_id), ("x-profile-id", spec.profile_id), (":path", "/orders"), ("accept", "*/*")]
    call = Call(rows=rows, client_ip=_within(choices, spec.ips), now=NOW)
    call.method = choices.choice(spec.methods or ["GET", "POST", "get"])
    call.route = choices.choice(spec.routes) if spec.routes else choices.choice(["orders", None])
    if choices.random() < 0.3:
        rows.append(("x-request-id", choices.choice(_REQUEST_IDS)))
    if choices.random() < 0.2:
        rows.append(
            ("content-type", choices.choice(["application/grpc", "application/json", "application/grpc+proto"]))
        )
    if choices.random() < 0.2:
        rows += [(name, "forged") for name in choices.sample(_FORGED, 3)]
    return with_credential(choices, spec, call, frozenset())


_FORGED: Final = (
    "x-authz-client-id", "x-authz-subject", "x-authz-role", "x-authz-auth-type", "x-authz-", "x-authz",
    "x_authz_client_id", "x-http-method-override",
)  # fmt: skip


def with_credential(choices: random.Random, spec: Spec, call: Call, defects: frozenset[str]) -> Call:
    """The call with a new credential, good but for these defects and those that the spec itself implies."""
    auth = spec.auth
    rows = [row for row in call.rows if row[0] not in CARRYING]
    call = replace(call, rows=rows, certificate="", defects=defects | _implied(auth), subject=None)
    if auth["type"] == "token":
        rows += _with_token(choices, auth)
    elif auth["type"] in ("jwt", "oidc"):
        value = authorization(auth, call.defects, call.now, choices)
        if value is not None:
            rows.append(("authorization", value))
        subject = "root" if "sub" in call.defects else auth["sub"]
        call.subject = subject if isinstance(subject, str) else None
    elif auth["type"] == "mtls":
        shown = leaf(call.defects)
        call.certificate, call.subject = shown.text, shown.subject
    return call


def _with_token(choices: random.Random, auth: dict[str, Any]) -> list[tuple[str, str]]:
    """The right one, where it belongs; nobody looks at whatever else might carry one."""
    good = ("authorization", f"{choices.choice(['Bearer', 'bearer'])} {auth['token']}")
    if auth["header"] is not None:
        good = (auth["header"], auth["token"])
    others = [(name, choices.choice(_CREDENTIAL_OF_NOBODY)) for name in CARRYING if name != good[0]]
    return [good, *(row for row in others if choices.random() < 0.2)]


def _implied(auth: dict[str, Any]) -> frozenset[str]:
    if auth.get("unmet"):
        return frozenset({"constraint"})
    if auth.get("form") != "secret":
        return frozenset()
    signer = auth["previous"] if auth.get("use_previous") else auth
    implied = {"predecessor past grace"} if auth.get("use_previous") and signer["until"] <= NOW else set()
    expires_at = signer.get("expires_at")
    return frozenset(implied | ({"secret expired"} if expires_at is not None and expires_at <= NOW else set()))


def mutated(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    """One thing changed: in the call, in its credential (the likeliest), or in the profile."""
    return choices.choice(_MUTATIONS)(choices, world, call)


def a_case(choices: random.Random, world: World) -> tuple[World, Call]:
    """Half of the time an allowed call with one mutation, sometimes with several; the rest as it is."""
    call = good_call(choices, world[0])
    kind = choices.random()
    if kind < 0.3:
        return world, call
    for _ in range(1 if kind < 0.85 else choices.randrange(2, 4)):
        world, call = mutated(choices, world, call)
    return world, call


def _within(choices: random.Random, ips: list[str]) -> str | None:
    if not ips:
        return choices.choice(["10.1.2.3", _IPV6, None, "nonsense"])
    return choices.choice(["10.1.2.3", "10.1.2.3:4711", "::ffff:10.1.2.3"])


def _id_row(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    return world, _with_other_id(choices, call, choices.choice(IDS))


def _both_ids(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    for name in IDS:
        call = _with_other_id(choices, call, name)
    return world, call


def _with_other_id(choices: random.Random, call: Call, name: str) -> Call:
    (value, *_) = [value for key, value in call.rows if key == name] or ["x"]
    others = [row for row in call.rows if row[0] != name]
    at = choices.randrange(len(value)) if value else 0
    values: list[list[str]] = [
        [], [""], [value, value], [value, ""], ["", value], [f"{value},{value}"], [f" {value}"], [f"{value} "],
        [value.upper()], [value.swapcase()], [value[:at] + "!" + value[at + 1 :]], [value[:-1]], [f"{value}x"],
        [value.ljust(64, "x")], [value.ljust(65, "x")], ["x" * 4_000], [f"_{value}"], ["pr_2"], ["pr_3"], ["cl_other"],
        [f"{value}\n"], [f"{value}/"], ["é"], [value[:at] + choices.choice(string.printable) + value[at + 1 :]],
    ]  # fmt: skip
    return replace(call, rows=[*others, *((name, each) for each in choices.choice(values))])


def _method(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    return world, replace(call, method=choices.choice(_METHODS))


def _address(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    return world, replace(call, client_ip=choices.choice(_ADDRESSES))


def _route(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    return world, replace(call, route=choices.choice(_ROUTES))


def _profile(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    first = world[0]
    changes: list[dict[str, Any]] = [
        {"active": False},
        {"client_active": False},
        {"active": False, "client_active": False},
        {"ips": ["192.0.2.1"]},
        {"ips": ["::/0"]},
        {"methods": ["PATCH"]},
        {"methods": ["PUT", "DELETE", "PUT"]},
        {"routes": ["refunds"]},
        {"ips": ["192.0.2.1"], "methods": ["PATCH"]},
        {"methods": ["PATCH"], "routes": ["refunds"]},
        {"active": False, "ips": ["192.0.2.1"]},
        {"ips": ["192.0.2.1"], "routes": ["refunds"]},
    ]
    return [replace(first, **choices.choice(changes)), *world[1:]], call


def _credential(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    return _CREDENTIALS[world[0].auth["type"]](choices, world, call)


def _token(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    auth = world[0].auth
    token: str = auth["token"]
    at = choices.randrange(len(token) - 1)
    previous = auth["previous"] or {"token": token}
    values: list[str | None] = [
        None, "", "Bearer", "Bearer ", f"Basic {token}", f"Bearer  {token}", f"Bearer {token} ", f"bearer {token}",
        f"Bearer {token},Bearer {token}", f"BearerX {token}", f"Bearer\t{token}", token, f"Bearer {token[:-1]}",
        f"Bearer {token[:at]}{choices.choice(string.ascii_letters)}{token[at + 1 :]}",
        f"Bearer {token[:at]}{token[at + 1]}{token[at]}{token[at + 2 :]}",
        f"Bearer {issue(Prefix.TOKEN, choices.randrange)}", f"Bearer {issue(Prefix.HMAC_SECRET, choices.randrange)}",
        "Bearer something-else", f"Bearer {'a' * 8_185}", f"Bearer {'a' * 8_186}", f"Bearer {previous['token']}",
        f"Bearer {previous['token']}", f"Bearer {previous['token']}", "Bearer =", "Bearer a=b", f"Bearer {token}=",
    ]  # fmt: skip
    header: str = auth["header"] or "authorization"
    if auth["header"] is not None:
        values = _in_a_header(choices, token, previous["token"])
    value = choices.choice(values)
    rows = [row for row in call.rows if row[0] != header]
    if choices.random() < 0.25:  # the right token, where this profile does not look
        elsewhere = choices.choice([name for name in CARRYING if name != header])
        rows = [row for row in rows if row[0] != elsewhere]
        rows.append((elsewhere, f"Bearer {token}" if elsewhere == "authorization" else token))
    if choices.random() < 0.25:  # the right token, too late or just in time
        changed = auth | {"expires_at": NOW + choices.choice([0, -1, -0.001, 0.001])}
        return [replace(world[0], auth=changed), *world[1:]], call
    if value is None:
        return world, replace(call, rows=rows)
    if choices.random() < 0.1:
        good = f"Bearer {token}" if header == "authorization" else token
        return world, replace(call, rows=[*rows, (header, good), (header, value)])
    return world, replace(call, rows=[*rows, (header, value)])


def _in_a_header(choices: random.Random, token: str, before: str) -> list[str | None]:
    """What may stand in a header of the token's own, mostly wrong."""
    at = choices.randrange(len(token) - 1)
    return [
        None, None, None, "", f"Bearer {token}", f" {token}", f"{token} ", f"{token},{token}", token[:-1], token[1:],
        f"{token[:at]}{choices.choice(string.ascii_letters)}{token[at + 1 :]}", f"{token}=", f"{token}!", "=", "a=b",
        issue(Prefix.TOKEN, choices.randrange), issue(Prefix.HMAC_SECRET, choices.randrange), "something-else", "é",
        "a" * 8_192, "a" * 8_193, before, before, before, token.swapcase(), f'"{token}"', f"{token}\n",
    ]  # fmt: skip


def _jwt(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    groups = possible_defects(world[0].auth)
    several = choices.sample(groups, min(len(groups), choices.choice([1, 1, 1, 2, 3])))
    return world, with_credential(choices, world[0], call, frozenset(choices.choice(group) for group in several))


def _mtls(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    spec = world[0]
    defect = choices.choice(sorted(CERTIFICATE_DEFECTS))
    if defect == "constraint" or choices.random() < 0.2:
        auth = spec.auth | constraints(choices.choice(KINDS), met=False) | {"unmet": True, "any_verified": False}
        spec = replace(spec, auth=auth)
    defects = frozenset({defect}) - {"constraint"}
    return [spec, *world[1:]], with_credential(choices, spec, call, defects)


def _none(choices: random.Random, world: World, call: Call) -> tuple[World, Call]:
    """Whatever credential is sent to a profile without one, nobody looks at it."""
    value = choices.choice(["Bearer x", "Basic x", "Bearer a,b", ""])
    return world, replace(call, rows=[*call.rows, ("authorization", value)], certificate="garbage")


_CREDENTIALS: Final[dict[str, Mutation]] = {"token": _token, "jwt": _jwt, "oidc": _jwt, "mtls": _mtls, "none": _none}
_MUTATIONS: Final[tuple[Mutation, ...]] = (
    _id_row, _both_ids, _method, _address, _route, _profile, _credential, _credential, _credential, _credential,
)  # fmt: skip
