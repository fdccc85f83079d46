"""What a caller should know: everything that its developers need, and no secret."""

from __future__ import annotations

from typing import Any

import pytest

from authz_server.core.denial_reasons import DENIALS, DenialReason
from authz_server.managing.commands import UpdateClient
from authz_server.managing.records import COMMAND_LINE, Role
from authz_server.web.pages import guide
from tests.support.rest_api import Api
from tests.support.web_pages import visiting
from tests.unit.web.pages.profile_site import (
    AUTHS,
    FOREIGN,
    HMAC,
    MTLS,
    NONE,
    OIDC,
    TOKEN,
    a_site,
    add,
    copies,
    read,
    secrets_in,
    shape,
)

PATH = "/clients/cl_acme/guide"
GATEWAY = "https://gateway.example"


def markdown(api: Api, *profile_ids: str) -> str:
    client = api.service.reading.client("cl_acme").shape
    return guide.markdown(client, [shape(api, each) for each in profile_ids], GATEWAY)


def codes(*profiles: Any) -> list[str]:
    return [refusal.code for refusal in guide.refusals(profiles)]


async def test_every_way_to_authenticate_is_told_without_a_secret() -> None:
    api = a_site()
    values = [add(api, auth, f"pr_{number}") for number, auth in enumerate(AUTHS.values())]
    async with visiting(api, Role.VIEWER) as visitor:
        answer = await visitor.get(PATH)
    shown = read(answer)
    for words in (
        "Send your token with every request, as Authorization: Bearer and the token.",
        "Sign a JWT with the secret that you were given (HS256)",
        "Sign a JWT with your private key (ES256)",
        "Get an access token for orders with the scope orders:read from https://login.example",
        "Show your client certificate in the TLS handshake",
        "Send nothing but the two ids",
    ):
        assert words in shown.text
        assert words.partition(" as ")[0].replace("_", r"\_") in copies(answer)["Copy as Markdown"]
    assert not secrets_in(answer.text)
    assert not any(value and value in answer.text for value in values)
    for number in range(len(AUTHS)):
        assert f"pr_{number}" in shown.text
    assert GATEWAY in shown.text


async def test_a_client_without_profiles_is_told_what_to_do() -> None:
    async with visiting(a_site()) as visitor:
        shown = await visitor.open(PATH)
    assert shown.links["Add Profile"] == "/clients/cl_acme/profiles/new"
    async with visiting(a_site(), Role.VIEWER) as visitor:
        assert "Add Profile" not in (await visitor.open(PATH)).links
        assert (await visitor.get("/clients/cl_nobody/guide")).status_code == 404


async def test_what_is_switched_off_is_told() -> None:
    api = a_site()
    add(api, TOKEN, "pr_1", active=False)
    add(api, TOKEN, "pr_2")
    async with visiting(api) as visitor:
        shown = await visitor.open(PATH)
        assert shown.text.count("switched off at the moment") == 1
        api.service.clients.update(UpdateClient(actor=COMMAND_LINE, client_id="cl_acme", fields={"active": False}))
        assert "Acme is switched off at the moment" in (await visitor.open(PATH)).text
    assert "- It is switched off at the moment" in markdown(api, "pr_1")


def test_the_refusals_are_those_that_these_profiles_can_give() -> None:
    api = a_site()
    add(api, NONE, "pr_open")
    add(api, MTLS, "pr_narrow", allowed_ips=["::1"], allowed_methods=["GET"], allowed_routes=["a"])
    few = codes(shape(api, "pr_open"))
    assert few == [
        *("identity_missing", "identity_malformed", "profile_unknown", "profile_inactive"),
        *("profile_unusable", "lookup_failed", "internal_error"),
    ]
    more = set(codes(shape(api, "pr_narrow"))) - set(few)
    assert more == {
        *("ip_not_allowed", "method_not_allowed", "route_not_allowed"),
        *("certificate_missing", "certificate_malformed", "certificate_expired", "certificate_not_allowed"),
    }


def test_all_auth_types_together_can_give_every_refusal() -> None:
    api = a_site()
    for number, auth in enumerate(AUTHS.values()):
        add(api, auth, f"pr_{number}", allowed_ips=["::1"], allowed_methods=["GET"], allowed_routes=["a"])
    found = codes(*(shape(api, f"pr_{number}") for number in range(len(AUTHS))))
    assert sorted(found) == sorted(DenialReason)
    faults = [DENIALS[DenialReason(code)].is_fault for code in found]
    assert faults == sorted(faults)


def test_the_markdown_has_ids_rules_and_lines() -> None:
    api = a_site()
    add(api, TOKEN, allowed_methods=["GET"], allowed_ips=["10.0.0.0/8", "::1"], allowed_routes=["orders"])
    lines = markdown(api, "pr_1").splitlines()
    assert lines[0] == "# Calling https://gateway.example as Acme"
    assert "- `X-Client-ID: cl_acme`" in lines
    assert "- `X-Profile-ID: pr_1`" in lines
    assert "- GET only. From 10.0.0.0/8 and ::1 only. Only routes labelled orders." in lines
    assert lines.count("```sh") == 1
    assert any(line.startswith("| 405 | `method_not_allowed` |") for line in lines)


def test_an_expiry_is_told_and_so_is_that_it_is_past() -> None:
    clock = [1_800_000_000.0]
    api = a_site(clock=lambda: clock[0])
    add(api, TOKEN, expires_in_hours=1)
    assert "- The credential expires: 2027-01-15 09:00 UTC." in markdown(api, "pr_1")
    clock[0] += 3_600
    assert "- The credential has expired: 2027-01-15 09:00 UTC." in markdown(api, "pr_1")


@pytest.mark.parametrize("name", ["# a", "[x](javascript:alert(1))", "<b>", "a`b`", "a|b", "*a* _b_ ~~c~~", "![x](y)"])
def test_a_name_is_text_in_markdown_too(name: str) -> None:
    api = a_site()
    add(api, FOREIGN, name=name)
    (heading,) = [
        line for line in markdown(api, "pr_1").splitlines() if line.startswith("## ") and "refused" not in line
    ]
    written = heading.removeprefix("## ")
    assert written.replace("\\", "") == name
    for character in "`*_[]<>|#!~":
        assert written.count(character) == written.count(f"\\{character}")


@pytest.mark.parametrize(
    ("auth", "untold"),
    [
        (TOKEN | {"forward_authorization": True}, "sees the token"),
        (HMAC, "kept sealed"),
        (OIDC, "public key"),
    ],
    ids=["token", "hmac", "oidc"],
)
def test_what_only_the_operator_has_to_know_is_left_out(auth: dict[str, Any], untold: str) -> None:
    api = a_site()
    add(api, auth)
    assert untold not in markdown(api, "pr_1")


async def test_of_very_many_profiles_only_the_newest_are_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guide, "PROFILES", 2)
    api = a_site()
    for number in range(3):
        add(api, NONE, f"pr_{number}")
    async with visiting(api) as visitor:
        assert "Only the newest 2 profiles are described." in (await visitor.open(PATH)).text
