"""`kill -9` in the middle of an edit leaves nothing half done and loses nothing."""

from pathlib import Path

import pytest

from authz_server.cache.connection import RedisAddress
from tests.support.dying_manage import WINDOWS
from tests.support.killed_edits import killed_edits
from tests.support.redis_records import connected

KILLS = 10


@pytest.mark.parametrize("window", WINDOWS)
def test_a_kill_leaves_database_audit_trail_and_redis_in_agreement(
    window: str, address: RedisAddress, tmp_path: Path
) -> None:
    """Before the commit; between commit and publication; between publication and its mark."""
    connected(address).close()
    with killed_edits(tmp_path, address) as killed:
        for _ in range(KILLS):
            killed.kill(window)
