"""The product, asked what the naive model is asked, and its answer in the same form."""

import random
from dataclasses import replace
from hashlib import sha256
from ssl import PEM_cert_to_DER_cert
from typing import Any, Final
from urllib.parse import unquote

from authz_server.core.allow_list import AllowList
from authz_server.core.auth import (
    AuthConfig,
    JwtAuth,
    MtlsAuth,
    NoAuth,
    OidcAuth,
    PreviousSecret,
    PreviousToken,
    RequiredClaim,
    TokenAuth,
    TokenUse,
)
from authz_server.core.facts import CertificateForm
from authz_server.core.profile import Client, Profile
from authz_server.core.secret import Secret
from authz_server.core.token import digest
from authz_server.ext_authz.decode import ClientIpFrom
from authz_server.ext_authz.service import CheckService
from tests.model.naive_policy import Call, Spec, Verdict
from tests.model.signed_tokens import LEEWAY, SECRETS, key_set, public_pem
from tests.support.checks import a_check_service
from tests.support.requests import a_check_request
from tests.support.responses import Response, read_response

_CLAIMS: Final = (RequiredClaim(path=("org", "tier"), allowed=(1, "gold")),)


def profile_of(spec: Spec) -> Profile:
    """The product's own form of a spec."""
    return Profile(
        id=spec.profile_id,
        client=Client(id=spec.client_id, name=spec.client_id, active=spec.client_active),
        name=spec.profile_id,
        active=spec.active,
        allowed_methods=tuple(spec.methods),
        allowed_ips=AllowList.of(spec.ips),
        allowed_routes=tuple(spec.routes),
        labels=spec.labels,
        auth=_AUTHS[spec.auth["type"]](spec.auth),
    )


def service_for(specs: list[Spec]) -> CheckService:
    """The real service over these profiles, at the models' time."""
    return a_check_service(*map(profile_of, specs))


def request_of(call: Call, *, raw: bool) -> bytes:
    """The CheckRequest; `raw` as with `encode_raw_headers`, else repeated headers are joined as Envoy joins them."""
    joined: dict[str, str] = {}
    for name, value in call.rows:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return a_check_request(
        {} if raw else joined,
        rows=[(name, value.encode()) for name, value in call.rows] if raw else (),
        method=call.method,
        source_ip=call.client_ip,
        route=call.route,
        certificate=call.certificate,
    )


def agree(verdict: Verdict, response: Response) -> str:
    """Empty where the product answered as the model wants; else what differs."""
    shown = Verdict(
        code=str(response.metadata.get("code")),
        status=response.http_status,
        headers=response.headers,
        removed=frozenset(response.removed),
        metadata=response.metadata,
        request_id=verdict.request_id,
    )
    if shown != verdict:
        return f"the model wants {verdict}, the product says {shown}"
    wanted_grpc_code = {200: 0, 401: 16, 403: 7, 405: 7, 503: 14}[verdict.status]
    if response.code != wanted_grpc_code:
        return f"status.code {response.code}"
    return "" if verdict.code == "allowed" else _body_differs(verdict, response)


def _body_differs(verdict: Verdict, response: Response) -> str:
    if verdict.headers["content-type"] == "text/plain":
        is_line = response.body.startswith(f"{verdict.code}: ") and response.body.isascii()
        return "" if is_line else f"body {response.body}"
    problem = response.problem
    if list(problem) != ["type", "title", "status", "code", "detail", "request_id"]:
        return f"members {list(problem)}"
    wanted = (f"urn:authz:problem:{verdict.code}", verdict.status, verdict.code)
    if (problem["type"], problem["status"], problem["code"]) != wanted:
        return f"problem {problem}"
    if problem["request_id"] != (verdict.request_id or problem["request_id"]) or not problem["request_id"]:
        return f"request id {problem['request_id']}, not {verdict.request_id}"
    return ""


def compare(world: list[Spec], call: Call, verdict: Verdict, choices: random.Random) -> str:
    """Ask the product, in one of the ways in which Envoy may tell it headers, addresses and certificates."""
    client_ip_from = choices.choice(tuple(ClientIpFrom))
    certificate_from = choices.choice(tuple(CertificateForm))
    service = a_check_service(*map(profile_of, world), client_ip_from=client_ip_from, certificate_from=certificate_from)
    metadata: list[tuple[str, str]] = []
    if client_ip_from is not ClientIpFrom.PEER:
        if client_ip_from is ClientIpFrom.METADATA:
            metadata = [("x-client-ip", call.client_ip)] if call.client_ip is not None else []
        elif call.client_ip is not None:
            call = replace(call, rows=[*call.rows, ("x-envoy-external-address", call.client_ip)])
        call = replace(call, client_ip=choices.choice(["10.1.2.3", "192.0.2.99"]))  # Envoy's peer, which must not count
    if certificate_from is CertificateForm.XFCC:
        if call.certificate:
            call = replace(call, rows=[*call.rows, ("x-forwarded-client-cert", _forwarded(call.certificate))])
        call = replace(call, certificate=choices.choice(["", call.certificate]))  # nor does the handshake's own
    elif choices.random() < 0.2:
        call = replace(call, rows=[*call.rows, ("x-forwarded-client-cert", "Hash=00;Cert=forged")])
    encoded = service.check(request_of(call, raw=choices.random() < 0.3), metadata)
    assert isinstance(encoded, bytes)
    return agree(verdict, read_response(encoded))


def _forwarded(certificate: str) -> str:
    """One element of x-forwarded-client-cert, as Envoy writes it; its hash is that of the bytes, if there are any."""
    try:
        der = PEM_cert_to_DER_cert(unquote(certificate))
    except ValueError:
        der = b""
    return f'By=spiffe://edge;Hash={sha256(der).hexdigest()};Cert="{certificate}";URI=spiffe://forged.example/admin'


def _token(auth: dict[str, Any]) -> AuthConfig:
    previous = auth["previous"]
    return TokenAuth(
        token_sha256=digest(auth["token"]),
        header=auth["header"],
        expires_at=auth["expires_at"],
        forward_authorization=auth["forward"],
        previous=previous
        and PreviousToken(
            token_sha256=digest(previous["token"]), until=previous["until"], expires_at=previous["expires_at"]
        ),
    )


def _jwt(auth: dict[str, Any]) -> AuthConfig:
    form, previous = auth["form"], auth.get("previous")
    return JwtAuth(
        algorithm=auth["algorithm"],
        secret=Secret(SECRETS["current"]) if form == "secret" else None,
        credential_id="cr_1" if form == "secret" else None,
        public_key=public_pem(auth["algorithm"]) if form == "public_key" else None,
        jwks=key_set(auth["algorithm"]) if form == "jwks" else None,
        issuer=auth["issuer"],
        audience=tuple(auth["audience"]),
        subject=auth["subject"],
        required_claims=_CLAIMS if auth["claims"] else (),
        leeway_seconds=LEEWAY,
        max_lifetime_seconds=auth["max_lifetime"],
        expires_at=auth.get("expires_at"),
        previous=previous
        and PreviousSecret(
            credential_id="cr_0",
            secret=Secret(SECRETS["previous"]),
            until=previous["until"],
            expires_at=previous["expires_at"],
        ),
    )


def _oidc(auth: dict[str, Any]) -> AuthConfig:
    return OidcAuth(
        issuer=auth["issuer"],
        audience=tuple(auth["audience"]),
        jwks='{"keys": []}' if auth["keyless"] else key_set(auth["algorithm"]),
        algorithms=(auth["algorithm"],),
        token_use=TokenUse(auth["token_use"]),
        required_claims=_CLAIMS if auth["claims"] else (),
        required_scopes=tuple(auth["scopes"]),
        leeway_seconds=LEEWAY,
    )


def _mtls(auth: dict[str, Any]) -> AuthConfig:
    bundle = auth.get("bundle")
    return MtlsAuth(
        fingerprints_sha256=tuple(auth.get("fingerprints", ())),
        san_uris=tuple(auth.get("uris", ())),
        san_dns=tuple(auth.get("dns", ())),
        subject_cn=tuple(auth.get("cn", ())),
        subject_ou=tuple(auth.get("ou", ())),
        issuer_dn=tuple(auth.get("issuer", ())),
        ca_bundle="".join(bundle) if bundle else None,
        any_verified=auth["any_verified"],
    )


def _none(_auth: dict[str, Any]) -> AuthConfig:
    return NoAuth()


_AUTHS: Final = {"token": _token, "jwt": _jwt, "oidc": _oidc, "mtls": _mtls, "none": _none}
