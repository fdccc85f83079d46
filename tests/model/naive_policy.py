"""The decision table, written a second time: plain values, plain ifs, `ipaddress`, nothing of the product's.

What makes a JWT or a certificate bad is known by construction: whoever makes a call names its defects, and the tables
here say which code a defect must give, in the order in which they count.
"""

import binascii
import hashlib
import ipaddress
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

LETTERS: Final = string.ascii_letters
DIGITS: Final = string.digits
TOKEN_CHARACTERS: Final = LETTERS + DIGITS + "!#$%&'*+-.^_`|~"  # RFC 9110 section 5.6.2
BEARER_CHARACTERS: Final = LETTERS + DIGITS + "-._~+/"
BASE62: Final = DIGITS + string.ascii_uppercase + string.ascii_lowercase

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

JWT_DEFECTS: Final = {
    "absent": "credential_missing",
    "basic": "credential_missing",
    "two spaces": "credential_malformed",
    "comma": "credential_malformed",
    "too long": "credential_malformed",
    "two parts": "credential_malformed",
    "padded": "credential_malformed",
    "odd base64": "credential_malformed",
    "header no json": "credential_malformed",
    "header duplicate": "credential_malformed",
    "crit": "credential_malformed",
    "b64": "credential_malformed",
    "alg none": "jwt_algorithm_not_allowed",
    "alg other": "jwt_algorithm_not_allowed",
    "alg absent": "jwt_algorithm_not_allowed",
    "kid unknown": "jwt_signature_invalid",
    "kid absent": "jwt_signature_invalid",
    "kid of another": "jwt_signature_invalid",
    "key of another": "jwt_signature_invalid",
    "signature changed": "jwt_signature_invalid",
    "predecessor past grace": "jwt_signature_invalid",
    "payload array": "credential_malformed",
    "payload duplicate": "credential_malformed",
    "exp absent": "jwt_claim_invalid",
    "exp text": "jwt_claim_invalid",
    "exp true": "jwt_claim_invalid",
    "exp huge": "jwt_claim_invalid",
    "expired": "jwt_expired",
    "secret expired": "jwt_expired",
    "nbf text": "jwt_claim_invalid",
    "nbf future": "jwt_not_yet_valid",
    "iat text": "jwt_claim_invalid",
    "iat future": "jwt_not_yet_valid",
    "iss": "jwt_claim_invalid",
    "aud": "jwt_claim_invalid",
    "sub": "jwt_claim_invalid",
    "token use": "jwt_claim_invalid",
    "lifetime": "jwt_claim_invalid",
    "iat absent": "jwt_claim_invalid",
    "claim absent": "jwt_claim_invalid",
    "claim true": "jwt_claim_invalid",
    "claim text": "jwt_claim_invalid",
    "claim other": "jwt_claim_invalid",
    "cnf": "jwt_claim_invalid",
    "scope": "insufficient_scope",
}

CERTIFICATE_DEFECTS: Final = {
    "absent": "certificate_missing",
    "garbage": "certificate_malformed",
    "truncated": "certificate_malformed",
    "two certificates": "certificate_malformed",
    "expired": "certificate_expired",
    "not yet": "certificate_expired",
    "constraint": "certificate_not_allowed",
}

STATUS: Final = {
    "allowed": 200,
    "method_not_allowed": 405,
    **dict.fromkeys(("internal_error", "profile_unusable", "keys_unavailable", "lookup_failed"), 503),
    **dict.fromkeys(JWT_DEFECTS.values(), 401),
    **dict.fromkeys(CERTIFICATE_DEFECTS.values(), 401),
    **dict.fromkeys(("token_invalid", "token_expired"), 401),
    **dict.fromkeys(("identity_missing", "identity_malformed", "profile_unknown", "profile_inactive"), 403),
    **dict.fromkeys(("ip_not_allowed", "route_not_allowed", "insufficient_scope"), 403),
}
CODE: Final = {200: 0, 401: 16, 403: 7, 405: 7, 503: 14}


@dataclass(slots=True, kw_only=True)
class Spec:
    """A profile and its client. `auth` has `type` and whatever that type needs."""

    client_id: str
    profile_id: str
    client_active: bool = True
    active: bool = True
    ips: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    routes: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    auth: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Call:
    """A request. `rows` are its headers, repeated ones as they came; `client_ip` is the trusted one."""

    rows: list[tuple[str, str]]
    method: str = "GET"
    client_ip: str | None = None
    route: str | None = None
    certificate: str = ""
    now: float
    defects: frozenset[str] = frozenset()  # of a JWT or a certificate
    subject: str | None = None  # whom a JWT or a certificate names


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What must be answered. `removed` is what the upstream must not get."""

    code: str
    status: int
    headers: dict[str, str]
    removed: frozenset[str] = frozenset()
    metadata: dict[str, Any]
    request_id: str | None = None  # None: one made by the product


def decide(specs: Sequence[Spec], call: Call, realm: str = "authz") -> Verdict:
    """What the contract says of `call`."""
    spec, code = _code(specs, call)
    metadata: dict[str, Any] = {"outcome": "allowed" if code == "allowed" else "denied", "code": code}
    if spec is not None:
        metadata |= {"client_id": spec.client_id, "profile_id": spec.profile_id, "auth_type": spec.auth["type"]}
        metadata["labels"] = dict(spec.labels)
    if code == "allowed" and spec is not None:
        headers, removed = _upstream(spec, call)
        return Verdict(code=code, status=200, headers=headers, removed=removed, metadata=metadata)
    status = STATUS[code]
    is_grpc = (_joined(call, "content-type") or "").startswith("application/grpc")
    headers = {"content-type": "text/plain" if is_grpc else "application/problem+json", "cache-control": "no-store"}
    if status == 405 and spec is not None:
        listed: list[str] = []
        for method in spec.methods:
            if method not in listed:
                listed.append(method)
        headers["allow"] = ", ".join(listed)
    if status == 503:
        headers["retry-after"] = "1"
    if status == 401 or code == "insufficient_scope":
        headers["www-authenticate"] = _challenge(code, realm, spec)
    given = _joined(call, "x-request-id") or ""
    shown = given if 1 <= len(given) <= 64 and all(c in LETTERS + DIGITS + "-" for c in given) else None
    return Verdict(code=code, status=status, headers=headers, metadata=metadata, request_id=shown)


def _code(specs: Sequence[Spec], call: Call) -> tuple[Spec | None, str]:
    ids = [[value for name, value in call.rows if name == header] for header in ("x-client-id", "x-profile-id")]
    if any(values in ([], [""]) for values in ids):
        return None, "identity_missing"
    if not all(len(values) == 1 and _is_identifier(values[0]) for values in ids):
        return None, "identity_malformed"
    client_id, profile_id = ids[0][0], ids[1][0]
    found = [spec for spec in specs if spec.client_id == client_id and spec.profile_id == profile_id]
    if not found:
        return None, "profile_unknown"
    spec = found[0]
    if not (spec.active and spec.client_active):
        return spec, "profile_inactive"
    if spec.ips and not _is_listed(spec.ips, call.client_ip):
        return spec, "ip_not_allowed"
    if spec.methods and call.method not in spec.methods:
        return spec, "method_not_allowed"
    if spec.routes and call.route not in spec.routes:
        return spec, "route_not_allowed"
    return spec, _credential(spec.auth, call)


def _credential(auth: dict[str, Any], call: Call) -> str:
    if auth["type"] == "none":
        return "allowed"
    if auth["type"] == "token":
        header = auth.get("header")
        token = _bearer(_joined(call, "authorization")) if header is None else _bare(call, header)
        return _token(auth, token, call.now)
    table = CERTIFICATE_DEFECTS if auth["type"] == "mtls" else JWT_DEFECTS
    unknown = call.defects - set(table)
    if unknown:
        raise AssertionError(f"defects without a meaning: {unknown}")
    for defect, code in table.items():
        if auth.get("keyless") and code == "jwt_signature_invalid":
            return "keys_unavailable"
        if defect in call.defects:
            return code
    return "allowed"


def _token(auth: dict[str, Any], token: str, now: float) -> str:
    if token in ("credential_missing", "credential_malformed"):
        return token
    if token.startswith("azt_"):
        body, checksum = token[:-6], token[-6:]
        if len(token) != 53 or any(c not in BASE62 for c in token[4:]) or checksum != _base62(body):
            return "credential_malformed"
    sha256 = hashlib.sha256(token.encode()).hexdigest()
    previous = auth.get("previous")
    if sha256 == hashlib.sha256(auth["token"].encode()).hexdigest():
        expires_at = auth.get("expires_at")
    elif previous and sha256 == hashlib.sha256(previous["token"].encode()).hexdigest() and now < previous["until"]:
        expires_at = previous.get("expires_at")
    else:
        return "token_invalid"
    return "token_expired" if expires_at is not None and now >= expires_at else "allowed"


def _bearer(value: str | None) -> str:
    if not value:
        return "credential_missing"
    scheme = value[: next((i for i, c in enumerate(value) if c not in TOKEN_CHARACTERS), len(value))]
    if scheme.lower() != "bearer":
        return "credential_missing"
    space, token = value[len(scheme) : len(scheme) + 1], value[len(scheme) + 1 :]
    if len(value.encode()) > 8_192 or space != " ":
        return "credential_malformed"
    return token if _is_b64token(token) else "credential_malformed"


def _bare(call: Call, header: str) -> str:
    value = _joined(call, header)
    if not value:
        return "credential_missing"
    return value if len(value.encode()) <= 8_192 and _is_b64token(value) else "credential_malformed"


def _is_b64token(text: str) -> bool:
    return bool(text.rstrip("=")) and all(c in BEARER_CHARACTERS for c in text.rstrip("="))


def _base62(body: str) -> str:
    number, written = binascii.crc32(body.encode()), ""
    while len(written) < 6:
        written = BASE62[number % 62] + written
        number //= 62
    return written


def _is_identifier(text: str) -> bool:
    if not 1 <= len(text) <= 64 or text[0] not in LETTERS + DIGITS:
        return False
    return all(c in LETTERS + DIGITS + "._~-" for c in text)


def _is_listed(entries: list[str], text: str | None) -> bool:
    ip = _ip(text)
    return ip is not None and any(ip in _network(entry) for entry in entries)


def _network(entry: str) -> IpNetwork:
    network = ipaddress.ip_network(entry)
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= 96:
        return ipaddress.ip_network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


def _ip(text: str | None) -> IpAddress | None:
    """An address, perhaps with a port of digits (IPv6 in brackets), perhaps with a zone (IPv6 alone)."""
    if text is None:
        return None
    port = ""
    if text.startswith("[") and "]" in text:
        text, _, port = text[1:].partition("]")
        if (port and not port.startswith(":")) or ":" not in text:
            return None
        port = port or ":1"
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        port = f":{port}"
    if port and not (1 <= len(port[1:]) <= 5 and all(c in DIGITS for c in port[1:])):
        return None
    text, percent, zone = text.partition("%")
    if percent and not (zone and ":" in text and all(c in LETTERS + DIGITS + "-._~" for c in zone)):
        return None
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip


def _upstream(spec: Spec, call: Call) -> tuple[dict[str, str], frozenset[str]]:
    headers = {
        "x-authz-client-id": spec.client_id,
        "x-authz-profile-id": spec.profile_id,
        "x-authz-auth-type": spec.auth["type"],
    }
    written = ""
    if spec.auth["type"] in ("jwt", "oidc", "mtls"):
        for byte in (call.subject or "").encode("utf-8", "surrogatepass"):
            written += chr(byte) if 0x21 <= byte <= 0x7E and byte != ord("%") else f"%{byte:02X}"
    if 0 < len(written) <= 256:
        headers["x-authz-subject"] = written
    removed = {name for name, _ in call.rows if name.startswith("x-authz-")} | {"x-authz-subject"}
    removed -= set(headers)
    if spec.auth["type"] == "token" and not spec.auth.get("forward"):
        removed.add(spec.auth.get("header") or "authorization")
    if spec.methods:
        removed |= {"x-http-method-override", "x-http-method", "x-method-override"}
    return headers, frozenset(removed)


def _challenge(code: str, realm: str, spec: Spec | None) -> str:
    if code.startswith("certificate_"):
        return f'Certificate realm="{realm}"'
    if code == "credential_missing":
        return f'Bearer realm="{realm}"'
    if code == "insufficient_scope" and spec is not None:
        return f'Bearer realm="{realm}", error="insufficient_scope", scope="{" ".join(spec.auth["scopes"])}"'
    return f'Bearer realm="{realm}", error="invalid_token"'


def _joined(call: Call, name: str) -> str | None:
    values = [value for key, value in call.rows if key == name]
    return ",".join(values) if values else None
