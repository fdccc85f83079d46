"""What is done with the records on the command line: API keys, republishing, new keys for secrets."""

import json
import re
import subprocess
from pathlib import Path

from authz_server.cache.connection import RedisAddress, connect_blocking
from authz_server.core.token import Prefix, is_well_formed
from tests.integration.manage.conftest import Start
from tests.integration.manage.test_start import KEYS, make_hmac_profile
from tests.support.manage_process import RunningManage, command, new_key
from tests.support.redis_records import Records, connected


def refused(ended: subprocess.CompletedProcess[str], exit_code: int, sentence: str) -> None:
    assert (ended.returncode, ended.stdout) == (exit_code, ""), ended
    assert re.search(sentence, ended.stderr), ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_new_api_key_is_all_that_is_printed(settings: dict[str, str], tmp_path: Path) -> None:
    made = command(["apikey", "create", "deploy", "--role", "operator", "--expires-in-hours", "1"], settings)
    assert (made.returncode, made.stderr) == (0, "")
    key = made.stdout.removesuffix("\n")
    assert is_well_formed(key, Prefix.API_KEY)
    assert key.encode() not in (tmp_path / "authz.db").read_bytes()


def test_api_keys_are_listed_without_the_keys_and_revoked_at_once(manage: RunningManage, key: str) -> None:
    settings = manage.settings
    (shown,) = json.loads(command(["apikey", "list", "-o", "json"], settings).stdout)
    assert (shown["name"], shown["role"], shown["active"]) == ("test", "admin", True)
    header, row = command(["apikey", "list"], settings).stdout.splitlines()
    assert header.split()[:3] == ["ID", "NAME", "ROLE"]
    assert row.split()[:4] == [shown["id"], "test", "admin", "yes"]
    api = manage.api(key)
    api.must("GET", "/clients")
    revoked = command(["apikey", "revoke", shown["id"]], settings)
    assert (revoked.returncode, revoked.stdout) == (0, f"{shown['id']} (test) does not work any more\n")
    assert api.call("GET", "/clients").status == 401
    (shown,) = json.loads(command(["apikey", "list", "-o", "json"], settings).stdout)
    assert not shown["active"]


def test_what_cannot_be_made_or_revoked_is_said(settings: dict[str, str]) -> None:
    refused(command(["apikey", "create", "a\tb", "--role", "viewer"], settings), 1, "apikey create: name .*control")
    refused(command(["apikey", "create", "a", "--role", "viewer", "--expires-in-hours", "0"], settings), 1, "hours")
    refused(command(["apikey", "create", "a", "--role", "owner"], settings), 2, "owner")
    refused(command(["apikey", "revoke", "ak_nobody"], settings), 1, "there is no such")


def test_everything_is_republished_under_a_new_epoch(manage: RunningManage, key: str, address: RedisAddress) -> None:
    api = manage.api(key)
    api.must("POST", "/clients", {"id": "cl_1", "name": "one"})
    api.must("POST", "/clients/cl_1/profiles", {"id": "pr_1", "name": "one", "auth": {"type": "none"}})
    client = connect_blocking(address)
    records = Records(client, keys=None)
    done = command(["republish", "--new-epoch"], manage.settings)
    assert (done.returncode, done.stdout) == (0, "1 profile published under a new epoch\n"), done
    assert set(records.raw()) == {b"pr_1"}
    manage.wait_until_in_step()
    assert api.must("PATCH", "/profiles/pr_1", {"active": False})["propagation"] == "published"
    client.close()


def test_another_writer_is_replaced_only_where_that_is_asked_for(
    settings: dict[str, str], address: RedisAddress
) -> None:
    client = connected(address)
    records = Records(client, keys=None)
    records.publish()
    refused(command(["republish"], settings), 2, "say --new-epoch")
    refused(command(["republish", "--new-epoch"], settings), 1, "written by publish:test")
    assert command(["republish", "--take-over"], settings).returncode == 0
    meta = records.writer.in_force().meta
    assert meta is not None
    assert meta.writer.startswith("manage:")
    client.close()


def test_a_redis_that_is_not_there_is_said(settings: dict[str, str]) -> None:
    elsewhere = settings | {"AUTHZ_REDIS_URL": "redis://127.0.0.1:1/0"}
    refused(command(["republish", "--new-epoch"], elsewhere), 3, "republish: Redis .*refused")


def test_secrets_are_sealed_anew_and_the_old_key_can_go(settings: dict[str, str], start: Start) -> None:
    refused(command(["secrets", "rotate"], settings), 2, "AUTHZ_SECRET_KEYS is not set")
    old, both, new = ({"AUTHZ_SECRET_KEYS": keys} for keys in (KEYS[0], f"{KEYS[1]},{KEYS[0]}", KEYS[1]))
    first = start(settings | old)
    make_hmac_profile(first.api(new_key(settings)))
    assert first.stop() == 0
    rotated = command(["secrets", "rotate"], settings | both)
    assert rotated.returncode == 0, rotated.stderr
    assert rotated.stdout == "1 profile gone through, 1 published under a new epoch\n"
    shown = command(["show", "pr_1"], settings | new)
    assert shown.returncode == 0, shown.stderr
    second = start(settings | new)
    second.wait_until_in_step()
    checked = command(["db", "check"], settings | new)
    assert checked.returncode == 0, checked.stderr
