"""Lines to paste: how a caller uses a profile, with the profile's ids filled in.

A secret is a variable of the shell or of the environment, but in `curl` with a `value`: only the panel that shows a
credential once asks for that. Everything that goes into a line is quoted for where it goes.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from authz_server.authentication.claims import parse_path
from authz_server.core.auth import AuthType
from authz_server.managing.records import Shape
from authz_server.web.pages import rules

CLIENT_ID: Final = "X-Client-ID"
PROFILE_ID: Final = "X-Profile-ID"
SIGN_FILE: Final = "sign.py"
_TLS_GATEWAY: Final = "https://gateway.example"  # where the gateway is only known by plain HTTP
_SOME_ADDRESS: Final = "192.0.2.1"  # RFC 5737: nobody's
_LIFETIME_SECONDS: Final = 300
_is_plain: Final = re.compile(r"[A-Za-z0-9-]+(: (Bearer )?)?").fullmatch
_GET: Final = "GET"
_HEAD: Final = "HEAD"
_SECRET: Final = "SECRET"  # noqa: S105 - the name of a variable
_TOKEN: Final = "TOKEN"  # noqa: S105 - the name of a variable


class Snippet(NamedTuple):
    """Lines for one program; `note` is what has to be known first, or nothing."""

    label: str
    text: str
    note: str = ""


def of(profile: Shape, gateway_url: str) -> tuple[Snippet, ...]:
    """Lines for curl, Python and Envoy, as far as there are any for this profile's auth type."""
    return tuple(_of(profile, gateway_url))


def curl(profile: Shape, gateway_url: str, value: str | None = None) -> str:
    """A command that calls the gateway. `value`: the credential itself; without it, a variable of the shell's."""
    auth = profile["auth"]
    parts = [" ".join(("curl -sS -i", *_curl_method(profile), shlex.quote(_url(profile, gateway_url))))]
    if auth["type"] == AuthType.MTLS:
        parts.append("--cert client.pem --key client.key")
    parts += [f"-H {shlex.quote(f'{name}: {text}')}" for name, text in _ids(profile).items()]
    header = credential_header(profile, "" if value is None else value)
    if header is not None:
        parts.append(f"-H {shlex.quote(header)}" if value is not None else f"-H {_with_variable(header, auth)}")
    return " \\\n  ".join(parts)


def credential_header(profile: Shape, value: str) -> str | None:
    """The whole header that carries this credential; None where none does."""
    auth = profile["auth"]
    match AuthType(auth["type"]):
        case AuthType.TOKEN if auth["header"] is not None:
            return f"{rules.token_header(auth)}: {value}"
        case AuthType.TOKEN | AuthType.JWT | AuthType.OIDC:
            return f"Authorization: Bearer {value}"
        case _:
            return None


def carries_credential(profile: Shape) -> bool:
    """Whether what was issued is itself sent, in a header: a token is, a secret that JWTs are signed with is not."""
    return bool(profile["auth"]["type"] == AuthType.TOKEN)


def _of(profile: Shape, gateway_url: str) -> Iterable[Snippet]:
    if profile["auth"]["type"] == AuthType.JWT:
        yield Snippet(SIGN_FILE, signing(profile), _sign_note(profile["auth"]))
    yield Snippet("curl", curl(profile, gateway_url), _curl_note(profile, gateway_url))
    yield Snippet("Python", python(profile, gateway_url))
    if profile["auth"]["type"] in {AuthType.TOKEN, AuthType.MTLS, AuthType.NONE}:
        yield Snippet("Envoy", envoy(profile), _ENVOY_NOTES[AuthType(profile["auth"]["type"])])


def signing(profile: Shape) -> str:
    """A program that makes a JWT which this profile accepts, and prints it."""
    auth = profile["auth"]
    key = f'os.environ["{_SECRET}"]' if rules.is_hmac(auth) else 'pathlib.Path("private.pem").read_text()'
    key_id = _key_id(auth)
    headers = f', headers={{"kid": {_python(key_id)}}}' if key_id else ""
    imports = "import os, time, jwt" if rules.is_hmac(auth) else "import pathlib, time, jwt"
    return (
        f"{imports}\n"
        "now = int(time.time())\n"
        f"claims = {{{', '.join(_claims(auth))}}}\n"
        f"key = {key}\n"
        f"print(jwt.encode(claims, key, algorithm={_python(auth['algorithm'])}{headers}))"
    )


def python(profile: Shape, gateway_url: str) -> str:
    """A program that calls the gateway by `requests`."""
    auth = profile["auth"]
    headers = [f"    {_python(name)}: {_python(text)}," for name, text in _ids(profile).items()]
    header = credential_header(profile, "")
    if header is not None:
        name, _, scheme = header.partition(": ")
        value = f'os.environ["{_variable(auth)}"]'
        headers.append(f"    {_python(name)}: {f'{_python(scheme)} + ' if scheme else ''}{value},")
    certificate = ', cert=("client.pem", "client.key")' if auth["type"] == AuthType.MTLS else ""
    call = f"{_python(method(profile))}, {_python(_url(profile, gateway_url))}, headers=headers{certificate}"
    lines = [
        "import os, requests" if header is not None else "import requests",
        "headers = {",
        *headers,
        "}",
        f"answer = requests.request({call})",
        "print(answer.status_code, answer.text)",
    ]
    return "\n".join(lines)


def envoy(profile: Shape) -> str:
    """What the caller's own Envoy adds: to the route, or to the virtual host, that leads to the gateway."""
    auth = profile["auth"]
    added = list(_ids(profile).items())
    header = credential_header(profile, f"%ENVIRONMENT({_TOKEN})%")
    if header is not None:
        name, _, value = header.partition(": ")
        added.append((name, value))
    lines = ["request_headers_to_add:"]
    for name, value in added:
        lines.append(f"- header: {{key: {name if _is_plain(name) else json.dumps(name)}, value: {json.dumps(value)}}}")
        lines.append("  append_action: OVERWRITE_IF_EXISTS_OR_ADD")
    if auth["type"] == AuthType.MTLS:
        lines += _ENVOY_CERTIFICATE
    return "\n".join(lines)


_ENVOY_CERTIFICATE: Final = (
    "# and in the cluster of the gateway:",
    "transport_socket:",
    "  name: envoy.transport_sockets.tls",
    "  typed_config:",
    '    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    "    common_tls_context:",
    "      tls_certificates:",
    "      - certificate_chain: {filename: client.pem}",
    "        private_key: {filename: client.key}",
)
_ENVOY_NOTES: Final = {
    AuthType.TOKEN: f"In the route to the gateway, of the caller's own Envoy. {_TOKEN} is in Envoy's environment.",
    AuthType.MTLS: "In the route to the gateway, of the caller's own Envoy.",
    AuthType.NONE: "In the route to the gateway, of the caller's own Envoy.",
}


def _curl_note(profile: Shape, gateway_url: str) -> str:
    auth = profile["auth"]
    notes = []
    match AuthType(auth["type"]):
        case AuthType.TOKEN:
            notes.append(f"The token is in the variable {_TOKEN}: “read -rs {_TOKEN}” takes it without showing it.")
        case AuthType.JWT:
            notes.append(f"The variable JWT holds what {SIGN_FILE} prints: “JWT=$(python3 {SIGN_FILE})”.")
        case AuthType.OIDC:
            notes.append(_oidc_note(auth))
        case AuthType.MTLS if urlsplit(gateway_url).scheme != "https":
            notes.append("A certificate is shown in the TLS handshake: call the gateway where it takes HTTPS.")
        case AuthType.MTLS:
            notes.append("client.pem and client.key are the caller's certificate and its private key.")
        case _:
            pass
    if profile["allowed_routes"]:
        notes.append(f"Take a path whose route is labelled {rules.joined(profile['allowed_routes'], 'or')}.")
    return " ".join(notes)


def _oidc_note(auth: Shape) -> str:
    kind = "an ID token" if auth["token_use"] == "id" else "an access token"  # noqa: S105 - a kind of token
    scopes = auth["required_scopes"]
    asked = f", with the {'scope' if len(scopes) == 1 else 'scopes'} {rules.joined(scopes)}" if scopes else ""
    return f"{_TOKEN} holds {kind} of {auth['issuer']} for {rules.joined(auth['audience'], 'or')}{asked}."


def _curl_method(profile: Shape) -> tuple[str, ...]:
    chosen = method(profile)
    if chosen == _GET:
        return ()
    return ("--head",) if chosen == _HEAD else (f"-X {shlex.quote(chosen)}",)


def method(profile: Shape) -> str:
    """One that the profile may use; GET where it may."""
    allowed = profile["allowed_methods"]
    return _GET if not allowed or _GET in allowed else str(allowed[0])


def trial(profile: Shape) -> dict[str, str]:
    """What a trial begins with: a request that the profile's rules let pass, its credential not looked at."""
    networks, labels = profile["allowed_ips"], profile["allowed_routes"]
    return {
        "method": method(profile),
        "path": "/",
        "client_ip": networks[0].partition("/")[0] if networks else _SOME_ADDRESS,
        "route": labels[0] if labels else "",
        "assume": "on",
    }


def _url(profile: Shape, gateway_url: str) -> str:
    is_plain = urlsplit(gateway_url).scheme != "https"
    base = _TLS_GATEWAY if is_plain and profile["auth"]["type"] == AuthType.MTLS else gateway_url
    return f"{base.rstrip('/')}/"


def _ids(profile: Shape) -> Mapping[str, str]:
    return {CLIENT_ID: profile["client_id"], PROFILE_ID: profile["id"]}


def _with_variable(header: str, auth: Shape) -> str:
    """A word of the shell's. Between double quotes, the name of a header could hold a command."""
    variable = f"${_variable(auth)}"
    return f'"{header}{variable}"' if _is_plain(header) else f'{shlex.quote(header)}"{variable}"'


def _variable(auth: Shape) -> str:
    return "JWT" if auth["type"] == AuthType.JWT else _TOKEN


def _python(value: Any) -> str:
    """A plain value as a literal of Python's, in double quotes."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_python(name)}: {_python(each)}' for name, each in value.items())}}}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _claims(auth: Shape) -> Iterable[str]:
    """The members of a dict display; what is required, and dates."""
    claims: dict[str, Any] = {}
    for path, allowed in auth["required_claims"].items():
        _put(claims, path, allowed[0])
    if auth["issuer"]:
        claims["iss"] = auth["issuer"]
    if auth["audience"]:
        claims["aud"] = auth["audience"][0]
    if auth["subject"]:
        claims["sub"] = auth["subject"]
    longest = auth["max_lifetime_seconds"]
    lifetime = _LIFETIME_SECONDS if longest is None else min(_LIFETIME_SECONDS, longest)
    yield from (f"{_python(name)}: {_python(value)}" for name, value in claims.items())
    yield '"iat": now'
    yield f'"exp": now + {lifetime}'


def _put(claims: dict[str, Any], path: str, value: Any) -> None:
    """At a path such as `a.b`."""
    *parents, name = parse_path(path)
    for parent in parents:
        if not isinstance(claims.get(parent), dict):
            claims[parent] = {}
        claims = claims[parent]
    claims[name] = value


def _key_id(auth: Shape) -> str | None:
    """The key id that the JWT has to name, where the profile has a key set."""
    keys = auth["jwks"]["keys"] if auth["jwks"] else []
    return next((key["kid"] for key in keys if "kid" in key), None)


def _sign_note(auth: Shape) -> str:
    if rules.is_hmac(auth):
        return f"Makes a JWT and prints it, by PyJWT. The secret is in the environment, as {_SECRET}."
    return "Makes a JWT and prints it, by PyJWT and cryptography. The private key is in private.pem."
