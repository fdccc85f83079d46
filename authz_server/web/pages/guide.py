"""/clients/{client_id}/guide: what a client's developers have to know, on a page that they can be sent. No secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from authz_server.core.auth import AuthType, TokenUse
from authz_server.core.denial_reasons import DENIALS, Denial, DenialReason
from authz_server.managing.credential_state import State
from authz_server.managing.ports import ProfileFilter
from authz_server.managing.records import Role, Shape
from authz_server.web.pages import rules, scripts, snippets
from authz_server.web.pages.rules import Setting
from authz_server.web.pages.snippets import Snippet
from authz_server.web.pages.visits import Action, Answer, Page, Services, View, Visit
from authz_server.web.pages.words import moment

PROFILES: Final = 200  # of one guide
_Reason = DenialReason
_ALWAYS: Final = (
    _Reason.IDENTITY_MISSING,
    _Reason.IDENTITY_MALFORMED,
    _Reason.PROFILE_UNKNOWN,
    _Reason.PROFILE_INACTIVE,
)
_RULES: Final = {
    "allowed_ips": _Reason.IP_NOT_ALLOWED,
    "allowed_methods": _Reason.METHOD_NOT_ALLOWED,
    "allowed_routes": _Reason.ROUTE_NOT_ALLOWED,
}
_SENT: Final = (_Reason.CREDENTIAL_MISSING, _Reason.CREDENTIAL_MALFORMED)
_JWT: Final = (
    _Reason.JWT_SIGNATURE_INVALID,
    _Reason.JWT_EXPIRED,
    _Reason.JWT_NOT_YET_VALID,
    _Reason.JWT_CLAIM_INVALID,
    _Reason.JWT_ALGORITHM_NOT_ALLOWED,
)
_CREDENTIALS: Final = {
    AuthType.TOKEN: (*_SENT, _Reason.TOKEN_INVALID, _Reason.TOKEN_EXPIRED),
    AuthType.JWT: (*_SENT, *_JWT),
    AuthType.OIDC: (*_SENT, *_JWT, _Reason.INSUFFICIENT_SCOPE, _Reason.KEYS_UNAVAILABLE),
    AuthType.MTLS: (
        _Reason.CERTIFICATE_MISSING,
        _Reason.CERTIFICATE_MALFORMED,
        _Reason.CERTIFICATE_EXPIRED,
        _Reason.CERTIFICATE_NOT_ALLOWED,
    ),
    AuthType.NONE: (),
}
_FAULTS: Final = (_Reason.PROFILE_UNUSABLE, _Reason.LOOKUP_FAILED, _Reason.INTERNAL_ERROR)
# Said of the operator's side, or in the sentence already.
_UNTOLD: Final = frozenset(
    ("The application", "Sent as", "Key", "Keys", "Issuer", "Audience", "Scopes", "Kind of token", "Signed with")
)
_escape: Final = re.compile(r"([\\`*_{}\[\]<>|#!~])")


class Way(NamedTuple):
    """One profile, as its callers have to know it: what they do, what is asked of it, and where it leads."""

    name: str
    profile_id: str
    active: bool
    proof: str
    expires_at: str | None
    expired: bool
    settings: tuple[Setting, ...]
    methods: str
    addresses: str
    routes: str
    snippets: tuple[Snippet, ...]


class Refusal(NamedTuple):
    """One thing that callers may be answered."""

    code: str
    denial: Denial


def ways(profiles: Iterable[Shape], gateway_url: str) -> tuple[Way, ...]:
    """The profiles, as their callers have to know them."""
    return tuple(_way(profile, gateway_url) for profile in profiles)


def refusals(profiles: Sequence[Shape]) -> tuple[Refusal, ...]:
    """What callers of these profiles may be answered, in the order of the check."""
    reasons = {*_ALWAYS, *_FAULTS}
    for profile in profiles:
        reasons.update(reason for name, reason in _RULES.items() if profile[name])
        reasons.update(_CREDENTIALS[AuthType(profile["auth"]["type"])])
    found = (Refusal(reason.value, DENIALS[reason]) for reason in DenialReason if reason in reasons)
    return tuple(sorted(found, key=lambda refusal: refusal.denial.is_fault))


def markdown(client: Shape, profiles: Sequence[Shape], gateway_url: str) -> str:
    """The whole of it, to be pasted into a message or a wiki."""
    lines = [
        f"# Calling {gateway_url} as {_text(client['name'])}",
        "",
        "Every request says who calls, and by which of the profiles below, in two headers:",
        "",
        f"- `{snippets.CLIENT_ID}: {client['id']}`",
        f"- `{snippets.PROFILE_ID}`, with the id of the profile",
    ]
    for way in ways(profiles, gateway_url):
        lines += ["", f"## {_text(way.name)}", "", *_facts(way)]
        for snippet in way.snippets:
            language = "python" if snippet.label == snippets.SIGN_FILE else "sh"
            note = ["", _text(snippet.note)] if snippet.note else []
            lines += [*note, "", f"```{language}", snippet.text, "```"]
    lines += ["", "## When a request is refused", "", REFUSED, "", "| status | code | meaning |", "| --- | --- | --- |"]
    lines += [f"| {each.denial.status} | `{each.code}` | {each.denial.detail} |" for each in refusals(profiles)]
    return "\n".join(lines) + "\n"


REFUSED: Final = (
    "The answer is a problem document (RFC 9457, application/problem+json). Its code says why, and its request_id is"
    " what to name when you ask about it. 401: the credential has to be another one, and the same one will be refused"
    " again. 403 and 405: the profile does not let this request pass. 503: nothing is wrong with the request; send it"
    " again after the seconds that Retry-After says."
)


def _way(profile: Shape, gateway_url: str) -> Way:
    auth = profile["auth"]
    kept = tuple(setting for setting in rules.settings(auth) if setting.name not in _untold(auth))
    of_caller = (each for each in snippets.of(profile, gateway_url) if each.label in {"curl", snippets.SIGN_FILE})
    return Way(
        name=profile["name"],
        profile_id=profile["id"],
        active=profile["active"],
        proof=_proof(auth),
        expires_at=profile["credential_state"]["expires_at"],
        expired=profile["credential_state"]["state"] == State.EXPIRED,
        settings=kept,
        methods=rules.methods(profile),
        addresses=f"From {rules.joined(profile['allowed_ips'])} only" if profile["allowed_ips"] else "From anywhere",
        routes=rules.routes(profile),
        snippets=tuple(of_caller),
    )


def _untold(auth: Shape) -> frozenset[str]:
    return frozenset(("Chain",)) if auth["type"] == AuthType.MTLS else _UNTOLD


def _proof(auth: Shape) -> str:
    """What the caller does, in the words of whoever tells it to."""
    match AuthType(auth["type"]):
        case AuthType.TOKEN if auth["header"] is not None:
            return f"Send your token with every request, as the value of the header {rules.token_header(auth)}."
        case AuthType.TOKEN:
            return "Send your token with every request, as Authorization: Bearer and the token."
        case AuthType.JWT:
            key = "the secret that you were given" if rules.is_hmac(auth) else "your private key"
            return f"Sign a JWT with {key} ({auth['algorithm']}), and send it as Authorization: Bearer and the JWT."
        case AuthType.OIDC:
            kind = "ID token" if auth["token_use"] == TokenUse.ID else "access token"
            audience = rules.joined(auth["audience"], "or")
            scopes = auth["required_scopes"]
            asked = f" with the {'scope' if len(scopes) == 1 else 'scopes'} {rules.joined(scopes)}" if scopes else ""
            return (
                f"Get an {kind} for {audience}{asked} from {auth['issuer']}, and send it as Authorization: Bearer and"
                " the token."
            )
        case AuthType.MTLS:
            return "Show your client certificate in the TLS handshake; there is nothing else to send."
        case AuthType.NONE:
            return "Send nothing but the two ids: no credential is asked for."


def _facts(way: Way) -> Iterable[str]:
    yield f"- `{snippets.PROFILE_ID}: {way.profile_id}`"
    if not way.active:
        yield "- It is switched off at the moment: every request is refused with 403."
    yield f"- {_text(way.proof)}"
    if way.expires_at is not None:
        verb = "has expired" if way.expired else "expires"
        yield f"- The credential {verb}: {moment(way.expires_at):%Y-%m-%d %H:%M} UTC."
    yield from (f"- {setting.name}: {_text(rules.joined(setting.values, 'or'))}" for setting in way.settings)
    yield f"- {_text(way.methods)}. {_text(way.addresses)}. {_text(way.routes)}."


def _text(text: str) -> str:
    """Text that Markdown takes for nothing else."""
    return _escape.sub(r"\\\1", text)


def _guide(services: Services, visit: Visit) -> Answer:
    reading = services.managing.reading
    client = reading.client(visit.id("client_id")).shape
    page = reading.profiles(ProfileFilter(client_id=client["id"]), limit=PROFILES)
    context = {
        "client": client,
        "ways": ways(page.items, services.gateway_url),
        "refusals": refusals(page.items),
        "refused": REFUSED,
        "left_out": page.next is not None,
        "markdown": markdown(client, page.items, services.gateway_url),
        "shown": PROFILES,
        "commands": scripts.of_client(client["id"], visit.origin),
    }
    return View(template="guide.html", context=context)


PAGES: Final = (Page("/clients/{client_id}/guide", {"GET": Action(Role.VIEWER, _guide)}),)
