"""One client, profiles of it of every auth type, and what tests ask of a profile's page."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, Final

import httpx

from authz_server.managing.commands import CreateClient, CreateProfile
from authz_server.managing.ports import AuditFilter
from authz_server.managing.records import COMMAND_LINE, Shape
from tests.support import html
from tests.support.rest_api import Api, a_seal
from tests.support.signing import es256_key, key_set, public_pem, rs256_key
from tests.support.web_pages import Visitor

HMAC: Final = {"type": "jwt", "algorithm": "HS256", "issuer": "acme"}
PUBLIC_KEY: Final = {"type": "jwt", "algorithm": "ES256", "public_key": public_pem(es256_key())}
OIDC: Final[dict[str, Any]] = {
    "type": "oidc",
    "issuer": "https://login.example",
    "audience": ["orders"],
    "jwks": key_set(rs256_key(), "current"),
    "required_scopes": ["orders:read"],
}
MTLS: Final = {"type": "mtls", "san_dns": ["acme.example"], "fingerprints_sha256": ["ab" * 32]}
NONE: Final = {"type": "none"}
TOKEN: Final = {"type": "token"}
FOREIGN: Final = {"type": "token", "token_sha256": "ab" * 32}
AUTHS: Final = {"token": TOKEN, "hmac": HMAC, "public key": PUBLIC_KEY, "oidc": OIDC, "mtls": MTLS, "none": NONE}

_SECRET: Final = re.compile(r"az[th]_[0-9A-Za-z]{49,}")


def a_site(**options: Any) -> Api:
    """With the client cl_acme."""
    api = Api(**{"seal": a_seal(), **options})
    api.service.clients.create(CreateClient(actor=COMMAND_LINE, fields={"id": "cl_acme", "name": "Acme"}))
    return api


def add(api: Api, auth: dict[str, Any], profile_id: str = "pr_1", **fields: Any) -> str:
    """One profile; its credential, or nothing."""
    given = {"id": profile_id, "name": f"name of {profile_id}", "auth": auth, **fields}
    edited = api.service.profiles.create(CreateProfile(actor=COMMAND_LINE, client_id="cl_acme", fields=given))
    if edited.credential is None or edited.credential.value is None:
        return ""
    return edited.credential.value.reveal()


def shape(api: Api, profile_id: str = "pr_1") -> Shape:
    """The profile as it is now."""
    return api.service.reading.profile(profile_id).shape


def actions(api: Api, profile_id: str = "pr_1") -> list[str]:
    """What was done to it, the last first."""
    return [entry["action"] for entry in api.service.reading.audit(AuditFilter(profile_id=profile_id), limit=20)]


async def form(visitor: Visitor, profile_id: str = "pr_1") -> dict[str, str]:
    """The fields of the profile's page: its version, and a one-time key."""
    return (await visitor.open(f"/profiles/{profile_id}")).fields


async def rotate(visitor: Visitor, **typed: str) -> httpx.Response:
    """By the form of the page."""
    return await visitor.post("/profiles/pr_1/rotate", await form(visitor) | typed)


def secrets_in(text: str) -> set[str]:
    """Every credential of ours that a page holds."""
    return set(_SECRET.findall(text))


def copies(answer: httpx.Response) -> dict[str, str]:
    """What each of the page's buttons copies, by the button's words."""
    found = re.findall(r'data-copy="([^"]*)" hidden>.*?<span>(.*?)</span></button>', answer.text, re.DOTALL)
    return {label: unescape(value) for value, label in found}


def buttons(answer: httpx.Response) -> set[str]:
    """The words of every button."""
    return {
        " ".join(re.sub(r"<[^>]*>", " ", inner).split())
        for inner in re.findall(r"<button[^>]*>(.*?)</button>", answer.text, re.DOTALL)
    }


def read(answer: httpx.Response) -> html.Shown:
    """The page, read."""
    return html.read(answer.text)
