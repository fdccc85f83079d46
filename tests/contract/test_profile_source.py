"""What every ProfileSource does, whatever it reads from."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from authz_server.cache.connection import RedisAddress, connect
from authz_server.cache.file_source import FileProfileSource
from authz_server.cache.redis_source import RedisProfileSource
from authz_server.checking.ports import LoadedProfile, ProfileSource
from authz_server.core.allow_list import AllowList
from authz_server.core.auth import AuthConfig, JwtAuth, MtlsAuth, NoAuth, OidcAuth, PreviousToken, RequiredClaim
from authz_server.core.profile import Profile
from authz_server.documents.shapes import exported
from authz_server.documents.yaml_text import write_yaml
from authz_server.sealing.keys import SecretKeys
from authz_server.sealing.seal import Seal
from tests.support.profiles import a_client, a_profile, hmac_auth, token_auth
from tests.support.redis_records import KEYS, Records, connected, valkey
from tests.support.signing import es256_key, key_set, public_pem, rs256_key

SEAL = Seal.of_documents(SecretKeys((b"k" * 32,)))


class Stored(Protocol):
    """A source, and a way to put profiles where it reads."""

    @property
    def source(self) -> ProfileSource:
        """What is under test."""

    async def put(self, *profiles: Profile) -> None:
        """These profiles, and no others, are there now."""

    async def close(self) -> None:
        """Give back what it holds."""


class InMemory:
    """The fake: a ProfileSource that is a dictionary."""

    def __init__(self) -> None:
        self.source: ProfileSource = self
        self._profiles: dict[str, LoadedProfile] = {}

    def find(self, profile_id: str) -> LoadedProfile | None:
        return self._profiles.get(profile_id)

    async def put(self, *profiles: Profile) -> None:
        self._profiles = {profile.id: LoadedProfile.of(profile) for profile in profiles}

    async def close(self) -> None:
        pass


class InFile:
    """A declarative file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._started = False
        self.source = FileProfileSource(path, resolve_env=lambda _: None, open_sealed=SEAL.open, poll_seconds=3_600.0)

    async def put(self, *profiles: Profile) -> None:
        clients = {profile.client.id: profile.client for profile in profiles}
        self._path.write_text(write_yaml(exported(clients.values(), profiles, SEAL.seal)))
        if self._started:
            await self.source.look()
            await self.source.look()
        else:
            self._started = True
            await self.source.start()

    async def close(self) -> None:
        await self.source.close()


class InRedis:
    """A real Valkey."""

    def __init__(self, address: RedisAddress) -> None:
        self._client = connected(address)
        self._records = Records(self._client)
        self.source = RedisProfileSource(connect(address), record_keys=KEYS, timeout=5.0)

    async def put(self, *profiles: Profile) -> None:
        self._records.publish(*profiles, prune=True)

    async def close(self) -> None:
        await self.source.close()
        self._client.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisAddress]:
    with valkey(tmp_path_factory.mktemp("valkey")) as address:
        yield address


@pytest.fixture(params=["memory", "file", "redis"])
async def stored(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stored]:
    stored: Stored
    match request.param:
        case "memory":
            stored = InMemory()
        case "file":
            stored = InFile(tmp_path / "profiles.yaml")
        case _:
            stored = InRedis(request.getfixturevalue("address"))
    yield stored
    await stored.close()


async def find(stored: Stored, profile_id: str) -> Profile | None:
    found = stored.source.find(profile_id)
    if found is not None and not isinstance(found, LoadedProfile):
        found = await found
    return None if found is None else found.profile


CLAIMS = (RequiredClaim(path=("roles",), allowed=("admin", 1, True)),)
AUTHS: dict[str, AuthConfig] = {
    "none": NoAuth(),
    "token": token_auth(
        header="x-api-key",
        expires_at=4e9,
        forward_authorization=True,
        previous=PreviousToken(token_sha256=b"p" * 32, until=1.5e9, expires_at=1.6e9),
    ),
    "jwt": JwtAuth(
        algorithm="ES256",
        public_key=public_pem(es256_key()),
        issuer="https://issuer.example",
        audience=("orders",),
        subject="app",
        required_claims=CLAIMS,
        leeway_seconds=5,
        max_lifetime_seconds=600,
    ),
    "mtls": MtlsAuth(fingerprints_sha256=("ab" * 32,), any_verified=False),
}


@pytest.mark.parametrize("auth", AUTHS.values(), ids=AUTHS.keys())
async def test_a_profile_is_found_as_it_was_put_there(stored: Stored, auth: AuthConfig) -> None:
    profile = a_profile(
        client=a_client(description="d", labels={"team": "a"}),
        allowed_methods=("GET", "POST"),
        allowed_ips=AllowList.of(["10.0.0.0/8", "2001:db8::/32"]),
        allowed_routes=("orders",),
        labels={"tier": "gold"},
        auth=auth,
    )
    await stored.put(profile)
    found = await find(stored, profile.id)
    assert found is not None
    assert (found.client, found.name, found.active) == (profile.client, profile.name, True)
    assert (found.allowed_methods, found.allowed_routes) == (profile.allowed_methods, profile.allowed_routes)
    assert (found.allowed_ips, found.labels, found.auth) == (profile.allowed_ips, profile.labels, profile.auth)


async def test_an_hmac_secret_is_found_in_the_clear(stored: Stored) -> None:
    await stored.put(a_profile("pr_1", auth=hmac_auth("the-secret-of-this-profile-is-long-enough")))
    found = await find(stored, "pr_1")
    assert found is not None
    assert isinstance(found.auth, JwtAuth)
    assert found.auth.secret is not None
    assert found.auth.secret.reveal() == "the-secret-of-this-profile-is-long-enough"


async def test_an_oidc_profile_is_found(stored: Stored) -> None:
    keys = key_set(rs256_key(), "key-1")
    auth = OidcAuth(issuer="https://issuer.example", audience=("a",), jwks=json.dumps(keys), required_scopes=("read",))
    await stored.put(a_profile("pr_1", auth=auth))
    found = await find(stored, "pr_1")
    assert found is not None
    assert isinstance(found.auth, OidcAuth)
    assert json.loads(found.auth.jwks or "") == keys
    assert replace(found.auth, jwks=None) == replace(auth, jwks=None)


@pytest.mark.parametrize("other", ["pr_2", "PR_1", "pr_1 ", "", "pr_", "*", "pr_1\0"])
async def test_no_other_id_finds_it(stored: Stored, other: str) -> None:
    await stored.put(a_profile("pr_1"))
    assert await find(stored, other) is None


async def test_nothing_is_found_where_there_is_nothing(stored: Stored) -> None:
    await stored.put()
    assert await find(stored, "pr_1") is None


async def test_a_change_is_found(stored: Stored) -> None:
    await stored.put(a_profile("pr_1"), a_profile("pr_2"))
    assert await find(stored, "pr_1") is not None
    await stored.put(a_profile("pr_1", active=False), a_profile("pr_2"))
    found = await find(stored, "pr_1")
    assert found is not None
    assert not found.active


async def test_a_client_that_is_switched_off_is_off_in_each_of_its_profiles(stored: Stored) -> None:
    profiles = ("pr_1", "pr_2")
    await stored.put(*(a_profile(each) for each in profiles))
    await stored.put(*(a_profile(each, client=a_client(active=False)) for each in profiles))
    for each in profiles:
        found = await find(stored, each)
        assert found is not None
        assert not found.client.active


async def test_what_was_removed_is_not_found_and_what_comes_back_is(stored: Stored) -> None:
    await stored.put(a_profile("pr_1"), a_profile("pr_2"))
    await stored.put(a_profile("pr_2"))
    assert await find(stored, "pr_1") is None
    await stored.put(a_profile("pr_1"), a_profile("pr_2"))
    assert await find(stored, "pr_1") is not None


async def test_an_unchanged_profile_is_compiled_once(stored: Stored) -> None:
    await stored.put(a_profile("pr_1"))
    first, second = await find(stored, "pr_1"), await find(stored, "pr_1")
    assert first is not None
    assert first is second
