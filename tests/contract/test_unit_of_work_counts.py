"""What every database of records counts, for pages that show where somebody should look."""

import pytest

from authz_server.managing.credential_state import ProfileCounts
from authz_server.managing.ports import Database
from tests.support.profiles import hmac_auth, token_auth
from tests.support.records import NOW, a_client_record, a_profile_record

DAY = 86_400.0


@pytest.fixture(autouse=True)
def records(database: Database) -> None:
    with database.edit() as unit:
        for client_id in ("cl_1", "cl_2", "cl_3"):
            unit.clients.add(a_client_record(client_id, active=client_id != "cl_2"))
        unit.profiles.add(
            [
                a_profile_record("pr_ever", "cl_1", auth=token_auth()),
                a_profile_record("pr_valid", "cl_1", auth=token_auth(expires_at=NOW + DAY + 1)),
                a_profile_record("pr_soon", "cl_1", auth=hmac_auth(expires_at=NOW + DAY)),
                a_profile_record("pr_ended", "cl_1", auth=token_auth(expires_at=NOW), active=False),
                a_profile_record("pr_open", "cl_1", active=False),
                a_profile_record("pr_of_nobody", "cl_2", auth=token_auth(expires_at=NOW - 1)),
                a_profile_record("pr_off_twice", "cl_2", active=False),
            ]
        )


def test_the_profiles_of_clients_are_counted(database: Database) -> None:
    with database.read() as unit:
        assert unit.profiles.counts(("cl_1", "cl_2", "cl_3", "cl_none", "\0"), NOW) == {
            "cl_1": ProfileCounts(total=5, inactive=2, expiring_soon=1, expired=1),
            "cl_2": ProfileCounts(total=2, inactive=2, expiring_soon=0, expired=1),
            "cl_3": ProfileCounts(),
            "cl_none": ProfileCounts(),
            "\0": ProfileCounts(),
        }
        assert unit.profiles.counts(("cl_1",), NOW + DAY)["cl_1"] == ProfileCounts(5, 2, 1, 2)
        assert unit.profiles.counts((), NOW) == {}


def test_everything_is_counted(database: Database) -> None:
    with database.edit() as unit:
        assert unit.clients.count() == 3
        assert unit.profiles.count_all(NOW) == ProfileCounts(total=7, inactive=4, expiring_soon=1, expired=2)
        unit.profiles.delete([record.profile.id for record in unit.profiles.batch("", 10)])
        assert unit.profiles.count_all(NOW) == ProfileCounts()
