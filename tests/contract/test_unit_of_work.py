"""What every database of records does: transactions, clients, profiles, and the order of sequences."""

import threading
from dataclasses import replace

import pytest

from authz_server.core.allow_list import AllowList
from authz_server.core.auth import AuthConfig, JwtAuth, MtlsAuth, OidcAuth, PreviousSecret, PreviousToken, RequiredClaim
from authz_server.core.profile import Profile
from authz_server.core.secret import Secret
from authz_server.managing.credential_state import State
from authz_server.managing.errors import IdTaken, NameTaken
from authz_server.managing.ports import Database, ProfileFilter
from authz_server.managing.records import ClientRecord, Credential, Position, ProfileRecord
from tests.support.profiles import hmac_auth, token_auth
from tests.support.records import NOW, a_client_record, a_profile_record, an_event, at_version

HOUR = 3_600.0


def put(database: Database, *records: ClientRecord | ProfileRecord) -> None:
    with database.edit() as unit:
        for record in records:
            if isinstance(record, ClientRecord):
                unit.clients.add(record)
            else:
                unit.profiles.add((record,))


def stored(database: Database, profile_id: str = "pr_1") -> ProfileRecord:
    with database.read() as unit:
        record = unit.profiles.get(profile_id)
    assert record is not None
    return record


def plain(profile: Profile) -> Profile:
    """Without what is compared by identity."""
    auth = profile.auth
    if not isinstance(auth, JwtAuth):
        return profile
    previous = auth.previous and replace(auth.previous, secret=REVEALED)
    return replace(profile, auth=replace(auth, secret=auth.secret and REVEALED, previous=previous))


REVEALED = Secret("revealed")


def test_what_an_edit_has_written_is_there_when_its_block_ends(database: Database) -> None:
    put(database, a_client_record("cl_1", name="Ünïcode <b>'\"🙂 שלום", description="two\nlines", labels={"a": "1"}))
    with database.read() as unit:
        assert unit.clients.get("cl_1") == a_client_record(
            "cl_1", name="Ünïcode <b>'\"🙂 שלום", description="two\nlines", labels={"a": "1"}
        )
        assert unit.clients.get("cl_2") is None
        assert unit.clients.get("CL_1") is None


def test_nothing_of_an_edit_that_raises_is_there(database: Database) -> None:
    put(database, a_client_record(), a_profile_record())

    def broken_off() -> None:
        with database.edit() as unit:
            unit.clients.save(a_client_record(name="other"))
            unit.profiles.delete(("pr_1",))
            unit.publication.take_sequences(5)
            unit.outbox.append((an_event(1),))
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        broken_off()
    with database.read() as unit:
        assert unit.clients.get("cl_acme") == a_client_record()
        assert unit.publication.get().sequence == 0
        assert unit.outbox.pending(10) == ()
    assert stored(database) == a_profile_record()


def test_a_refusal_within_an_edit_leaves_it_as_it_is(database: Database) -> None:
    put(database, a_client_record())
    with pytest.raises(NameTaken), database.edit() as unit:
        unit.clients.add(a_client_record("cl_2", name="name of cl_acme"))
    for name in ("other", "name of cl_acme"):
        with pytest.raises(IdTaken), database.edit() as unit:
            unit.clients.add(a_client_record("cl_acme", name=name))


def test_an_edit_sees_what_it_has_written(database: Database) -> None:
    with database.edit() as unit:
        unit.clients.add(a_client_record())
        unit.profiles.add((a_profile_record(),))
        assert unit.profiles.count_of_client("cl_acme") == 1
        assert unit.profiles.lock("pr_1") is not None
        assert unit.clients.lock("cl_acme") is not None
        assert unit.clients.lock("cl_none") is None
        assert unit.profiles.lock("pr_none") is None


PREVIOUS = PreviousToken(token_sha256=b"p" * 32, until=NOW + 0.125, expires_at=NOW + 1)
CLAIMS = (RequiredClaim(path=("roles", "a.b"), allowed=("admin", 1, True, 1.5)),)
AUTHS: dict[str, AuthConfig] = {
    "token": token_auth(expires_at=NOW + 0.001, forward_authorization=True, previous=PREVIOUS),
    "token in its header": token_auth(header="x-api-key"),
    "hmac": hmac_auth(
        previous=PreviousSecret(credential_id="cr_0", secret=Secret("o" * 40), until=NOW, expires_at=None)
    ),
    "oidc": OidcAuth(issuer="https://issuer.example", audience=("a",), jwks='{"keys":[]}', required_claims=CLAIMS),
    "mtls": MtlsAuth(fingerprints_sha256=("ab" * 32,), ca_bundle="-----BEGIN CERTIFICATE-----\n"),
}


@pytest.mark.parametrize("auth", AUTHS.values(), ids=AUTHS.keys())
def test_a_profile_is_read_as_it_was_written(database: Database, auth: AuthConfig) -> None:
    record = a_profile_record(
        auth=auth,
        active=False,
        allowed_methods=("GET", "POST"),
        allowed_ips=AllowList.of(("10.0.0.0/8", "2001:db8::/32")),
        allowed_routes=("orders", "%_"),
        labels={"team": "é", "a": ""},
        version=7,
        updated_at=NOW + 0.123,
    )
    put(database, a_client_record(), record)
    read = stored(database)
    assert plain(read.profile) == plain(record.profile)
    assert replace(read, profile=record.profile) == record
    assert read.profile.allowed_ips.admits("10.1.2.3")


def test_secrets_are_read_as_they_were_written(database: Database) -> None:
    kept = Credential(id="cr_1", created_at=NOW, issued=True, token=Secret("azt_kept"))
    put(
        database,
        a_client_record(),
        a_profile_record("pr_1", auth=AUTHS["hmac"]),
        a_profile_record("pr_2", auth=token_auth(), credential=kept),
    )
    auth, credential = stored(database, "pr_1").profile.auth, stored(database, "pr_2").credential
    assert isinstance(auth, JwtAuth)
    assert auth.secret is not None
    assert auth.previous is not None
    assert (auth.secret.reveal(), auth.credential_id) == ("s" * 40, "cr_1")
    assert (auth.previous.secret.reveal(), auth.previous.credential_id) == ("o" * 40, "cr_0")
    assert credential is not None
    assert credential.token is not None
    assert credential.token.reveal() == "azt_kept"


def test_a_profile_has_its_client_as_that_is_now(database: Database) -> None:
    put(database, a_client_record(), a_profile_record())
    with database.edit() as unit:
        unit.clients.save(a_client_record(active=False, version=2))
    assert not stored(database).profile.client.active
    assert stored(database).version == 1


def test_save_replaces_a_profile(database: Database) -> None:
    put(database, a_client_record(), a_profile_record(auth=token_auth()), a_profile_record("pr_2"))
    with database.edit() as unit:
        unit.profiles.save((a_profile_record(name="new", version=3, credential=None),))
    assert stored(database) == a_profile_record(name="new", version=3, credential=None)
    assert stored(database, "pr_2") == a_profile_record("pr_2")


def test_names_are_unique_within_a_client_and_ids_overall(database: Database) -> None:
    put(database, a_client_record("cl_1"), a_client_record("cl_2"), a_profile_record("pr_1", "cl_1", name="same"))
    put(database, a_profile_record("pr_2", "cl_2", name="same"), a_profile_record("pr_3", "cl_1", name="SAME"))
    with pytest.raises(NameTaken), database.edit() as unit:
        unit.profiles.add((a_profile_record("pr_4", "cl_1", name="same"),))
    with pytest.raises(NameTaken), database.edit() as unit:
        unit.profiles.save((a_profile_record("pr_3", "cl_1", name="same"),))
    for client_id, name in (("cl_2", "other"), ("cl_1", "same")):
        with pytest.raises(IdTaken), database.edit() as unit:
            unit.profiles.add((a_profile_record("pr_1", client_id, name=name),))


def test_the_profiles_of_a_client_come_by_their_ids(database: Database) -> None:
    put(database, a_client_record("cl_1"), a_client_record("cl_2"), a_profile_record("pr_x", "cl_2"))
    put(database, *(a_profile_record(each, "cl_1") for each in ("pr_b", "pr_B", "pr_a", "pr_~", "pr_1")))
    with database.edit() as unit:
        ids = [record.profile.id for record in unit.profiles.lock_of_client("cl_1")]
        assert ids == ["pr_1", "pr_B", "pr_a", "pr_b", "pr_~"]
        assert unit.profiles.count_of_client("cl_1") == 5
        assert set(unit.profiles.find(("pr_a", "pr_x", "pr_none"))) == {"pr_a", "pr_x"}
        unit.profiles.delete(("pr_a", "pr_b"))
        assert unit.profiles.count_of_client("cl_1") == 3
        assert unit.profiles.lock_of_client("cl_none") == ()


def test_all_of_them_can_be_walked_over(database: Database) -> None:
    ids = [f"pr_{number:02}" for number in range(7)]
    put(database, a_client_record(), *(a_profile_record(each) for each in reversed(ids)))
    walked, after = [], ""
    with database.read() as unit:
        while records := unit.profiles.batch(after, 3):
            walked += [record.profile.id for record in records]
            after = walked[-1]
        assert [record.client.id for record in unit.clients.batch("", 5)] == ["cl_acme"]
        assert unit.clients.batch("cl_acme", 5) == ()
    assert walked == ids


def test_lists_are_paged_newest_first_then_by_id(database: Database) -> None:
    times = {"cl_a": 1.0, "cl_c": 2.0, "cl_b": 2.0, "cl_B": 2.0, "cl_d": 3.5}
    put(database, *(a_client_record(each, created_at=NOW + at) for each, at in times.items()))
    seen, after = [], None
    with database.read() as unit:
        while True:
            page = unit.clients.page(q=None, after=after, limit=2)
            seen += [record.client.id for record in page.items]
            after = page.next
            if after is None:
                break
        assert unit.clients.page(q=None, after=None, limit=5).next is None
        assert unit.clients.page(q=None, after=None, limit=4).next == Position(NOW + 2.0, "cl_c")
    assert seen == ["cl_d", "cl_B", "cl_b", "cl_c", "cl_a"]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        *(("ACME", {"cl_acme"}), ("50%", {"cl_x"}), ("%", {"cl_x"}), ("_", {"cl_acme", "cl_x"}), ("éCOLE", {"cl_x"})),
        *(("\\", set()), ("'", set()), ("cl_x", {"cl_x"}), ("nowhere", set())),
    ],
)
def test_clients_are_searched_in_id_name_and_description_whatever_the_case(
    database: Database, q: str, found: set[str]
) -> None:
    put(database, a_client_record("cl_acme", name="Acme mobile"))
    put(database, a_client_record("cl_x", name="École", description="50% off"))
    with database.read() as unit:
        page = unit.clients.page(q=q, after=None, limit=10)
    assert {record.client.id for record in page.items} == found


def test_profiles_are_filtered(database: Database) -> None:
    put(database, a_client_record("cl_1"), a_client_record("cl_2"))
    put(
        database,
        a_profile_record("pr_ever", "cl_1", auth=token_auth()),
        a_profile_record("pr_valid", "cl_1", auth=token_auth(expires_at=NOW + 24 * HOUR + 1)),
        a_profile_record("pr_soon", "cl_1", auth=token_auth(expires_at=NOW + 24 * HOUR)),
        a_profile_record("pr_ended", "cl_1", auth=hmac_auth(expires_at=NOW)),
        a_profile_record("pr_open", "cl_2", active=False),
    )

    def ids(wanted: ProfileFilter) -> set[str]:
        with database.read() as unit:
            page = unit.profiles.page(wanted._replace(now=NOW), after=None, limit=10)
        return {record.profile.id for record in page.items}

    assert ids(ProfileFilter(state=State.VALID)) == {"pr_ever", "pr_valid"}
    assert ids(ProfileFilter(state=State.EXPIRING_SOON)) == {"pr_soon"}
    assert ids(ProfileFilter(state=State.EXPIRED)) == {"pr_ended"}
    assert ids(ProfileFilter(state=State.NONE)) == {"pr_open"}
    assert ids(ProfileFilter(active=False)) == {"pr_open"}
    assert ids(ProfileFilter(client_id="cl_1", active=True, q="EV")) == {"pr_ever"}
    assert ids(ProfileFilter(client_id="cl_2", active=True)) == set()


def test_sequences_follow_one_another_in_the_order_of_commits(database: Database) -> None:
    taken: list[range] = []

    def edit() -> None:
        for _ in range(5):
            with database.edit() as unit:
                sequences = unit.publication.take_sequences(3)
                taken.append(sequences)  # under the row's lock: in the order of the commits

    threads = [threading.Thread(target=edit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each for sequences in taken for each in sequences] == list(range(1, 61))
    with database.edit() as unit:
        assert list(unit.publication.take_sequences(0)) == []
        assert unit.publication.get().sequence == 60


def test_an_epoch_is_announced(database: Database) -> None:
    with database.edit() as unit:
        unit.publication.take_sequences(4)
        before = unit.publication.get()
        assert (before.epoch, before.pruned_through) == ("", 0)
        assert before.database_id
        assert unit.publication.announce("e" * 32) == replace(before, epoch="e" * 32)
    with database.read() as unit:
        assert unit.publication.get() == replace(before, epoch="e" * 32)


def test_a_profile_moves_to_a_later_version(database: Database) -> None:
    put(database, a_client_record(), a_profile_record())
    with database.edit() as unit:
        record = unit.profiles.lock("pr_1")
        assert record is not None
        unit.profiles.save((at_version(record, 9),))
    assert stored(database).version == 9
