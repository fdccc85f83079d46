"""`authzctl login`, `logout`, `whoami`, and which URL and key a command uses."""

import json
import ssl
from pathlib import Path

import pytest

from authzctl import login as logins
from authzctl.api import Api
from tests.unit.authzctl.conftest import KEY, URL, Run, ScriptedApi, answer, problem
from tests.unit.authzctl.shapes import a_page

FORBIDDEN = problem(403, "forbidden", "This needs another role.")
REMOTE = "https://authz.example.com"


@pytest.fixture(name="kept")
def where_the_login_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With nothing in the environment."""
    monkeypatch.delenv("AUTHZCTL_URL")
    monkeypatch.delenv("AUTHZCTL_API_KEY")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    return logins.file()


@pytest.fixture(name="viewing")
def an_api_for_a_viewer(api: ScriptedApi) -> ScriptedApi:
    api.on("GET /clients", answer(a_page()))
    api.on("GET /api-keys", FORBIDDEN)
    api.on("POST /check", FORBIDDEN)
    return api


def test_a_login_is_tried_and_kept_for_its_owner_alone(viewing: ScriptedApi, run: Run, kept: Path) -> None:
    outcome = run("login", REMOTE + "/api/v1/", stdin=KEY + "\nmore\n")
    assert outcome.code == 0
    assert outcome.out == f"Logged in to {REMOTE} as viewer. The key is kept in {kept}\n"
    assert json.loads(kept.read_text()) == {"url": REMOTE, "api_key": KEY, "ca": None, "allow_http": False}
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert list(kept.parent.iterdir()) == [kept]
    run("clients", "list")
    assert str(viewing.requests[-1].url).startswith(REMOTE + "/api/v1/clients")
    assert viewing.requests[-1].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("check", "keys", "role"),
    [
        (FORBIDDEN, FORBIDDEN, "viewer"),
        (problem(422, "validation_failed", "No."), FORBIDDEN, "operator"),
        (answer({}), answer(a_page()), "admin"),
    ],
    ids=["viewer", "operator", "admin"],
)
def test_whoami_says_what_the_key_may_do(
    check: object, keys: object, role: str, viewing: ScriptedApi, run: Run
) -> None:
    viewing.on("POST /check", check)  # type: ignore[arg-type] # a parameter has no type of its own
    viewing.on("GET /api-keys", keys)  # type: ignore[arg-type] # likewise
    outcome = run("whoami", "-o", "json")
    assert json.loads(outcome.out) == {
        "url": URL,
        "key": "aza_kkkk...",
        "key_from": "AUTHZCTL_API_KEY",
        "role": role,
        "ca": None,
    }
    assert f"role      {role}\n" in run("whoami").out


def test_a_kept_key_is_told_from_one_of_the_environment(viewing: ScriptedApi, run: Run, kept: Path) -> None:
    run("login", URL, stdin=KEY)
    assert f"key from  {kept}\n" in run("whoami").out


def test_a_key_that_does_not_work_is_not_kept(api: ScriptedApi, run: Run, kept: Path) -> None:
    api.on("GET /clients", problem(401, "unauthenticated", "This needs an API key."))
    assert run("login", URL, stdin=KEY).code == 1
    assert not kept.exists()


@pytest.mark.parametrize("stdin", ["", "\n", "two words\n", "aza_\x00\n", "é\n"])
def test_what_can_be_no_key_is_never_sent(stdin: str, api: ScriptedApi, run: Run, kept: Path) -> None:
    outcome = run("login", URL, stdin=stdin)
    assert (outcome.code, api.calls) == (2, [])
    assert not kept.exists()


def test_at_a_terminal_the_key_is_typed_unseen(
    viewing: ScriptedApi, run: Run, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def getpass(prompt: str) -> str:
        asked.append(prompt)
        return KEY

    monkeypatch.setattr("authzctl.asking.getpass.getpass", getpass)
    monkeypatch.setattr("authzctl.asking.is_terminal", lambda: True)
    assert run("login", URL).code == 0
    assert asked == [f"API key for {URL}: "]
    assert kept.exists()


def test_logout_forgets(viewing: ScriptedApi, run: Run, kept: Path) -> None:
    run("login", URL, stdin=KEY)
    assert run("logout").out == f"{kept} is removed.\n"
    assert not kept.exists()
    assert run("logout").out == "There was nothing to forget.\n"


def test_without_a_key_the_way_to_one_is_told(api: ScriptedApi, run: Run, kept: Path) -> None:
    outcome = run("clients", "list")
    assert (outcome.code, api.calls) == (2, [])
    assert outcome.err == (
        f"authzctl: there is no key for {URL}\nRun `authzctl login {URL}`, or set AUTHZCTL_API_KEY.\n"
    )


def test_a_kept_key_goes_to_no_other_url(
    viewing: ScriptedApi, run: Run, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("login", URL, stdin=KEY)
    viewing.requests.clear()
    assert run("--url", REMOTE, "clients", "list").code == 2
    monkeypatch.setenv("AUTHZCTL_URL", REMOTE)
    assert run("clients", "list").code == 2
    assert viewing.calls == []
    monkeypatch.setenv("AUTHZCTL_API_KEY", "aza_other")
    assert run("clients", "list").code == 0
    assert viewing.requests[0].headers["Authorization"] == "Bearer aza_other"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "authz",
        "ftp://a",
        "https://",
        "https://a:b",
        "https://u:p@a",
        "https://a?b=c",
        "https://[::1",
        "https://a:0",
        "https://a b",
        "https://\u00fc.example",
    ],
)
def test_what_is_no_url_of_an_api_is_a_mistake(url: str, api: ScriptedApi, run: Run) -> None:
    outcome = run("login", url, stdin=KEY) if url else run("--url", " ", "clients", "list")
    assert (outcome.code, api.calls) == (2, [])
    assert "u:p" not in outcome.err


def test_the_key_goes_over_no_network_in_the_clear(
    viewing: ScriptedApi, run: Run, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = run("login", "http://authz.example.com", stdin=KEY)
    assert (outcome.code, viewing.calls) == (2, [])
    assert "in the clear" in outcome.err
    monkeypatch.setenv("AUTHZCTL_API_KEY", KEY)
    monkeypatch.setenv("AUTHZCTL_URL", "http://authz.example.com")
    assert run("clients", "list").code == 2
    monkeypatch.setenv("AUTHZCTL_ALLOW_HTTP", "on")
    assert run("clients", "list").code == 0
    monkeypatch.setenv("AUTHZCTL_ALLOW_HTTP", "perhaps")
    assert run("clients", "list").code == 2


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.1.2.3:1", "http://[::1]:1"])
def test_this_machine_needs_no_tls(url: str, viewing: ScriptedApi, run: Run) -> None:
    assert run("--url", url, "clients", "list").code == 0


def test_http_that_is_agreed_to_is_agreed_to_for_that_url(viewing: ScriptedApi, run: Run, kept: Path) -> None:
    assert run("login", "http://authz.internal", "--allow-http", stdin=KEY).code == 0
    assert run("clients", "list").code == 0


def test_a_login_that_others_can_read_is_not_used(viewing: ScriptedApi, run: Run, kept: Path) -> None:
    run("login", URL, stdin=KEY)
    kept.chmod(0o640)
    outcome = run("clients", "list")
    assert outcome.code == 2
    assert "chmod 600" in outcome.err


@pytest.mark.parametrize("content", ["", "[]", '{"url": 1, "key": 2}', "\x00"])
def test_a_login_that_cannot_be_read_is_told(content: str, api: ScriptedApi, run: Run, kept: Path) -> None:
    kept.parent.mkdir(parents=True)
    kept.write_text(content)
    kept.chmod(0o600)
    outcome = run("clients", "list")
    assert (outcome.code, api.calls) == (2, [])
    assert "Run `authzctl login` again." in outcome.err


def test_a_folder_that_takes_nothing_is_told(viewing: ScriptedApi, run: Run, kept: Path) -> None:
    kept.mkdir(parents=True)
    outcome = run("login", URL, stdin=KEY)
    assert outcome.code == 2
    assert list(kept.parent.iterdir()) == [kept]


def test_a_ca_of_its_own_is_the_only_one_that_is_trusted(
    viewing: ScriptedApi, run: Run, kept: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    trusted: list[str | None] = []

    def context(cafile: str | None) -> ssl.SSLContext:
        trusted.append(cafile)
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    monkeypatch.setattr("authzctl.api.ssl.create_default_context", context)
    run("login", REMOTE, "--ca", "ca.pem", stdin=KEY)
    run("clients", "list")
    run("--ca", "other.pem", "clients", "list")
    monkeypatch.setenv("AUTHZCTL_CA", "/third.pem")
    run("clients", "list")
    assert trusted == [str(home / "ca.pem"), str(home / "ca.pem"), str(home / "other.pem"), "/third.pem"]


def test_tls_is_verified() -> None:
    api = Api(logins.Login(url=REMOTE, api_key=KEY))
    verified = api._client._transport._pool._ssl_context  # type: ignore[attr-defined] # noqa: SLF001 - nothing shows it
    assert verified.verify_mode is ssl.CERT_REQUIRED
    assert verified.check_hostname


@pytest.mark.parametrize("content", [None, "no PEM"])
def test_a_ca_file_that_cannot_be_used_is_a_mistake(
    content: str | None, api: ScriptedApi, run: Run, home: Path
) -> None:
    if content is not None:
        (home / "ca.pem").write_text(content)
    outcome = run("--ca", str(home / "ca.pem"), "clients", "list")
    assert (outcome.code, api.calls) == (2, [])
    assert "the CA file" in outcome.err


def test_a_login_never_shows_its_key() -> None:
    assert KEY not in repr(logins.Login(url=URL, api_key=KEY))
