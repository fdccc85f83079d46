"""Trying a request: seven steps, the exact answer, and never a secret given back."""

from __future__ import annotations

from pathlib import Path

import pytest

from authz_server.managing.commands import UpdateProfile
from authz_server.managing.records import COMMAND_LINE, Role
from tests.support import html
from tests.support.certificates import CertificateAuthority
from tests.support.rest_api import Api
from tests.support.web_pages import visiting
from tests.unit.web.pages.profile_site import AUTHS, MTLS, NONE, TOKEN, a_site, add, read, shape

PATH = "/profiles/pr_1/try"


def verdicts(text: str) -> list[str]:
    """What became of the steps, by their classes."""
    classes = [attributes.get("class", "") for tag, attributes in html.read(text).elements if tag == "li"]
    return [name.removeprefix("step step-") for name in classes if name.startswith("step ")]


@pytest.mark.parametrize("auth", AUTHS.values(), ids=AUTHS)
async def test_the_form_begins_with_a_request_that_passes(auth: dict[str, str]) -> None:
    api = a_site()
    add(api, auth, allowed_methods=["POST"], allowed_ips=["10.0.0.0/8"], allowed_routes=["orders"])
    async with visiting(api, Role.OPERATOR) as visitor:
        answer = await visitor.send(PATH)
    assert answer.status_code == 200
    assert "It would be let through" in answer.text
    expected = "passed" if auth == NONE else "assumed"
    assert verdicts(answer.text) == ["passed"] * 6 + [expected]
    assert "x-authz-client-id: cl_acme" in answer.text
    assert read(answer).fields["method"] == "POST"


async def test_the_step_that_refuses_is_told_with_the_exact_answer() -> None:
    api = a_site()
    add(api, TOKEN, allowed_methods=["GET"])
    async with visiting(api) as visitor:
        answer = await visitor.send(PATH, method="DELETE")
    assert verdicts(answer.text) == ["passed"] * 4 + ["refused"] + ["not_reached"] * 2
    shown = read(answer)
    assert "It would be refused: 405 method_not_allowed" in shown.text
    assert "HTTP/1.1 405 Method Not Allowed content-type: application/problem+json" in shown.text
    assert "allow: GET" in shown.text
    assert '"code":"method_not_allowed"' in shown.text
    assert shown.fields["method"] == "DELETE"


async def test_a_token_that_is_filled_in_is_looked_at_and_not_given_back() -> None:
    api = a_site()
    value = add(api, TOKEN)
    async with visiting(api) as visitor:
        good = await visitor.send(PATH, authorization=f"Bearer {value}")
        bad = await visitor.send(PATH, authorization=f"Bearer {value[:-1]}!")
    assert verdicts(good.text)[-1] == "passed"
    assert "It would be refused: 401 credential_malformed" in read(bad).text
    assert value not in good.text
    assert value[:-1] not in bad.text


async def test_a_token_in_a_header_of_its_own_has_a_field_of_that_name() -> None:
    api = a_site()
    value = add(api, {"type": "token", "header": "X-API-Key"})
    async with visiting(api) as visitor:
        assert "X-Api-Key" in (await visitor.open(PATH)).text
        answer = await visitor.send(PATH, authorization=value)
    assert verdicts(answer.text)[-1] == "passed"


async def test_without_the_box_and_without_a_credential_none_is_sent() -> None:
    api = a_site()
    add(api, TOKEN)
    async with visiting(api) as visitor:
        fields = (await visitor.open(PATH)).fields
        del fields["assume"]
        answer = await visitor.post(PATH, fields)
    assert "It would be refused: 401 credential_missing" in read(answer).text
    assert 'www-authenticate: Bearer realm="authz"' in read(answer).text


async def test_a_certificate_is_looked_at(tmp_path: Path) -> None:
    authority = CertificateAuthority("callers", tmp_path)
    good = authority.issue("acme", dns=["acme.example"])
    other = authority.issue("other", dns=["other.example"])
    api = a_site()
    add(api, {"type": "mtls", "san_dns": ["acme.example"]})
    async with visiting(api) as visitor:
        passed = await visitor.send(PATH, certificate=good.certificate_pem.decode())
        refused = await visitor.send(PATH, certificate=other.certificate_pem.decode())
    assert verdicts(passed.text)[-1] == "passed"
    assert "x-authz-subject: acme.example" in passed.text
    assert "certificate_not_allowed" in refused.text
    assert "BEGIN CERTIFICATE" in read(refused).fields["certificate"]


async def test_a_private_key_that_was_pasted_by_mistake_is_not_given_back() -> None:
    api = a_site()
    add(api, MTLS)
    pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
    async with visiting(api) as visitor:
        answer = await visitor.send(PATH, certificate=pem)
    assert "AAAA" not in answer.text


async def test_headers_are_joined_as_envoy_joins_them() -> None:
    """Two ids of the client are one too many, however they came."""
    api = a_site()
    add(api, TOKEN)
    async with visiting(api) as visitor:
        twice = await visitor.send(PATH, headers="X-Client-ID: cl_acme")
        others = await visitor.send(PATH, headers="Accept: text/html\naccept: */*\n\nX-Authz-Subject: forged")
    assert "It would be refused: 403 identity_malformed" in read(twice).text
    assert "x-authz-subject" in others.text
    assert read(others).fields["headers"] == "Accept: text/html\naccept: */*\n\nX-Authz-Subject: forged"


@pytest.mark.parametrize(
    ("headers", "sentence", "kept"),
    [
        ("Accept: */*\nnothing", "Line 2: write it as Name: value.", "Accept: */*\nnothing"),
        ("A b: c", "Line 1: write it as Name: value.", "A b: c"),
        ("Authorization: Bearer hush", "Line 1: Authorization has a field of its own, which hides it.", ""),
        ("Authorization Bearer hush", "Line 1: write it as Name: value.", ""),
        ("a: b\n-H 'authorization: Bearer hush'", "Line 2: write it as Name: value.", "a: b"),
        ("bearer hush", "Line 1: write it as Name: value.", ""),
        ("a: b\nauthorization : hush", "Line 2: Authorization has a field of its own, which hides it.", "a: b"),
    ],
)
async def test_headers_that_cannot_be_read_are_told_by_line(headers: str, sentence: str, kept: str) -> None:
    api = a_site()
    add(api, TOKEN)
    async with visiting(api) as visitor:
        answer = await visitor.send(PATH, headers=headers)
    assert answer.status_code == 422
    shown = read(answer)
    assert sentence in shown.text
    assert shown.fields["headers"] == kept
    assert "hush" not in answer.text


@pytest.mark.parametrize(
    "header", [f"X-Other: azt_{'0' * 49}", f"azt_{'0' * 49}", "Proxy-Authorization: Basic 0000000000"]
)
async def test_a_secret_in_another_header_is_not_given_back(header: str) -> None:
    api = a_site()
    add(api, TOKEN)
    async with visiting(api) as visitor:
        answer = await visitor.send(PATH, headers=f"a: b\n{header}")
    assert answer.status_code in {200, 422}
    assert "0000000000" not in answer.text
    assert read(answer).fields["headers"] == "a: b"


async def test_an_authorization_that_nobody_looks_at_is_not_given_back() -> None:
    api = a_site()
    add(api, MTLS)
    async with visiting(api) as visitor:
        answer = await visitor.send(PATH, headers="Authorization: Bearer hush")
    assert answer.status_code == 422
    assert "Line 1: Authorization is not looked at with this profile; leave it out." in read(answer).text
    assert "hush" not in answer.text


async def test_nothing_is_changed_and_nothing_recorded_by_a_trial() -> None:
    api = a_site()
    add(api, TOKEN)
    api.service.profiles.update(UpdateProfile(actor=COMMAND_LINE, profile_id="pr_1", fields={"active": False}))
    before = shape(api)
    async with visiting(api) as visitor:
        answer = await visitor.send(PATH)
    assert "It would be refused: 403 profile_inactive" in read(answer).text
    assert shape(api) == before


async def test_the_profiles_own_page_has_a_small_version() -> None:
    api: Api = a_site()
    add(api, TOKEN, allowed_ips=["10.0.0.0/8"])
    async with visiting(api) as visitor:
        fields = (await visitor.open("/profiles/pr_1")).fields
        answer = await visitor.post(PATH, fields | {"client_ip": "192.0.2.7"})
    assert "It would be refused: 403 ip_not_allowed" in read(answer).text
