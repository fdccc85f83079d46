"""Lines to paste: they say what they should, hold no secret, and cannot say anything else to a shell."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import time
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from cryptography.hazmat.primitives import serialization

from authz_server.documents.token_header import token_header
from authz_server.web.dry_run import DryRun
from authz_server.web.pages import snippets
from tests.support.rest_api import Api
from tests.support.signing import es256_key, key_set, rs256_key
from tests.unit.web.pages.profile_site import (
    AUTHS,
    FOREIGN,
    HMAC,
    MTLS,
    NONE,
    OIDC,
    PUBLIC_KEY,
    TOKEN,
    a_site,
    add,
    secrets_in,
    shape,
)

GATEWAY = "https://gateway.example"
IDS = ["-H", "X-Client-ID: cl_acme", "-H", "X-Profile-ID: pr_1"]
STRANGEST = token_header("!#$%&'*+.^`|~x")


def profile(auth: dict[str, Any], **fields: Any) -> Any:
    """As REST shows it."""
    api = a_site()
    add(api, auth, **fields)
    return shape(api)


def words(profile_shape: Any, gateway: str = GATEWAY, value: str | None = None) -> list[str]:
    """What the shell makes of the line, its variables left as they are."""
    return shlex.split(snippets.curl(profile_shape, gateway, value).replace("\\\n", ""))


@pytest.mark.parametrize("auth", AUTHS.values(), ids=AUTHS)
def test_every_auth_type_has_lines_with_its_ids_and_no_secret(auth: dict[str, Any]) -> None:
    found = snippets.of(profile(auth), GATEWAY)
    assert [snippet.label for snippet in found if snippet.label in {"curl", "Python"}] == ["curl", "Python"]
    for snippet in found:
        assert not secrets_in(snippet.text)
        assert snippet.label == snippets.SIGN_FILE or ("cl_acme" in snippet.text and "pr_1" in snippet.text)


def test_a_token_is_a_variable_of_the_shell_s() -> None:
    assert words(profile(TOKEN)) == ["curl", "-sS", "-i", f"{GATEWAY}/", *IDS, "-H", "Authorization: Bearer $TOKEN"]


def test_with_a_value_the_line_holds_it_whole() -> None:
    assert words(profile(TOKEN), value="azt_x")[-1] == "Authorization: Bearer azt_x"
    odd = "a'b\"$(id)`id`\\"
    assert words(profile(TOKEN), value=odd)[-1] == f"Authorization: Bearer {odd}"


def test_a_token_in_a_header_of_its_own_stands_alone() -> None:
    mine = profile({"type": "token", "header": "X-API-Key"})
    assert words(mine)[-1] == "X-Api-Key: $TOKEN"
    assert words(mine, value="azt_x")[-1] == "X-Api-Key: azt_x"
    assert snippets.credential_header(mine, "azt_x") == "X-Api-Key: azt_x"


def test_the_name_of_a_header_cannot_be_a_command() -> None:
    """Header names may hold what means something to shells and to YAML."""
    odd = profile({"type": "token", "header": STRANGEST})
    line = snippets.curl(odd, GATEWAY)
    assert shlex.split(line)[-1] == "!#$%&'*+.^`|~x: $TOKEN"
    assert line.endswith("""'!#$%&'"'"'*+.^`|~x: '"$TOKEN\"""")
    headers = [each["header"]["key"] for each in yaml.safe_load(snippets.envoy(odd))["request_headers_to_add"]]
    assert headers[-1] == "!#$%&'*+.^`|~x"
    compile(snippets.python(odd, GATEWAY), "snippet", "exec")


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ([], []),
        (["POST", "GET"], []),
        (["POST", "PUT"], ["-X", "POST"]),
        (["HEAD"], ["--head"]),
        (["M'S"], ["-X", "M'S"]),
    ],
)
def test_the_method_is_one_that_the_profile_may_use(allowed: list[str], expected: list[str]) -> None:
    """`curl -X HEAD` would wait for a body that never comes."""
    assert words(profile(NONE, allowed_methods=allowed))[3:-5] == expected


def test_the_address_is_the_gateway_s_whatever_stands_in_it() -> None:
    assert words(profile(NONE), "http://[::1]:8000/a'b/")[3] == "http://[::1]:8000/a'b/"


def test_a_certificate_is_shown_only_over_https() -> None:
    assert words(profile(MTLS))[3:8] == [f"{GATEWAY}/", "--cert", "client.pem", "--key", "client.key"]
    plain = snippets.of(profile(MTLS), "http://127.0.0.1:8000")
    (curl,) = [snippet for snippet in plain if snippet.label == "curl"]
    assert "https://gateway.example/" in curl.text
    assert "call the gateway where it takes HTTPS" in curl.note


def test_oidc_says_which_token_of_whom() -> None:
    (curl, _) = snippets.of(profile(OIDC), GATEWAY)
    assert curl.note == "TOKEN holds an access token of https://login.example for orders, with the scope orders:read."
    people = {**OIDC, "token_use": "id", "required_scopes": [], "audience": ["a", "b"]}
    (curl, _) = snippets.of(profile(people), GATEWAY)
    assert curl.note == "TOKEN holds an ID token of https://login.example for a or b."


def test_routes_are_told_by_their_labels() -> None:
    (curl, *_) = snippets.of(profile(NONE, allowed_routes=["orders", "bills"]), GATEWAY)
    assert curl.note == "Take a path whose route is labelled orders or bills."


def test_envoy_adds_the_headers_itself() -> None:
    added = yaml.safe_load(snippets.envoy(profile(TOKEN)))["request_headers_to_add"]
    assert [(each["header"]["key"], each["header"]["value"]) for each in added] == [
        ("X-Client-ID", "cl_acme"),
        ("X-Profile-ID", "pr_1"),
        ("Authorization", "Bearer %ENVIRONMENT(TOKEN)%"),
    ]
    assert {each["append_action"] for each in added} == {"OVERWRITE_IF_EXISTS_OR_ADD"}
    assert "transport_socket" in yaml.safe_load(snippets.envoy(profile(MTLS)))


@pytest.mark.parametrize("auth", AUTHS.values(), ids=AUTHS)
def test_python_sends_what_curl_sends(auth: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    mine = profile(auth, allowed_methods=["PUT"])
    with mock.patch.dict(os.environ, {"TOKEN": "azt_x", "JWT": "a.b.c"}), mock.patch("requests.request") as request:
        request.return_value.status_code, request.return_value.text = 200, "hello"
        exec(snippets.python(mine, GATEWAY), {})  # noqa: S102 - a program of ours
    (method, url), given = request.call_args
    assert (method, url) == ("PUT", f"{GATEWAY}/")
    sent = words(mine, value="a.b.c" if auth["type"] == "jwt" else "azt_x")
    headers = [text for flag, text in itertools.pairwise(sent) if flag == "-H"]
    assert [f"{name}: {text}" for name, text in given["headers"].items()] == headers
    assert given.get("cert") == (("client.pem", "client.key") if auth["type"] == "mtls" else None)
    assert capsys.readouterr().out == "200 hello\n"


def signed(mine: Any, capsys: pytest.CaptureFixture[str], **environment: str) -> str:
    """What sign.py prints."""
    with mock.patch.dict(os.environ, environment):
        exec(snippets.signing(mine), {})  # noqa: S102 - a program of ours
    return capsys.readouterr().out.strip()


def passes(api: Api, api_profile: Any, jwt: str) -> bool:
    """Whether the check takes this JWT."""
    dry_run = DryRun(api.database, api.recorded, clock=time.time, realm="authz", request_ids=str)
    given = {
        "client_id": api_profile["client_id"],
        "profile_id": api_profile["id"],
        "headers": {"authorization": f"Bearer {jwt}"},
    }
    return bool(dry_run.check(given)["outcome"] == "allowed")


CLAIMS: dict[str, Any] = {
    "issuer": 'ac"me \N{SNOWMAN}\N{GRINNING FACE}',
    "audience": ["orders", "bills"],
    "subject": "batch\\job",
    "required_claims": {"tier": ["gold"], "a.b": [True], "a.c": [7], r"x\.y": [1.5]},
    "max_lifetime_seconds": 60,
}


def test_the_secret_signs_a_jwt_that_the_check_takes(capsys: pytest.CaptureFixture[str]) -> None:
    api = a_site()
    secret = add(api, HMAC | CLAIMS | {"algorithm": "HS512"})
    mine = shape(api)
    assert snippets.signing(mine).count("\n") == 4
    jwt = signed(mine, capsys, SECRET=secret)
    assert passes(api, mine, jwt)
    assert not passes(api, mine, jwt[:-4])


@pytest.mark.parametrize("has_key_set", [False, True])
def test_a_private_key_signs_a_jwt_that_the_check_takes(
    has_key_set: bool,  # noqa: FBT001 - the case
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key: Any = rs256_key() if has_key_set else es256_key()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "private.pem").write_bytes(pem)
    monkeypatch.chdir(tmp_path)
    keys = key_set(rs256_key(), 'k"1')
    auth = {"type": "jwt", "algorithm": "RS256", "jwks": keys} if has_key_set else PUBLIC_KEY
    api = a_site()
    add(api, auth | CLAIMS)
    assert passes(api, shape(api), signed(shape(api), capsys))


def test_claims_that_contradict_each_other_make_a_program_all_the_same() -> None:
    odd = profile(PUBLIC_KEY | {"required_claims": {"a": [1], "a.b": [2]}})
    compile(snippets.signing(odd), "sign.py", "exec")


def test_a_trial_begins_with_a_request_that_passes() -> None:
    narrow = profile(TOKEN, allowed_methods=["PUT"], allowed_ips=["2001:db8::/32"], allowed_routes=["a", "b"])
    assert snippets.trial(narrow) == {
        "method": "PUT",
        "path": "/",
        "client_ip": "2001:db8::",
        "route": "a",
        "assume": "on",
    }
    assert snippets.trial(profile(FOREIGN))["client_ip"] == "192.0.2.1"
    assert json.dumps(snippets.trial(profile(TOKEN)))
