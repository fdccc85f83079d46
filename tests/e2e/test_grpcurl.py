"""The check server, asked by hand with grpcurl: it lists, describes and answers."""

import json
import subprocess
from typing import Any, Final

import pytest

from tests.e2e.conftest import Checked
from tests.support.processes import script

GRPCURL: Final = script("grpcurl")
SERVICE: Final = "envoy.service.auth.v3.Authorization"


def grpcurl(checked: Checked, *arguments: str, options: tuple[str, ...] = ()) -> str:
    command = [str(GRPCURL), "-plaintext", "-unix", *options, str(checked.check.socket), *arguments]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def ask(checked: Checked, profile: str, method: str = "GET", client_ip: str = "127.0.0.1") -> dict[str, Any]:
    headers = {"x-client-id": "cl_acme", "x-profile-id": profile}
    request = {"attributes": {"request": {"http": {"method": method, "headers": headers}}}}
    options = ("-H", f"x-client-ip: {client_ip}", "-d", json.dumps(request))
    answer: dict[str, Any] = json.loads(grpcurl(checked, f"{SERVICE}/Check", options=options))
    return answer


def test_services_are_listed(checked: Checked) -> None:
    assert {SERVICE, "grpc.health.v1.Health"} <= set(grpcurl(checked, "list").split())


def test_service_is_described(checked: Checked) -> None:
    described = grpcurl(checked, "describe", SERVICE)
    assert (
        "rpc Check ( .envoy.service.auth.v3.CheckRequest ) returns ( .envoy.service.auth.v3.CheckResponse );"
        in described
    )


@pytest.mark.parametrize("service", [SERVICE, ""])
def test_health_is_told_by_service(checked: Checked, service: str) -> None:
    options = ("-d", json.dumps({"service": service}))
    assert json.loads(grpcurl(checked, "grpc.health.v1.Health/Check", options=options)) == {"status": "SERVING"}


def test_allowed_call_says_who_is_calling(checked: Checked) -> None:
    answer = ask(checked, "pr_here")
    told = {row["header"]["key"]: row["header"]["value"] for row in answer["ok_response"]["headers"]}
    assert (told["x-authz-client-id"], told["x-authz-profile-id"]) == ("cl_acme", "pr_here")
    assert answer["dynamic_metadata"]["outcome"] == "allowed"


def test_refusals_say_why(checked: Checked) -> None:
    for profile, method, client_ip, status, code in (
        ("pr_here", "GET", "192.0.2.1", "Forbidden", "ip_not_allowed"),
        ("pr_put_only", "GET", "127.0.0.1", "MethodNotAllowed", "method_not_allowed"),
        ("pr_token", "GET", "127.0.0.1", "Unauthorized", "credential_missing"),
    ):
        answer = ask(checked, profile, method, client_ip)
        assert answer["denied_response"]["status"] == {"code": status}
        assert json.loads(answer["denied_response"]["body"])["code"] == code
        assert answer["dynamic_metadata"]["code"] == code
