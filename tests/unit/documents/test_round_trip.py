"""What is written can be read back; what is shown hides every secret."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from authz_server.checking.ports import LoadedProfile
from authz_server.core.auth import AuthConfig, JwtAuth
from authz_server.core.profile import Profile, Version
from authz_server.documents.document import Document
from authz_server.documents.shapes import exported, shown_profile
from authz_server.documents.tree import read_tree
from authz_server.documents.yaml_text import write_yaml
from tests.unit.documents.builders import (
    DIGEST,
    HMAC_SECRET,
    JWT,
    OTHER_DIGEST,
    TOKEN,
    oidc,
    read,
    read_profile,
    seal,
)
from tests.unit.documents.strategies import documents, plain_values, profiles

many = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
SEALED = f"sealed|pr_1|c1|{HMAC_SECRET}"


def comparable(document: Document) -> Any:
    """Everything that counts; secrets compare by identity otherwise."""
    return document.clients, [
        (replace(each, auth=read_profile().auth), _revealed(each.auth)) for each in document.profiles
    ]


def _revealed(auth: AuthConfig) -> Any:
    if not isinstance(auth, JwtAuth):
        return auth
    before = auth.previous
    secrets = (auth.secret and auth.secret.reveal(), before and before.secret.reveal())
    return replace(auth, secret=None, previous=None), secrets, before and (before.until, before.expires_at)


@many
@given(documents())
def test_an_exported_document_reads_back_as_the_same(document: dict[str, Any]) -> None:
    first = read(document)
    shape = exported(first.clients, first.profiles, seal)
    for write in (json.dumps, write_yaml):
        assert comparable(read(write(shape))) == comparable(first)


@many
@given(profiles())
def test_every_profile_that_is_accepted_can_be_enforced(profile: dict[str, Any]) -> None:
    LoadedProfile.of(read({"clients": [{"id": "c", "name": "c", "profiles": [profile]}]}).profiles[0])


@given(plain_values)
def test_yaml_is_written_so_that_it_means_the_same(value: Any) -> None:
    text = write_yaml({"value": value})
    assert json.dumps(read_tree(text.encode()).root) == json.dumps({"value": value})


def test_yaml_is_written_for_people() -> None:
    shape: dict[str, Any] = {
        "methods": ["GET", "on"],
        "empty": {},
        "none": None,
        "pem": "-----BEGIN X-----\nab\n",
        "big": 1e30,
        "t": "12:30",
    }
    assert write_yaml(shape) == (
        'methods: [GET, "on"]\nempty: {}\nnone: null\npem: |\n  -----BEGIN X-----\n  ab\nbig: 1.0e+30\nt: "12:30"\n'
    )


def shown(auth: dict[str, Any]) -> dict[str, Any]:
    """A profile with `auth` as it is shown."""
    return shown_profile(replace(read_profile(auth=auth), version=Version("e", 7)))


def test_a_profile_is_shown_with_every_field_in_its_order_and_its_version() -> None:
    assert list(shown(TOKEN).items()) == [
        ("id", "pr_1"),
        ("client_id", "cl_1"),
        ("name", "profile 1"),
        ("active", True),
        ("allowed_methods", []),
        ("allowed_ips", []),
        ("allowed_routes", []),
        ("labels", {}),
        (
            "auth",
            {
                "type": "token",
                "token_sha256": "********",
                "header": None,
                "expires_at": None,
                "forward_authorization": False,
                "previous": None,
            },
        ),
        ("version", 7),
    ]


@pytest.mark.parametrize(
    ("auth", "hidden"),
    [
        (
            {**TOKEN, "previous": {"token_sha256": OTHER_DIGEST, "until": "2027-01-01T00:00:00Z"}},
            [DIGEST, OTHER_DIGEST],
        ),
        ({**JWT, "previous": {"secret_sealed": SEALED, "until": "2027-01-01T00:00:00Z"}}, [HMAC_SECRET]),
    ],
)
def test_a_profile_is_shown_without_its_secrets(auth: dict[str, Any], hidden: list[str]) -> None:
    text = json.dumps(shown(auth))
    assert text.count("********") == 2
    assert not [secret for secret in hidden if secret in text]


def test_times_are_shown_in_utc() -> None:
    auth = shown({**TOKEN, "expires_at": "2027-01-01T01:00:00.25+01:00"})["auth"]
    assert auth["expires_at"] == "2027-01-01T00:00:00.250000Z"


def test_the_last_moment_that_can_be_written_reads_back_as_the_same() -> None:
    first = read_profile(auth={**TOKEN, "expires_at": "9999-12-31T23:59:59.999999Z"})
    (profile,) = exported([first.client], [first], seal)["clients"][0]["profiles"]
    assert read_profile(auth=profile["auth"]).auth == first.auth


@pytest.mark.parametrize(
    "written", [oidc(), {"type": "mtls", "any_verified": True}, {"type": "none"}], ids=["oidc", "mtls", "none"]
)
def test_what_holds_no_secret_is_shown_whole(written: dict[str, Any]) -> None:
    auth = shown(written)["auth"]
    for name, value in written.items():
        assert auth[name] == (json.loads(value) if name == "jwks" else value)


def test_a_profile_of_a_strange_client_is_not_exported_in_silence() -> None:
    profile: Profile = read_profile()
    with pytest.raises(KeyError):
        exported((), [profile], seal)
