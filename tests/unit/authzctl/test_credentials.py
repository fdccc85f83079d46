"""`authzctl rotate`, `expire`, `set-auth`, `remove-auth`, `reveal`, and the settings of every auth type."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.authzctl.conftest import Run, ScriptedApi, answer, problem
from tests.unit.authzctl.shapes import TOKEN, a_profile, edited, issued

PEM = "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----\n"


@pytest.fixture(name="rotating")
def an_api_that_rotates(api: ScriptedApi) -> ScriptedApi:
    api.on("POST /profiles/pr_production/rotate", answer(issued(a_profile())))
    return api


@pytest.fixture(name="setting")
def an_api_that_sets_auth(api: ScriptedApi) -> ScriptedApi:
    api.on("PUT /profiles/pr_production/auth", answer(issued(a_profile())))
    return api


def test_a_rotation_shows_the_new_credential_and_ends_the_old(rotating: ScriptedApi, run: Run) -> None:
    outcome = run("rotate", "pr_production", "--version", "12")
    first, *rest = outcome.out.splitlines()
    assert first == 'Rotated the credential of profile pr_production "production"; the old one works no more.'
    assert f"  {TOKEN}" in rest
    assert rotating.body() == {}
    assert rotating.requests[0].headers["If-Match"] == '"12"'


def test_a_rotation_takes_an_expiry_and_a_time_of_grace(rotating: ScriptedApi, run: Run) -> None:
    outcome = run("rotate", "pr_production", "--expires-in-hours", "720", "--grace-seconds", "600")
    assert rotating.body() == {"expires_in_hours": 720, "grace_seconds": 600}
    assert "the old one works for 600 s more." in outcome.out


@pytest.mark.parametrize("form", ["value", "json", "yaml", "table"])
def test_a_credential_is_on_standard_output_and_nowhere_else(form: str, rotating: ScriptedApi, run: Run) -> None:
    outcome = run("rotate", "pr_production", "-o", form)
    assert TOKEN in outcome.out
    assert outcome.err == ""


def test_pending_is_said_beside_the_credential(api: ScriptedApi, run: Run) -> None:
    api.on("POST /profiles/pr_production/rotate", answer(issued(a_profile(), "pending")))
    outcome = run("rotate", "pr_production", "-o", "value")
    assert outcome.out == TOKEN + "\n"
    assert outcome.err.startswith("authzctl: pending: ")


def test_without_a_credential_of_ours_a_rotation_says_what_to_do(api: ScriptedApi, run: Run) -> None:
    refusal = problem(409, "no_credential", "The profile has no credential that was made here.")
    api.on("POST /profiles/pr_production/rotate", refusal)
    outcome = run("rotate", "pr_production")
    assert outcome.code == 1
    assert "`authzctl set-auth PROFILE --auth token` has a token made" in outcome.err


def test_a_credential_expires_now(api: ScriptedApi, run: Run) -> None:
    api.on("POST /profiles/pr_production/expire", answer(edited(a_profile())))
    outcome = run("expire", "pr_production")
    assert outcome.out == 'Expired the credential of profile pr_production "production".\n'


def test_auth_is_removed_once_the_name_is_typed(api: ScriptedApi, run: Run) -> None:
    api.on("GET /profiles/pr_production", answer(a_profile()))
    api.on("DELETE /profiles/pr_production/auth", answer(edited(a_profile(auth={"type": "none"}))))
    assert run("remove-auth", "pr_production", stdin="no\n").code == 1
    outcome = run("remove-auth", "pr_production", "--version", "12", stdin="production\n")
    assert "is then let through without a credential" in outcome.err
    assert outcome.out == 'Profile pr_production "production" asks for no credential any more.\n'
    assert api.requests[-1].headers["If-Match"] == '"12"'
    assert json.loads(run("remove-auth", "pr_production", "--yes", "-o", "json").out)["auth"] == {"type": "none"}
    assert api.calls.count("DELETE /profiles/pr_production/auth") == 2


def test_a_credential_that_is_kept_is_shown_again(api: ScriptedApi, run: Run) -> None:
    api.on("POST /profiles/pr_production/reveal", answer(issued(a_profile())))
    assert run("reveal", "pr_production", "-o", "value").out == TOKEN + "\n"
    assert run("reveal", "pr_production").out.endswith("\nThat it was shown is in the audit trail.\n")


def test_a_profile_without_a_credential_has_none_to_print(api: ScriptedApi, run: Run) -> None:
    api.on("PUT /profiles/pr_production/auth", answer(edited(a_profile(auth={"type": "mtls"}))))
    arguments = ("set-auth", "pr_production", "--auth", "mtls", "--any-verified")
    assert run(*arguments).out == 'Profile pr_production "production" now has auth of type mtls.\n'
    outcome = run(*arguments, "-o", "value")
    assert (outcome.code, outcome.out) == (1, "")
    assert "none was made" in outcome.err


def test_an_hmac_secret_is_told_from_a_token(api: ScriptedApi, run: Run) -> None:
    profile = a_profile(auth={"type": "jwt"})
    headers = {"X-Client-ID": "cl_acme", "X-Profile-ID": "pr_production"}
    answered = issued(profile, type="jwt", value="azh_x", expires_at=None, headers=headers)
    api.on("PUT /profiles/pr_production/auth", answer(answered))
    out = run("set-auth", "pr_production", "--auth", "jwt", "--algorithm", "HS256").out
    assert "The HMAC secret, which signs the caller's JWTs (never expires):\n\n  azh_x\n" in out
    assert "  Authorization: Bearer <a JWT signed with the secret>\n" in out


def test_warnings_are_told(api: ScriptedApi, run: Run) -> None:
    warning = {"pointer": "/auth/san_dns", "code": "unverified", "detail": "is worth something only where"}
    api.on("PUT /profiles/pr_production/auth", answer(edited(a_profile()) | {"warnings": [warning]}))
    outcome = run("set-auth", "pr_production", "--auth", "mtls", "--san-dns", "a.example.com")
    assert outcome.err == "authzctl: warning: auth.san_dns: is worth something only where\n"


@pytest.mark.parametrize(
    ("arguments", "auth"),
    [
        (["--auth", "none"], {"type": "none"}),
        (["--auth", "token", "--token-header", "x-api-key"], {"type": "token", "header": "x-api-key"}),
        (
            [
                "--auth",
                "token",
                "--token-sha256",
                "ab",
                "--forward-authorization",
                "--expires-at",
                "2027-01-01T00:00:00Z",
            ],
            {
                "type": "token",
                "token_sha256": "ab",
                "forward_authorization": True,
                "expires_at": "2027-01-01T00:00:00Z",
            },
        ),
        (
            ["--auth", "jwt", "--algorithm", "HS256", "--subject", "s", "--max-lifetime-seconds", "60"],
            {"type": "jwt", "algorithm": "HS256", "subject": "s", "max_lifetime_seconds": 60},
        ),
        (
            ["--auth", "jwt", "--algorithm", "RS256", "--public-key", "{key}", "--audience", "a", "--issuer", "i"],
            {"type": "jwt", "algorithm": "RS256", "public_key": PEM, "audience": ["a"], "issuer": "i"},
        ),
        (
            ["--auth", "jwt", "--algorithm", "HS256", "--secret-file", "{secret}", "--leeway-seconds", "0"],
            {"type": "jwt", "algorithm": "HS256", "secret": "azh_mine", "leeway_seconds": 0},
        ),
        (
            ["--auth", "oidc", "--issuer", "i", "--audience", "a", "--audience", "b", "--jwks", "{key}"],
            {"type": "oidc", "issuer": "i", "audience": ["a", "b"], "jwks": PEM},
        ),
        (
            ["--auth", "oidc", "--algorithm", "RS256", "--algorithm", "ES256", "--token-use", "id", "--scope", "s"],
            {"type": "oidc", "algorithms": ["RS256", "ES256"], "token_use": "id", "required_scopes": ["s"]},
        ),
        (
            ["--auth", "oidc", "--jwks-uri", "https://a", "--claim", "a=1", "--claim", "a=x=y", "--claim", "b=true"],
            {"type": "oidc", "jwks_uri": "https://a", "required_claims": {"a": [1, "x=y"], "b": [True]}},
        ),
        (
            ["--auth", "oidc", "--claim", "a=null", "--claim", "b=[1]", "--claim", 'c="1"', "--claim", "d="],
            {"type": "oidc", "required_claims": {"a": ["null"], "b": ["[1]"], "c": ["1"], "d": [""]}},
        ),
        (
            ["--auth", "mtls", "--fingerprint", "f", "--san-uri", "u", "--san-dns", "d", "--subject-cn", "c"],
            {"type": "mtls", "fingerprints_sha256": ["f"], "san_uris": ["u"], "san_dns": ["d"], "subject_cn": ["c"]},
        ),
        (
            ["--auth", "mtls", "--subject-ou", "o", "--issuer-dn", "CN=a,O=b", "--ca-bundle", "{key}"],
            {"type": "mtls", "subject_ou": ["o"], "issuer_dn": ["CN=a,O=b"], "ca_bundle": [PEM]},
        ),
        (["--auth", "mtls", "--any-verified"], {"type": "mtls", "any_verified": True}),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else "auth",
)
def test_every_setting_of_every_type_has_an_option(
    arguments: list[str], auth: dict[str, Any], setting: ScriptedApi, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_text(PEM)
    (tmp_path / "secret.txt").write_text("azh_mine\n")
    names = {"{key}": str(tmp_path / "key.pem"), "{secret}": str(tmp_path / "secret.txt")}
    outcome = run("set-auth", "pr_production", *(names.get(each, each) for each in arguments))
    assert outcome.code == 0, outcome.err
    assert setting.body() == {"auth": auth}


def test_auth_from_a_file_with_an_expiry(setting: ScriptedApi, run: Run) -> None:
    run("set-auth", "pr_production", "-f", "-", "--expires-in-hours", "1", "--version", "3", stdin="type: token")
    assert setting.body() == {"auth": {"type": "token"}, "expires_in_hours": 1}
    assert setting.requests[0].headers["If-Match"] == '"3"'


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "--auth is missing"),
        (["--issuer", "a"], "--auth is missing"),
        (["--auth", "token", "--san-dns", "a"], "--san-dns does not go with auth of type token"),
        (["--auth", "jwt", "--algorithm", "HS256", "--algorithm", "HS512"], "--algorithm is given more than once"),
        (["--auth", "oidc", "--claim", "a"], "has no ="),
        (["--auth", "basic"], "basic"),
        (["--auth", "jwt", "--public-key", "/nowhere.pem"], "/nowhere.pem cannot be read"),
    ],
)
def test_settings_that_cannot_be_are_mistakes(
    arguments: list[str], sentence: str, setting: ScriptedApi, run: Run
) -> None:
    outcome = run("set-auth", "pr_production", *arguments)
    assert (outcome.code, setting.calls) == (2, [])
    assert sentence in outcome.err


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", b"\xff"])
def test_a_secret_file_without_one_line_is_a_mistake(
    content: bytes, setting: ScriptedApi, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_bytes(content)
    arguments = ["--auth", "jwt", "--algorithm", "HS256", "--secret-file", str(tmp_path / "secret.txt")]
    assert run("set-auth", "pr_production", *arguments).code == 2
    assert setting.calls == []
