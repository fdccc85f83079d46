"""The lines that the pages give to callers, pasted: through a real Envoy they are let in, with every auth type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
import yaml

from authz_server.web.pages import snippets
from tests.support.curl import require_curl
from tests.support.envoy_process import RunningEnvoy
from tests.support.laptop import READY, RunningLaptop
from tests.support.manage_process import Api

# As `authz_server.dev.samples` makes them: every auth type but a client's own key.
PROFILES: Final = ("pr_sandbox", "pr_partner", "pr_readonly", "pr_people", "pr_internal")
_FILTERS: Final = "type.googleapis.com/envoy.extensions.filters"


class Pasting:
    """A folder with what a caller has, and a shell in which its secrets are variables."""

    def __init__(self, laptop: RunningLaptop, directory: Path) -> None:
        self.laptop = laptop
        self.state = directory / ".authz-dev"
        self.secrets: dict[str, str] = json.loads((self.state / "secrets.json").read_text())
        self.api = Api(laptop.manage, self.secrets["api_key"])
        self.gateway = f"http://127.0.0.1:{laptop.http}"

    def log_tail(self) -> str:
        """The stack's."""
        return self.laptop.log_tail()

    def profile(self, profile_id: str) -> Any:
        """As REST shows it."""
        return self.api.must("GET", f"/profiles/{profile_id}")

    def lines(self, profile_id: str) -> Mapping[str, str]:
        """What the profile's page has for its callers."""
        return {each.label: each.text for each in snippets.of(self.profile(profile_id), self.gateway)}

    def variables(self, profile_id: str) -> dict[str, str]:
        """The credential that the lines ask for, where they ask for one."""
        auth = self.profile(profile_id)["auth"]
        match auth["type"]:
            case "token":
                return {"TOKEN": self.secrets["token"]}
            case "jwt":
                return {"SECRET": self.secrets["hmac_secret"]}
            case "oidc":
                return {"TOKEN": self._of_the_issuer(auth)}
        return {}

    def shell(self, line: str, **variables: str) -> str:
        """What a command prints, pasted into a shell in the caller's folder."""
        environment = os.environ | variables
        outcome = subprocess.run(
            ["/bin/sh", "-c", line], cwd=self.state, env=environment, capture_output=True, text=True, check=True
        )
        return outcome.stdout

    def _of_the_issuer(self, auth: Any) -> str:
        now = int(time.time())
        is_id_token = auth["token_use"] == "id"
        claims = {"iss": auth["issuer"], "aud": auth["audience"][0], "sub": "ada", "iat": now, "exp": now + 60}
        claims |= {"nonce": "n"} if is_id_token else {"scope": " ".join(auth["required_scopes"])}
        headers = {"kid": auth["jwks"]["keys"][0]["kid"], "typ": "JWT" if is_id_token else "at+jwt"}
        return jwt.encode(claims, self.secrets["issuer_key"], auth["algorithms"][0], headers)


@pytest.fixture(name="pasting", scope="module")
def the_laptop_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pasting]:
    """One stack for all tests."""
    directory = tmp_path_factory.mktemp("pasting")
    running = RunningLaptop(directory, tmp_path_factory.mktemp("logs"))
    running.wait_for_line(READY)
    yield Pasting(running, directory)
    assert running.stop() == 0


def signed(pasting: Pasting, lines: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of the other lines, where the caller signs."""
    if snippets.SIGN_FILE not in lines:
        return dict(variables)
    (pasting.state / snippets.SIGN_FILE).write_text(lines[snippets.SIGN_FILE])
    return {"JWT": pasting.shell(f"{sys.executable} {snippets.SIGN_FILE}", **variables).strip()}


@pytest.mark.parametrize("profile_id", PROFILES)
def test_the_lines_for_curl_and_python_are_let_in(pasting: Pasting, profile_id: str) -> None:
    require_curl()
    lines = pasting.lines(profile_id)
    variables = signed(pasting, lines, pasting.variables(profile_id))
    answer = pasting.shell(lines["curl"], **variables)
    assert answer.startswith("HTTP/1.1 200 OK"), answer
    assert f'"x-authz-profile-id": "{profile_id}"' in answer
    (pasting.state / "call.py").write_text(lines["Python"])
    answer = pasting.shell(f"{sys.executable} call.py", **variables)
    assert answer.startswith("200 {"), answer
    assert f'"x-authz-profile-id": "{profile_id}"' in answer


@pytest.mark.parametrize("profile_id", ["pr_sandbox", "pr_partner", "pr_readonly", "pr_people"])
def test_without_the_credential_the_same_line_is_refused(pasting: Pasting, profile_id: str) -> None:
    require_curl()
    answer = pasting.shell(pasting.lines(profile_id)["curl"], TOKEN="", JWT="")
    assert answer.startswith("HTTP/1.1 401 Unauthorized"), answer


def test_the_line_that_holds_the_credential_itself_is_let_in(pasting: Pasting) -> None:
    require_curl()
    line = snippets.curl(pasting.profile("pr_sandbox"), pasting.gateway, pasting.secrets["token"])
    assert pasting.shell(line).startswith("HTTP/1.1 200 OK")


def test_a_token_in_a_header_of_its_own_is_let_in(pasting: Pasting) -> None:
    require_curl()
    auth = {"type": "token", "header": "X-API-Key"}
    made = pasting.api.must("POST", "/clients/cl_acme/profiles", {"name": "own header", "auth": auth})
    answer = pasting.shell(pasting.lines(made["id"])["curl"], TOKEN=made["credential"]["value"])
    assert answer.startswith("HTTP/1.1 200 OK"), answer


def test_a_method_is_one_that_the_profile_allows(pasting: Pasting) -> None:
    require_curl()
    for name, methods in (("posts", ["POST"]), ("heads", ["HEAD"])):
        fields = {"name": name, "allowed_methods": methods, "auth": {"type": "none"}}
        made = pasting.api.must("POST", "/clients/cl_acme/profiles", fields)
        answer = pasting.shell(pasting.lines(made["id"])["curl"])
        assert answer.startswith("HTTP/1.1 200 OK"), answer


def test_a_certificate_is_let_in_where_the_gateway_takes_https(pasting: Pasting) -> None:
    """The laptop's own authority has signed Envoy's certificate, so curl and Python are told to trust it."""
    require_curl()
    for ending in ("pem", "key"):
        assert (pasting.state / f"client.{ending}").exists()
    gateway = f"https://127.0.0.1:{pasting.laptop.https}"
    lines = {each.label: each.text for each in snippets.of(pasting.profile("pr_production"), gateway)}
    trust = {"CURL_CA_BUNDLE": "ca.pem", "REQUESTS_CA_BUNDLE": "ca.pem"}
    answer = pasting.shell(lines["curl"], **trust)
    assert '"x-authz-profile-id": "pr_production"' in answer
    (pasting.state / "call.py").write_text(lines["Python"])
    assert pasting.shell(f"{sys.executable} call.py", **trust).startswith("200 {")


def outgoing(lines: Mapping[str, Any], port: int) -> Any:
    """A caller's own Envoy, with these lines in its route, and in its cluster where they have any for it."""
    route = {"match": {"prefix": "/"}, "route": {"cluster": "gateway"}}
    route["request_headers_to_add"] = lines["request_headers_to_add"]
    manager = {
        "@type": f"{_FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "outgoing",
        "route_config": {"virtual_hosts": [{"name": "gateway", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_FILTERS}.http.router.v3.Router"},
            }
        ],
    }
    endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}
    cluster = {
        "name": "gateway",
        "load_assignment": {"cluster_name": "gateway", "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
    }
    if "transport_socket" in lines:
        cluster["transport_socket"] = lines["transport_socket"]
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    listener = {
        "name": "outgoing",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": filters}],
    }
    admin = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}
    return {"admin": admin, "static_resources": {"listeners": [listener], "clusters": [cluster]}}


@pytest.mark.parametrize("profile_id", ["pr_sandbox", "pr_production", "pr_internal"])
def test_the_lines_for_envoy_make_callers_that_know_nothing_of_it_pass(
    pasting: Pasting, profile_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_curl()
    monkeypatch.setenv("TOKEN", pasting.secrets["token"])
    profile = pasting.profile(profile_id)
    text = snippets.envoy(profile).replace("client.", f"{pasting.state}/client.")
    port = pasting.laptop.https if profile["auth"]["type"] == "mtls" else pasting.laptop.http
    envoy = RunningEnvoy(outgoing(yaml.safe_load(text), port), tmp_path / "run")
    try:
        answer = pasting.shell(f"curl -sS -i http://127.0.0.1:{envoy.port}/ -H 'X-Client-ID: cl_forged'")
    finally:
        envoy.stop()
    assert answer.startswith("HTTP/1.1 200 OK"), answer
    assert f'"x-authz-profile-id": "{profile_id}"' in answer
