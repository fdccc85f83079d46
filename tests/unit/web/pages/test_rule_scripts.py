"""Lines to paste: they say what the real `authzctl` takes, whatever was searched for."""

import shlex
from typing import Any

import pytest
import typer

from authz_server.web.pages import rule_scripts, scripts
from authz_server.web.pages.rule_scripts import Commands
from authzctl.app import program

ORIGIN = "https://authz.example"
ODD = 'a\'b; rm -rf $HOME "c"'
PROFILE = {"id": "pr_one", "client_id": "cl_acme", "credential_state": {"state": "valid"}}
ALL = [
    rule_scripts.clients(None, ORIGIN),
    rule_scripts.clients(ODD, ORIGIN),
    rule_scripts.new_client(ORIGIN),
    rule_scripts.client("cl_acme", ORIGIN),
    rule_scripts.changed_client("cl_acme", ORIGIN),
    rule_scripts.disabled_client("cl_acme", ORIGIN),
    rule_scripts.deleted_client("cl_acme", ORIGIN),
    rule_scripts.profiles({"q": "", "state": "", "active": ""}, ORIGIN),
    rule_scripts.profiles({"q": ODD, "state": "expiring_soon", "active": "true"}, ORIGIN),
    rule_scripts.profiles({"q": "", "state": "none", "active": "false"}, ORIGIN),
    rule_scripts.new_profile("cl_acme", ORIGIN),
    rule_scripts.profile_rules("pr_one", ORIGIN),
    scripts.of_profile(PROFILE, ORIGIN),
    scripts.of_profile({**PROFILE, "credential_state": {"state": "none"}}, ORIGIN),
    scripts.of_client("cl_acme", ORIGIN),
    scripts.of_switch("pr_one", ORIGIN),
    scripts.of_expiry("pr_one", ORIGIN),
    scripts.of_deletion("pr_one", ORIGIN),
    scripts.of_auth("pr_one", ORIGIN),
    scripts.of_auth_removal("pr_one", ORIGIN),
    scripts.of_try(PROFILE, "DELETE", ORIGIN),
    scripts.of_try(PROFILE, ODD, ORIGIN),
]


def parsed(command: Any, arguments: list[str]) -> None:
    """Read the arguments as the program does, and do nothing. Raises the usage error that it would show."""
    with command.make_context("authzctl", arguments, resilient_parsing=False) as context:
        if hasattr(command, "resolve_command"):
            _, inner, rest = command.resolve_command(context, [*context._protected_args, *context.args])  # noqa: SLF001 - as click's own groups do
            assert inner is not None
            parsed(inner, rest)


@pytest.mark.parametrize("commands", ALL, ids=range(len(ALL)))
def test_every_line_is_one_that_authzctl_takes(commands: Commands) -> None:
    (text,) = [each.text for each in commands if each.label == "authzctl"]
    for line in text.splitlines():
        program_name, *arguments = shlex.split(line)
        assert program_name == "authzctl"
        parsed(typer.main.get_command(program()), arguments)


@pytest.mark.parametrize("commands", ALL, ids=range(len(ALL)))
def test_every_call_is_one_line_for_the_shell_to_this_server(commands: Commands) -> None:
    (text,) = [each.text for each in commands if each.label == "curl"]
    for line in text.splitlines():
        words = shlex.split(line)
        assert words[0] == "curl"
        assert [word for word in words if word.startswith(f"{ORIGIN}/api/v1/")]
        assert "rm" not in words
