"""Two control planes over one PostgreSQL: either publishes what the other one cannot, and nothing is lost or undone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from authz_server.cache.connection import RedisAddress, connect_blocking
from tests.integration.manage.conftest import Start
from tests.support.manage_process import Api, RunningManage, command, environment, new_key
from tests.support.postgresql import PostgreSQL, running
from tests.support.processes import wait_until
from tests.support.redis_records import Records, connected

EDITS = 30
PROFILES = 4


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with running() as server:
        yield server


@pytest.fixture
def settings(address: RedisAddress, postgresql: PostgreSQL, tmp_path: Path) -> dict[str, str]:
    connected(address).close()
    database = postgresql.new_database()
    return environment(tmp_path, address.url) | {"AUTHZ_DATABASE_URL": postgresql.url(database)}


@pytest.fixture
def two(settings: dict[str, str], start: Start) -> tuple[RunningManage, RunningManage]:
    """Two of them, with a client and some profiles."""
    assert command(["db", "upgrade"], settings).returncode == 0
    both = start(settings), start(settings)
    for each in both:
        each.wait_until_in_step()
    api = both[0].api(new_key(settings))
    api.must("POST", "/clients", {"id": "cl_1", "name": "one"})
    for number in range(PROFILES):
        fields = {"id": f"pr_{number}", "name": f"profile {number}", "auth": {"type": "token"}}
        api.must("POST", "/clients/cl_1/profiles", fields)
    return both


def edit(api: Api, writer: int) -> None:
    """Edits of profiles that the other one edits too."""
    for number in range(EDITS):
        api.must("PATCH", f"/profiles/pr_{number % PROFILES}", {"labels": {"edit": f"{writer}-{number}"}})


def in_redis(address: RedisAddress) -> dict[str, tuple[int, str]]:
    """The sequence and the label of each profile."""
    with connect_blocking(address) as client:
        records = Records(client, keys=None)
        epoch = records.epoch
        opened = [records.codec.open(each.decode(), epoch, record) for each, record in records.raw().items()]
        profiles = [profile for each in opened if (profile := records.codec.profile(each)) is not None]
    return {profile.id: (profile.version.sequence, str(profile.labels.get("edit"))) for profile in profiles}


def in_database(api: Api) -> dict[str, tuple[int, str]]:
    """The same, as the API tells it."""
    items = api.must("GET", "/profiles")["items"]
    return {item["id"]: (item["version"], str(item["labels"].get("edit"))) for item in items}


def test_an_older_database_is_refused_with_what_to_do(settings: dict[str, str]) -> None:
    refused = command(["manage"], settings)
    assert refused.returncode == 1
    assert "run `authz-server db upgrade`" in refused.stderr


def test_edits_through_both_at_once_end_in_agreement(
    two: tuple[RunningManage, RunningManage], settings: dict[str, str], address: RedisAddress
) -> None:
    key = new_key(settings)
    with ThreadPoolExecutor(2) as pool, connect_blocking(address) as client:
        edits = [pool.submit(edit, each.api(key), number) for number, each in enumerate(two)]
        client.flushall()
        for done in edits:
            done.result()
    for each in two:
        each.wait_until_in_step()
    assert in_redis(address) == in_database(two[0].api(key))
    updates = two[1].api(key).must("GET", "/audit?action=profile.update&limit=200")["items"]
    assert len(updates) == 2 * EDITS


def test_what_one_leaves_over_the_other_publishes(
    two: tuple[RunningManage, RunningManage], settings: dict[str, str], address: RedisAddress, postgresql: PostgreSQL
) -> None:
    first, second = two
    key = new_key(settings)
    database = settings["AUTHZ_DATABASE_URL"].partition("@/")[2].partition("?")[0]
    first.kill()
    second.api(key).must("PATCH", "/profiles/pr_0", {"labels": {"edit": "last"}})
    postgresql.execute("UPDATE outbox SET published_at = NULL", database)
    wait_until(lambda: second.metric("authz_publish_pending") == 0, "the rest")
    assert in_redis(address) == in_database(second.api(key))


def test_a_restart_of_the_database_is_survived(
    two: tuple[RunningManage, RunningManage], settings: dict[str, str], address: RedisAddress, postgresql: PostgreSQL
) -> None:
    key = new_key(settings)
    api = two[0].api(key)
    postgresql.stop()
    refused = api.call("PATCH", "/profiles/pr_0", {"labels": {"edit": "while it is gone"}})
    assert (refused.status, refused.body["code"]) == (503, "database_unavailable")
    assert two[0].probe("/readyz").status == 503
    postgresql.start()
    wait_until(lambda: two[0].probe("/readyz").status == 200, "ready again")
    assert api.must("PATCH", "/profiles/pr_0", {"labels": {"edit": "afterwards"}})["labels"] == {"edit": "afterwards"}
    for each in two:
        each.wait_until_in_step()
    assert in_redis(address) == in_database(api)
